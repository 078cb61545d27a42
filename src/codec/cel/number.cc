#include "codec/cel/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace gatehouse::codec::cel {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

std::optional<double> SpecialDouble(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "NaN" || text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity" || text == "infinity" || text == "Inf" || text == "inf")
    return negative ? -kInfinity : kInfinity;
  return std::nullopt;
}

bool StartsLikeNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && (text.front() == '.' || (text.front() >= '0' && text.front() <= '9'));
}

// Whether a decimal number that no double holds is too small rather than too large.
bool IsTiny(std::string_view text) {
  const auto exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos && exponent + 1 < text.size()) return text[exponent + 1] == '-';
  return text.find_first_not_of("-0") == text.find('.');
}

}  // namespace

std::optional<std::uint64_t> ParseMagnitude(std::string_view digits) {
  const bool hexadecimal = digits.starts_with("0x");
  if (hexadecimal) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value, hexadecimal ? 16 : 10);
  if (error != std::errc() || at != end || digits.empty()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> ParseInt(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto magnitude = ParseMagnitude(text);
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (!magnitude.has_value() || *magnitude > kLargest + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<std::uint64_t> ParseUint(std::string_view text) { return ParseMagnitude(text); }

std::optional<double> ParseDouble(std::string_view text) {
  if (const auto special = SpecialDouble(text)) return special;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (!StartsLikeNumber(text)) return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (at != end) return std::nullopt;
  if (error == std::errc::result_out_of_range && IsTiny(text)) return 0.0;
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::string DoubleText(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end};
}

std::string DoubleLiteral(double number) {
  std::string text = DoubleText(number);
  if (text.find_first_of(".eNI") == std::string::npos) text += ".0";
  return text;
}

std::optional<std::int64_t> ToInt(double number) {
  if (!(number > -kTwo63 && number < kTwo63)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::uint64_t> ToUint(double number) {
  if (!(number > -1.0 && number < kTwo64)) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

}  // namespace gatehouse::codec::cel
