#include "record/vault/legal_hold.h"

#include <algorithm>

namespace gatehouse::record::vault {

bool LegalHold::Covers(const BlobAddress& address) const {
  const Day day = DayOf(address.record);
  return (!key || *key == address.key) && (!retention_class || *retention_class == address.retention_class) &&
         day >= from && day < until;
}

bool IsHoldName(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, fits);
}

}  // namespace gatehouse::record::vault
