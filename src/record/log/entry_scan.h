#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "record/log/verification.h"
#include "record/tlog/hash.h"
#include "record/tlog/note.h"

// What a verification learns of the entries of one bundle.
namespace gatehouse::record::log {

// The hashes of a bundle's entries as they are, as far as it can be read, and as the tile beside it has them.
struct BundleHashes {
  std::uint64_t first = 0;  // index of the first entry
  std::vector<tlog::Hash> found;
  std::vector<tlog::Hash> stored;  // empty where the tile is missing
};
// The first entry that is not what the tile says, and what became of it; nullopt where all are.
std::optional<Fault> FindFault(const BundleHashes& hashes);

// Follows the times of entries ("ts", microseconds) and tells where they go back, unless an entry about the clock
// follows soon.
class TimeOrder {
 public:
  explicit TimeOrder(std::uint64_t tolerance_seconds);
  std::optional<Fault> Look(std::uint64_t index, std::string_view entry);
  // What is still open at the end of the log.
  std::optional<Fault> Finish();

 private:
  const std::uint64_t tolerance_;
  std::uint64_t latest_ = 0;
  std::optional<Fault> open_;
};

// Follows the numbers of entries ("seq"), which rise by one within a process, and tells which are missing. Entries of
// several threads may stand a little out of their order.
class SequenceOrder {
 public:
  // What became sure with this entry.
  std::vector<Gap> Look(std::uint64_t index, std::string_view entry);
  std::vector<Gap> Finish();

 private:
  void Close(std::uint64_t index, std::vector<Gap>& gaps);
  void Skip(std::uint64_t index, std::vector<Gap>& gaps);

  std::uint64_t next_ = 1;
  std::set<std::uint64_t> ahead_;  // seen, above next_
  std::uint64_t last_index_ = 0;
};

// Follows the heartbeats of a gateway ("every_ms" says how soon the next one is due) and tells where at least two of
// them are missing. A process that begins or ends, and a clock that is set, begin anew.
class HeartbeatOrder {
 public:
  std::optional<Gap> Look(std::uint64_t index, std::string_view entry);

 private:
  std::uint64_t last_us_ = 0;  // of the last heartbeat; 0: there was none yet
  std::uint64_t every_us_ = 0;
};

// The key that an entry says the log goes on with.
struct RotatedKey {
  std::uint64_t index = 0;
  std::string old_key;
  std::string new_key;
};
std::optional<RotatedKey> ReadRotation(std::uint64_t index, std::string_view entry);

}  // namespace gatehouse::record::log
