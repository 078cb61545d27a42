#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "record/vault/blob_store.h"
#include "record/vault/ids.h"

namespace gatehouse::record::vault {

// Why payloads may be missing, as the record says: each entry explains only what stands before it in the log.
class Explanations {
 public:
  void AddErasure(const KeyId& key, std::uint64_t index);
  // Of everything in the class from before the day.
  void AddExpiry(const std::string& retention_class, Day before, std::uint64_t index);

  bool CoversErasure(const BlobAddress& address, std::uint64_t index) const;
  bool CoversExpiry(const BlobAddress& address, std::uint64_t index) const;

 private:
  struct Expiry {
    Day before;
    std::uint64_t index;
  };
  std::unordered_map<KeyId, std::uint64_t, IdHash> erasures_;         // with the last entry that says so
  std::map<std::string, std::vector<Expiry>, std::less<>> expiries_;  // without those that a later one contains
};

// What became of a payload that an entry of the record speaks of.
enum class Condition : std::uint8_t {
  kWhole,      // it is there, byte for byte
  kErased,     // it is not, and a later entry says that its subject was erased
  kExpired,    // it is not, and a later entry says that its time had come
  kLingering,  // its subject was erased, and it is still there: the erasure is not finished
  kMissing,    // it is not there, and nothing says why
  kSwapped,    // there is another blob in its place
  kChanged,    // there is one of the right name with other bytes
  kNoKey,      // it is whole, and its key is gone without an erasure
};
inline constexpr std::size_t kConditions = 8;
std::string_view ToString(Condition condition);
// Whether somebody has to answer for it.
bool IsLoss(Condition condition);

// Compares a vault with its record, entry by entry. Keeps counts only; one thread.
class VaultCheck {
 public:
  using HasKey = std::function<bool(const KeyId&)>;
  // `has_key` may be empty: an auditor without the table of keys sees everything but kNoKey. All outlive the check.
  VaultCheck(const BlobStore& blobs, const Explanations& explanations, HasKey has_key)
      : blobs_(&blobs), explanations_(&explanations), has_key_(std::move(has_key)) {}

  // A payload that the entry `index` speaks of. Errors are those of the disk.
  struct Reference {
    BlobAddress address;
    codec::crypto::Digest blob;
    std::uint64_t index = 0;
  };
  base::Result<Condition> Look(const Reference& reference);

  std::uint64_t count(Condition condition) const { return counts_.at(static_cast<std::size_t>(condition)); }

 private:
  base::Result<Condition> ConditionOf(const Reference& reference) const;
  Condition WhyMissing(const Reference& reference) const;

  const BlobStore* blobs_;
  const Explanations* explanations_;
  HasKey has_key_;
  std::array<std::uint64_t, kConditions> counts_{};
};

}  // namespace gatehouse::record::vault
