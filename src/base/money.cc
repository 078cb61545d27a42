#include "base/money.h"

#include <charconv>

namespace gatehouse::base {
namespace {

constexpr std::size_t kDecimals = 9;

bool AllDigits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

// The value of up to nine digits after the point, in thousand-millionths.
std::uint64_t Fraction(std::string_view digits) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kDecimals; ++i) {
    value = value * 10 + (i < digits.size() ? static_cast<std::uint64_t>(digits[i] - '0') : 0);
  }
  return value;
}

}  // namespace

std::string FormatUsd(NanoUsd amount) {
  const bool negative = amount.value < 0;
  const std::uint64_t size =
      negative ? ~static_cast<std::uint64_t>(amount.value) + 1 : static_cast<std::uint64_t>(amount.value);
  std::string text = (negative ? "-" : "") + std::to_string(size / NanoUsd::kPerUsd);
  const std::uint64_t rest = size % NanoUsd::kPerUsd;
  if (rest == 0) return text;
  const std::string digits = std::to_string(rest);
  text.append(1, '.').append(kDecimals - digits.size(), '0').append(digits);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::optional<NanoUsd> ParseUsd(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view after = point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
  if (whole.empty() || after.empty() || after.size() > kDecimals || !AllDigits(whole) || !AllDigits(after)) return {};
  std::int64_t dollars = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), dollars).ec != std::errc()) return {};
  std::int64_t value = 0;
  if (__builtin_mul_overflow(dollars, NanoUsd::kPerUsd, &value)) return {};
  if (__builtin_add_overflow(value, static_cast<std::int64_t>(Fraction(after)), &value)) return {};
  return NanoUsd{negative ? -value : value};
}

}  // namespace gatehouse::base
