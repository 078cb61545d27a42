#include "record/vault/vault_check.h"

#include <algorithm>

#include "codec/crypto/hash.h"

namespace gatehouse::record::vault {

void Explanations::AddErasure(const KeyId& key, std::uint64_t index) {
  std::uint64_t& last = erasures_[key];
  last = std::max(last, index);
}

void Explanations::AddExpiry(const std::string& retention_class, Day before, std::uint64_t index) {
  std::vector<Expiry>& expiries = expiries_[retention_class];
  const auto contains = [](const Expiry& a, const Expiry& b) { return a.before >= b.before && a.index >= b.index; };
  const Expiry added = {.before = before, .index = index};
  if (std::ranges::any_of(expiries, [&](const Expiry& one) { return contains(one, added); })) return;
  std::erase_if(expiries, [&](const Expiry& one) { return contains(added, one); });
  expiries.push_back(added);
}

bool Explanations::CoversErasure(const BlobAddress& address, std::uint64_t index) const {
  const auto found = erasures_.find(address.key);
  return found != erasures_.end() && found->second > index;
}

bool Explanations::CoversExpiry(const BlobAddress& address, std::uint64_t index) const {
  const auto found = expiries_.find(address.retention_class);
  if (found == expiries_.end()) return false;
  const Day day = DayOf(address.record);
  return std::ranges::any_of(found->second, [&](const Expiry& one) { return one.index > index && day < one.before; });
}

std::string_view ToString(Condition condition) {
  constexpr std::array<std::string_view, kConditions> kNames = {"whole",   "erased",  "expired", "lingering",
                                                                "missing", "swapped", "changed", "no_key"};
  return kNames.at(static_cast<std::size_t>(condition));
}

bool IsLoss(Condition condition) { return condition >= Condition::kMissing; }

Condition VaultCheck::WhyMissing(const Reference& reference) const {
  if (explanations_->CoversErasure(reference.address, reference.index)) return Condition::kErased;
  if (explanations_->CoversExpiry(reference.address, reference.index)) return Condition::kExpired;
  return Condition::kMissing;
}

base::Result<Condition> VaultCheck::ConditionOf(const Reference& reference) const {
  const auto blob = blobs_->Get(reference.address);
  if (!blob.ok() && blob.error().code == base::ErrorCode::kNotFound) return WhyMissing(reference);
  if (!blob.ok() && blob.error().code == base::ErrorCode::kTooLarge) return Condition::kChanged;
  if (!blob.ok()) return blob.error();
  if (codec::crypto::Sha256(blob.value()) != reference.blob) {
    const auto header = ParseBlobHeader(blob.value());
    const bool is_other = header.ok() && (header.value().record != reference.address.record ||
                                          header.value().key != reference.address.key);
    return is_other ? Condition::kSwapped : Condition::kChanged;
  }
  if (explanations_->CoversErasure(reference.address, reference.index)) return Condition::kLingering;
  return has_key_ && !has_key_(reference.address.key) ? Condition::kNoKey : Condition::kWhole;
}

base::Result<Condition> VaultCheck::Look(const Reference& reference) {
  GH_TRY(const Condition condition, ConditionOf(reference));
  ++counts_.at(static_cast<std::size_t>(condition));
  return condition;
}

}  // namespace gatehouse::record::vault
