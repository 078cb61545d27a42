#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::codec::crypto {

// CRC-32 of IEEE 802.3 (the one of zlib and PNG). `previous` is the sum of the bytes before these, 0 at the beginning.
// Detects accidents, not forgeries.
std::uint32_t Crc32(std::string_view bytes, std::uint32_t previous = 0);

}  // namespace gatehouse::codec::crypto
