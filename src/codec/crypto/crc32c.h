#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::codec::crypto {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4), by the processor's instruction where it has one: a few cycles for eight
// bytes. `previous` is the sum of the bytes before these, 0 at the beginning. Detects accidents, not forgeries.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t previous = 0);

// The same without the processor's help, for tests and for processors without it.
std::uint32_t Crc32cByTable(std::string_view bytes, std::uint32_t previous = 0);

}  // namespace gatehouse::codec::crypto
