#include "llm/price/entry.h"

#include <ranges>

namespace gatehouse::llm::price {

bool Validity::Holds(base::WallTime when) const {
  if ((from && when < *from) || (until && when >= *until)) return false;
  if (!daily) return true;
  constexpr std::chrono::seconds kDay = std::chrono::hours(24);
  const auto since = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch());
  const auto second = static_cast<std::uint32_t>(((since % kDay) + kDay).count() % kDay.count());
  if (daily->begin <= daily->end) return second >= daily->begin && second < daily->end;
  return second >= daily->begin || second < daily->end;
}

const Price* Entry::At(base::WallTime when) const {
  for (const DatedPrice& dated : std::ranges::reverse_view(prices)) {
    if (dated.validity.Holds(when)) return &dated.price;
  }
  return nullptr;
}

}  // namespace gatehouse::llm::price
