#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"

namespace gatehouse::record::log {

// Something that happened to the log itself and that it remembers.
struct LogEvent {
  enum class Kind : std::uint8_t {
    kCreated,     // with the key `new_key`
    kRepaired,    // at start-up: `dropped_bytes` behind the last entry that is whole were never acknowledged
    kKeyRotated,  // from `old_key` to `new_key`
    kRecovered,   // the disk failed from `failed_from` to `at`; `detail` says how
  } kind = Kind::kCreated;
  base::WallTime at{};
  std::string origin;
  std::uint64_t size = 0;  // of the log before this entry
  std::uint64_t dropped_bytes = 0;
  std::string old_key;  // as text
  std::string new_key;
  base::WallTime failed_from{};
  std::string detail;
};

// The entry that says so: 1 to 65,535 bytes. Called on the writer's thread.
using EventText = std::function<std::string(const LogEvent&)>;

// One line of JSON: {"v":1,"t":"log.repaired","ts":<microseconds>,...}; docs/formats/record-log.md has the members.
std::string DefaultEventText(const LogEvent& event);

}  // namespace gatehouse::record::log
