#include "codec/config/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <vector>

namespace gatehouse::codec::config {
namespace {

template <class Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array kTimeUnits = {
    Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000},
    Unit{"s", 1'000'000'000},      Unit{"ms", 1'000'000},        Unit{"us", 1'000},
};

constexpr std::array kByteUnits = {
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"KB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"TB", 1'000'000'000'000},
    Unit{"KiB", std::uint64_t{1} << 10},
    Unit{"MiB", std::uint64_t{1} << 20},
    Unit{"GiB", std::uint64_t{1} << 30},
    Unit{"TiB", std::uint64_t{1} << 40},
};

// Cuts a number and its unit off `text`; nothing when there is none, or the product exceeds `max`.
std::optional<std::uint64_t> TakeQuantity(std::string_view& text, std::span<const Unit> units, std::uint64_t max) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = ParseWhole<std::uint64_t>(text.substr(0, digits));
  if (!number) return std::nullopt;
  text.remove_prefix(digits);
  const auto letters = std::min(text.find_first_of("0123456789"), text.size());
  const auto unit = std::ranges::find(units, text.substr(0, letters), &Unit::name);
  if (unit == units.end() || *number > max / unit->size) return std::nullopt;
  text.remove_prefix(letters);
  return *number * unit->size;
}

// Edits (insert, delete, replace, swap neighbours) that make one word of the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replace, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::int64_t> ParseDuration(std::string_view text) {
  if (text == "0") return 0;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t total = 0;
  do {
    const auto part = TakeQuantity(text, kTimeUnits, kMax - total);
    if (!part) return std::nullopt;
    total += *part;
  } while (!text.empty());
  return static_cast<std::int64_t>(total);
}

std::string FormatDuration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  std::string text;
  auto rest = static_cast<std::uint64_t>(nanoseconds);
  for (const auto& unit : kTimeUnits) {
    if (rest >= unit.size) text.append(std::to_string(rest / unit.size)).append(unit.name);
    rest %= unit.size;
  }
  return text;
}

std::optional<std::uint64_t> ParseBytes(std::string_view text) {
  const auto bytes = TakeQuantity(text, kByteUnits, std::numeric_limits<std::uint64_t>::max());
  return text.empty() ? bytes : std::nullopt;
}

std::optional<std::int64_t> ParseInteger(std::string_view text) { return ParseWhole<std::int64_t>(text); }

std::optional<double> ParseNumber(std::string_view text) {
  const auto number = ParseWhole<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::string_view Closest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 64;
  std::string_view closest;
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() > kLongest) return {};
  for (const auto candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t distance = EditDistance(word, candidate);
    if (distance < best && distance < candidate.size()) {
      best = distance;
      closest = candidate;
    }
  }
  return closest;
}

}  // namespace gatehouse::codec::config
