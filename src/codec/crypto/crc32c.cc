#include "codec/crypto/crc32c.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace gatehouse::codec::crypto {
namespace {

constexpr std::uint32_t kReflectedPolynomial = 0x82F6'3B78;

constexpr std::array<std::uint32_t, 256> MakeTable() {
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
std::uint64_t Eight(const char* at) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, at, sizeof(eight));
  return eight;
}

// From one remainder to the next, without what is turned around before and after.
GH_CRC_TARGET std::uint32_t Continue(std::uint32_t remainder, std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) remainder = Step8(remainder, Eight(at));
  for (; at != end; ++at) remainder = Step1(remainder, *at);
  return remainder;
}

GH_CRC_TARGET std::uint32_t ByInstruction(std::string_view bytes, std::uint32_t previous) {
  return ~Continue(~previous, bytes);
}
#endif

#if defined(__x86_64__)
// The instruction answers after three cycles and takes a new question each cycle: three parts of a text, one behind the
// other, are summed at once, and the sums put together (Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using
// CRC32 Instruction", Intel 2011).
constexpr std::size_t kLanes = 3;
constexpr std::size_t kMostWords = 128;  // of eight bytes, in each part
constexpr std::size_t kLeastBytes = 96;  // fewer are summed sooner than put together

// x to the power of 64 n - 33, reflected, which moves a remainder n words on: one bit of the 33 is what a product of
// two reflected numbers is off by, the others come with Step8.
constexpr auto kMoves = [] {
  std::array<std::uint32_t, 2 * kMostWords + 1> moves{};
  std::uint32_t power = 1;  // x^31
  for (std::size_t words = 1; words < moves.size(); ++words) {
    moves[words] = power;
    for (int i = 0; i < 64; ++i) power = (power >> 1) ^ ((power & 1) * kReflectedPolynomial);
  }
  return moves;
}();

bool HasProduct() { return __builtin_cpu_supports("pclmul") != 0; }

__attribute__((target("sse4.2,pclmul"))) std::uint32_t Move(std::uint32_t remainder, std::size_t words) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(remainder)),
                                               _mm_cvtsi32_si128(static_cast<int>(kMoves[words])), 0);
  return Step8(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)));
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t InLanes(std::string_view bytes, std::uint32_t previous) {
  std::uint32_t first = ~previous;
  while (bytes.size() >= kLeastBytes) {
    const std::size_t words = std::min(kMostWords, bytes.size() / (kLanes * 8));
    std::uint32_t second = 0;
    std::uint32_t third = 0;
    for (const char* at = bytes.data(); at != bytes.data() + words * 8; at += 8) {
      first = Step8(first, Eight(at));
      second = Step8(second, Eight(at + words * 8));
      third = Step8(third, Eight(at + words * 16));
    }
    first = Move(first, 2 * words) ^ Move(second, words) ^ third;
    bytes.remove_prefix(kLanes * words * 8);
  }
  return ~Continue(first, bytes);
}
#endif

}  // namespace

std::uint32_t Crc32cByTable(std::string_view bytes, std::uint32_t previous) {
  std::uint32_t remainder = ~previous;
  for (const char c : bytes) remainder = (remainder >> 8) ^ kTable[(remainder ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~remainder;
}

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t previous) {
#if defined(__x86_64__)
  static const bool has_product = HasInstruction() && HasProduct();
  if (has_product) return InLanes(bytes, previous);
#endif
#if defined(GH_CRC_TARGET)
  static const bool has_instruction = HasInstruction();
  if (has_instruction) return ByInstruction(bytes, previous);
#endif
  return Crc32cByTable(bytes, previous);
}

}  // namespace gatehouse::codec::crypto
