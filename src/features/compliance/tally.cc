#include "features/compliance/tally.h"

#include <algorithm>
#include <tuple>

namespace gatehouse::features::compliance {

std::vector<std::pair<std::string, std::uint64_t>> Tally::Ranked(std::size_t most) const {
  std::vector<std::pair<std::string, std::uint64_t>> ranked(counts_.begin(), counts_.end());
  std::ranges::sort(
      ranked, [](const auto& a, const auto& b) { return std::tie(b.second, a.first) < std::tie(a.second, b.first); });
  if (ranked.size() > most) ranked.resize(most);
  return ranked;
}

// 0 to 3 have buckets of their own; above, four lie between a power of two and the next.
std::size_t Durations::BucketOf(std::uint64_t value) {
  if (value < 4) return static_cast<std::size_t>(value);
  const auto power = static_cast<std::size_t>(std::bit_width(value) - 1);
  const std::size_t quarter = value >> (power - 2) & 3U;
  return std::min(4 * (power - 1) + quarter, kBuckets - 1);
}

std::uint64_t Durations::EndOf(std::size_t bucket) {
  if (bucket < 4) return bucket;
  const std::size_t power = bucket / 4 + 1;
  return ((std::uint64_t{5} + bucket % 4) << (power - 2)) - 1;
}

std::uint64_t Durations::Percentile(unsigned percent) const {
  std::uint64_t rank = (count_ * percent + 99) / 100;
  for (std::size_t i = 0; i < kBuckets && count_ > 0; ++i) {
    if (buckets_.at(i) >= rank) return EndOf(i);
    rank -= buckets_.at(i);
  }
  return 0;
}

}  // namespace gatehouse::features::compliance
