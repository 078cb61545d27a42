#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::codec::cel {

// Numbers as the language writes them: decimal, or 0x for integers. nullopt: not one, or it does not fit.
std::optional<std::uint64_t> ParseMagnitude(std::string_view digits);
std::optional<std::int64_t> ParseInt(std::string_view text);  // with a sign
std::optional<std::uint64_t> ParseUint(std::string_view text);
// What is too small becomes 0, what is too large is refused. Also "NaN", "Infinity", "-Infinity" and "inf".
std::optional<double> ParseDouble(std::string_view text);

// The shortest form that reads back the same; NaN, Infinity, -Infinity.
std::string DoubleText(double number);
// The same, as a literal that is a double again: "1.0".
std::string DoubleLiteral(double number);

// To int and uint, towards zero. nullopt: does not fit.
std::optional<std::int64_t> ToInt(double number);
std::optional<std::uint64_t> ToUint(double number);

}  // namespace gatehouse::codec::cel
