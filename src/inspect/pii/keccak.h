#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gatehouse::inspect::pii {

// Keccak-256 with the padding of the original submission (0x01), which Ethereum uses; SHA3-256 pads otherwise. For
// short texts: one block of at most 135 bytes.
std::array<std::uint8_t, 32> Keccak256(std::string_view text);

}  // namespace gatehouse::inspect::pii
