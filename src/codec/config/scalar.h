#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Scalars of a configuration file as values.
namespace gatehouse::codec::config {

// "1h30m" in nanoseconds; a unit is required except for 0.
std::optional<std::int64_t> ParseDuration(std::string_view text);
std::string FormatDuration(std::int64_t nanoseconds);

// "16MiB" in bytes; without a unit it is bytes.
std::optional<std::uint64_t> ParseBytes(std::string_view text);

std::optional<std::int64_t> ParseInteger(std::string_view text);
std::optional<double> ParseNumber(std::string_view text);

// The candidate that `word` was probably meant to be, or "".
std::string_view Closest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace gatehouse::codec::config
