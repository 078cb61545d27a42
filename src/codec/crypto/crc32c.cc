#include "codec/crypto/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace gatehouse::codec::crypto {
namespace {

constexpr std::array<std::uint32_t, 256> MakeTable() {
  constexpr std::uint32_t kReflectedPolynomial = 0x82F6'3B78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) * kReflectedPolynomial);
    table[byte] = remainder;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
bool HasInstruction() { return __builtin_cpu_supports("sse4.2") != 0; }
__attribute__((target("sse4.2"))) std::uint32_t Step8(std::uint32_t remainder, std::uint64_t eight) {
  return static_cast<std::uint32_t>(_mm_crc32_u64(remainder, eight));
}
__attribute__((target("sse4.2"))) std::uint32_t Step1(std::uint32_t remainder, char byte) {
  return _mm_crc32_u8(remainder, static_cast<unsigned char>(byte));
}
#define GH_CRC_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__)
bool HasInstruction() { return (::getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
__attribute__((target("crc"))) std::uint32_t Step8(std::uint32_t remainder, std::uint64_t eight) {
  return __crc32cd(remainder, eight);
}
__attribute__((target("crc"))) std::uint32_t Step1(std::uint32_t remainder, char byte) {
  return __crc32cb(remainder, static_cast<unsigned char>(byte));
}
#define GH_CRC_TARGET __attribute__((target("crc")))
#endif

#if defined(GH_CRC_TARGET)
GH_CRC_TARGET std::uint32_t ByInstruction(std::string_view bytes, std::uint32_t previous) {
  std::uint32_t remainder = ~previous;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof(eight));
    remainder = Step8(remainder, eight);
  }
  for (; at != end; ++at) remainder = Step1(remainder, *at);
  return ~remainder;
}
#endif

}  // namespace

std::uint32_t Crc32cByTable(std::string_view bytes, std::uint32_t previous) {
  std::uint32_t remainder = ~previous;
  for (const char c : bytes) remainder = (remainder >> 8) ^ kTable[(remainder ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~remainder;
}

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t previous) {
#if defined(GH_CRC_TARGET)
  static const bool has_instruction = HasInstruction();
  if (has_instruction) return ByInstruction(bytes, previous);
#endif
  return Crc32cByTable(bytes, previous);
}

}  // namespace gatehouse::codec::crypto
