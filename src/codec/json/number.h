#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// The value of a number that matches RFC 8259, section 6.
namespace gatehouse::codec::json {

// Exact, or nothing when the number is not whole or does not fit.
std::optional<std::int64_t> IntegerOf(std::string_view number);

// The nearest double; nothing when it is too large for one. What is too small becomes a zero of the same sign.
std::optional<double> DoubleOf(std::string_view number);

}  // namespace gatehouse::codec::json
