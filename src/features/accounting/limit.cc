#include "features/accounting/limit.h"

#include <limits>

namespace gatehouse::features::accounting {

std::string_view ToString(Dimension dimension) {
  switch (dimension) {
    case Dimension::kUsd: return "usd";
    case Dimension::kTokens: return "tokens";
    case Dimension::kRequests: return "requests";
  }
  return "unknown";
}

std::int64_t CostOfTokens(std::int64_t tokens, std::int64_t per_million) {
  constexpr std::int64_t kMillion = 1'000'000;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(tokens, per_million, &product) && product <= kMost - kMillion) [[likely]] {
    return (product + kMillion - 1) / kMillion;
  }
  const __int128 cost = (static_cast<__int128>(tokens) * per_million + kMillion - 1) / kMillion;
  return cost > kMost ? kMost : static_cast<std::int64_t>(cost);
}

std::int64_t Amounts::Of(Dimension dimension) const {
  switch (dimension) {
    case Dimension::kUsd: return usd.value;
    case Dimension::kTokens: return tokens;
    case Dimension::kRequests: return requests;
  }
  return 0;
}

bool Fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return true;
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::string AmountText(Dimension dimension, std::int64_t amount) {
  if (dimension == Dimension::kUsd) return base::FormatUsd({amount}) + " USD";
  std::string text = std::to_string(amount) + (dimension == Dimension::kTokens ? " token" : " request");
  if (amount != 1) text.push_back('s');
  return text;
}

}  // namespace gatehouse::features::accounting
