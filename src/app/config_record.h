#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_witness.h"
#include "base/clock.h"
#include "codec/config/node.h"
#include "features/audit/archive.h"
#include "features/audit/record.h"

namespace gatehouse::app {

// The section `record`. Everything but `settings` is of the process: a change waits for a restart.
struct RecordConfig {
  enum class Keeping : std::uint8_t { kOff, kOn } keeping = Keeping::kOn;
  std::string folder;  // "": beside the database
  std::string origin;  // of the log; "": as it is there, or the host's name
  std::string node;    // in entries; "": the cluster's name for this gateway, or the host's
  features::audit::RecordSettings settings;
  base::Duration group_interval = std::chrono::milliseconds(5);
  base::Duration checkpoint_interval = std::chrono::seconds(1);
  base::Duration heartbeat = std::chrono::seconds(10);
  std::uint64_t max_queued_bytes = std::uint64_t{32} << 20U;
  std::size_t longest_payload = 0;  // 0: nothing of payloads is kept
  features::audit::ArchiveSettings archive;
  std::string vault;  // its folder; "": beside the database
  // Where a master key comes from: a file, a variable of the environment, or a command. At most one is given.
  struct KeySource {
    std::string file;
    std::string variable;
    std::vector<std::string> command;
    bool operator==(const KeySource&) const = default;
  };
  KeySource master_key;                         // none: a file beside the vault, made where there is no vault yet
  KeySource previous_key;                       // none: of a file, the one beside it with `.previous`, if it is there
  std::vector<WitnessConfig> witnesses;         // of this log
  std::optional<WitnessServiceConfig> witness;  // of other logs
  std::vector<UnknownWitnessKey> unknown_keys;  // of either, which are passed over
  bool operator==(const RecordConfig&) const = default;
};

// Problems are noted on the tree.
RecordConfig ReadRecord(const codec::config::Node& node);

// What entries call a configuration: the beginning of the SHA-256 of its text.
std::string RevisionOf(std::string_view text);

}  // namespace gatehouse::app
