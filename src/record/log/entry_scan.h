#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

// Follows the times of entries ("ts", microseconds) and tells where they go back.
class TimeOrder {
 public:
  explicit TimeOrder(std::uint64_t tolerance_seconds);
  std::optional<Fault> Look(std::uint64_t index, std::string_view entry);

 private:
  const std::uint64_t tolerance_;
  std::uint64_t latest_ = 0;
};

// The key that an entry says the log goes on with.
struct RotatedKey {
  std::uint64_t index = 0;
  std::string old_key;
  std::string new_key;
};
std::optional<RotatedKey> ReadRotation(std::uint64_t index, std::string_view entry);

}  // namespace gatehouse::record::log
