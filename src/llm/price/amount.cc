#include "llm/price/amount.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::llm::price {
namespace {

constexpr std::int64_t kNanoDigits = 9;
constexpr std::int64_t kMostUsd = 1'000'000'000;
constexpr std::int64_t kMost = kMostUsd * 1'000'000'000;
constexpr std::size_t kLongest = 40;  // characters: no price needs more

// A number's digits without its point, and how many of them stand behind the point.
struct Decimal {
  std::uint64_t digits = 0;
  std::int64_t scale = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> ReadExponent(std::string_view text) {
  if (text.empty()) return 0;
  text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return exponent;
}

std::optional<Decimal> ReadDecimal(std::string_view text) {
  Decimal decimal;
  const std::size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const auto exponent = ReadExponent(text.substr(exponent_at));
  if (!exponent) return {};
  bool behind_point = false;
  std::size_t digits = 0;
  for (const char c : text.substr(0, exponent_at)) {
    if (c == '.' && !behind_point && digits > 0) {
      behind_point = true;
      continue;
    }
    if (!IsDigit(c)) return {};
    ++digits;
    if (__builtin_mul_overflow(decimal.digits, std::uint64_t{10}, &decimal.digits)) return {};
    if (__builtin_add_overflow(decimal.digits, static_cast<std::uint64_t>(c - '0'), &decimal.digits)) return {};
    if (behind_point) ++decimal.scale;
  }
  if (digits == 0 || text[exponent_at - 1] == '.') return {};
  decimal.scale -= *exponent;
  return decimal;
}

}  // namespace

std::optional<std::int64_t> ReadAmount(std::string_view text) {
  if (text.empty() || text.size() > kLongest) return {};
  const auto decimal = ReadDecimal(text);
  if (!decimal) return {};
  std::uint64_t amount = decimal->digits;
  if (amount == 0) return 0;
  std::int64_t shift = kNanoDigits - decimal->scale;
  for (; shift > 0; --shift) {
    if (__builtin_mul_overflow(amount, std::uint64_t{10}, &amount) || amount > std::uint64_t{kMost}) return {};
  }
  bool half = false;
  for (; shift < 0 && amount > 0; ++shift) {
    half = amount % 10 >= 5;
    amount /= 10;
  }
  amount += shift == 0 && half ? 1 : 0;
  if (amount > std::uint64_t{kMost}) return {};
  return static_cast<std::int64_t>(std::max<std::uint64_t>(amount, 1));
}

}  // namespace gatehouse::llm::price
