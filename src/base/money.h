#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::base {

// US dollars in thousand-millionths: what a call costs is a whole number of them, rounded once. Sums stop at the ends
// of the range (9.2 thousand million dollars) and never wrap.
struct NanoUsd {
  std::int64_t value = 0;

  static constexpr std::int64_t kPerUsd = 1'000'000'000;
  static constexpr NanoUsd Max() { return {std::numeric_limits<std::int64_t>::max()}; }

  auto operator<=>(const NanoUsd&) const = default;
};

constexpr NanoUsd operator+(NanoUsd a, NanoUsd b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a.value, b.value, &sum)) return {sum};
  return {a.value < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max()};
}
constexpr NanoUsd operator-(NanoUsd a, NanoUsd b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a.value, b.value, &difference)) return {difference};
  return {a.value < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max()};
}
constexpr NanoUsd& operator+=(NanoUsd& a, NanoUsd b) { return a = a + b; }
constexpr NanoUsd& operator-=(NanoUsd& a, NanoUsd b) { return a = a - b; }

// The shortest exact decimal number of dollars: "0", "12.5", "-0.000000001".
std::string FormatUsd(NanoUsd amount);
// A decimal number of dollars with at most nine digits after the point, "-" allowed, no exponent; nullopt for anything
// else and for what is out of range.
std::optional<NanoUsd> ParseUsd(std::string_view text);

}  // namespace gatehouse::base
