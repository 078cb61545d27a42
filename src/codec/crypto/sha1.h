#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gatehouse::codec::crypto {

// SHA-1 (FIPS 180-4) of the bytes, where a protocol names things by it. Proves nothing: collisions can be made.
std::array<std::uint8_t, 20> Sha1(std::string_view bytes);

}  // namespace gatehouse::codec::crypto
