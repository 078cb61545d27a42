#include "codec/crypto/crc32.h"

#include <array>
#include <cstddef>

namespace gatehouse::codec::crypto {
namespace {

constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

// tables[k][b] is the remainder of byte b followed by k zero bytes, so that eight bytes take eight independent look-ups
// (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
constexpr Tables MakeTables() {
  constexpr std::uint32_t kReflectedPolynomial = 0xEDB8'8320;
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) * kReflectedPolynomial);
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k < kSlices; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = (shorter >> 8) ^ tables[0][shorter & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

std::uint32_t Crc32(std::string_view bytes, std::uint32_t previous) {
  std::uint32_t remainder = ~previous;
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(bytes[i]); };
  std::size_t i = 0;
  for (; i + kSlices <= bytes.size(); i += kSlices) {
    const std::uint32_t low = remainder ^ (byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24));
    remainder = kTables[7][low & 0xFF] ^ kTables[6][(low >> 8) & 0xFF] ^ kTables[5][(low >> 16) & 0xFF] ^
                kTables[4][low >> 24] ^ kTables[3][byte(i + 4)] ^ kTables[2][byte(i + 5)] ^ kTables[1][byte(i + 6)] ^
                kTables[0][byte(i + 7)];
  }
  for (; i < bytes.size(); ++i) remainder = (remainder >> 8) ^ kTables[0][(remainder ^ byte(i)) & 0xFF];
  return ~remainder;
}

}  // namespace gatehouse::codec::crypto
