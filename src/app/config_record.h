#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/config/node.h"
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
  bool operator==(const RecordConfig&) const = default;
};

// Problems are noted on the tree.
RecordConfig ReadRecord(const codec::config::Node& node);

// What entries call a configuration: the beginning of the SHA-256 of its text.
std::string RevisionOf(std::string_view text);

}  // namespace gatehouse::app
