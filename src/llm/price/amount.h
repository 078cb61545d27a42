#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::llm::price {

// A decimal number of dollars, as JSON or YAML writes it ("0.075", "3", "1.5e-2"), in nano-USD; digits beyond are
// rounded, but never to nothing. nullopt: not a number, negative, or above a thousand million dollars.
std::optional<std::int64_t> ReadAmount(std::string_view text);

}  // namespace gatehouse::llm::price
