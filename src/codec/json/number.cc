#include "codec/json/number.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace gatehouse::codec::json {
namespace {

// A decimal number taken apart: the digits without the point, and where the point stands among them.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;

  std::size_t size() const { return whole.size() + fraction.size(); }
  char digit(std::size_t i) const { return i < whole.size() ? whole[i] : fraction[i - whole.size()]; }
  // Digits left of the point once the exponent is applied; may be negative or beyond size().
  std::int64_t point() const { return static_cast<std::int64_t>(whole.size()) + exponent; }
  std::size_t first_nonzero() const {
    std::size_t i = 0;
    while (i < size() && digit(i) == '0') ++i;
    return i;
  }
};

// Far beyond every exponent that matters, far below an overflow of sums.
constexpr std::int64_t kExponentLimit = 1'000'000'000'000;

std::int64_t ExponentOf(std::string_view text) {
  const bool negative = text.front() == '-';
  if (text.front() == '-' || text.front() == '+') text.remove_prefix(1);
  std::int64_t exponent = 0;
  for (const char c : text) exponent = std::min(kExponentLimit, exponent * 10 + (c - '0'));
  return negative ? -exponent : exponent;
}

Decimal TakeApart(std::string_view number) {
  Decimal decimal;
  if (number.front() == '-') {
    decimal.negative = true;
    number.remove_prefix(1);
  }
  if (const auto e = number.find_first_of("eE"); e != std::string_view::npos) {
    decimal.exponent = ExponentOf(number.substr(e + 1));
    number = number.substr(0, e);
  }
  const auto point = number.find('.');
  decimal.whole = number.substr(0, point);
  if (point != std::string_view::npos) decimal.fraction = number.substr(point + 1);
  return decimal;
}

// The digits left of the point as a negative number: its range is one larger.
std::optional<std::int64_t> NegatedWhole(const Decimal& decimal, std::size_t first) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  std::int64_t value = 0;
  for (auto i = static_cast<std::int64_t>(first); i < decimal.point(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const int digit = at < decimal.size() ? decimal.digit(at) - '0' : 0;
    if (value < (kMin + digit) / 10) return std::nullopt;
    value = value * 10 - digit;
  }
  return value;
}

}  // namespace

std::optional<std::int64_t> IntegerOf(std::string_view number) {
  std::int64_t plain = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), plain);
  if (end == number.data() + number.size()) return error == std::errc() ? std::optional(plain) : std::nullopt;

  const Decimal decimal = TakeApart(number);
  const std::size_t first = decimal.first_nonzero();
  if (first == decimal.size()) return 0;
  for (std::size_t i = decimal.size(); i > first && static_cast<std::int64_t>(i) > decimal.point(); --i) {
    if (decimal.digit(i - 1) != '0') return std::nullopt;
  }
  if (decimal.point() - static_cast<std::int64_t>(first) > std::numeric_limits<std::int64_t>::digits10 + 1) {
    return std::nullopt;
  }
  const auto negated = NegatedWhole(decimal, first);
  if (!negated || decimal.negative) return negated;
  if (*negated == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return -*negated;
}

std::optional<double> DoubleOf(std::string_view number) {
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc()) return value;
  const Decimal decimal = TakeApart(number);
  if (decimal.point() - static_cast<std::int64_t>(decimal.first_nonzero()) > 0) return std::nullopt;
  return decimal.negative ? -0.0 : 0.0;
}

}  // namespace gatehouse::codec::json
