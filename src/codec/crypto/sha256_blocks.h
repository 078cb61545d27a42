#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// The compression function of SHA-256 (FIPS 180-4, 6.2.2) by the processor's instructions for it (SHA-NI of x86).
// Whoever hashes with it pads; Sha256() in hash.h does, and takes OpenSSL's where there are no such instructions.
namespace gatehouse::codec::crypto {

// The eight words of a hash on its way.
struct Sha256State {
  std::array<std::uint32_t, 8> words = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                        0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
};

inline constexpr std::size_t kSha256BlockBytes = 64;

// Whether the processor has the instructions. REQUIRED by the functions below.
bool HasSha256Instructions();

// Takes `count` blocks of 64 bytes into the state.
void CompressSha256(Sha256State& state, const unsigned char* blocks, std::size_t count);
// The same for two at a time: each step of one waits for the step before it, and the other is done meanwhile.
void CompressSha256OfTwo(Sha256State& a, const unsigned char* blocks_of_a, Sha256State& b,
                         const unsigned char* blocks_of_b, std::size_t count);

}  // namespace gatehouse::codec::crypto
