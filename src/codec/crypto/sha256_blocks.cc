#include "codec/crypto/sha256_blocks.h"

#include "base/check.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace gatehouse::codec::crypto {

#if defined(__x86_64__)

namespace {

#define GH_SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

// FIPS 180-4, 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> kConstants = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

// Four of them, or of a block.
__m128i LoadFour(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }

// The state as the instructions have it, and four groups of four words of the message schedule.
struct Lane {
  __m128i abef;
  __m128i cdgh;
  std::array<__m128i, 4> schedule;

  GH_SHA_TARGET void Load(const Sha256State& state) {
    const __m128i cdab = _mm_shuffle_epi32(LoadFour(state.words.data()), 0xB1);
    const __m128i efgh = _mm_shuffle_epi32(LoadFour(state.words.data() + 4), 0x1B);
    abef = _mm_alignr_epi8(cdab, efgh, 8);
    cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
  }
  GH_SHA_TARGET void Store(Sha256State& state) const {
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
    const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    auto* const words = reinterpret_cast<__m128i*>(state.words.data());
    _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
  }
};

// Rounds 4 * kGroup to 4 * kGroup + 3 of a block, and what they bring to the schedule of later ones.
template <std::size_t kGroup>
[[gnu::always_inline]] GH_SHA_TARGET inline void FourRounds(Lane& lane, const unsigned char* block) {
  __m128i& now = lane.schedule[kGroup % 4];
  __m128i& next = lane.schedule[(kGroup + 1) % 4];
  __m128i& last = lane.schedule[(kGroup + 3) % 4];
  if constexpr (kGroup < 4) {
    const __m128i big_endian = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
    now = _mm_shuffle_epi8(LoadFour(block + 16 * kGroup), big_endian);
  }
  const __m128i words = _mm_add_epi32(now, LoadFour(&kConstants[4 * kGroup]));
  lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, words);
  if constexpr (kGroup >= 3 && kGroup < 15) {
    next = _mm_sha256msg2_epu32(_mm_add_epi32(next, _mm_alignr_epi8(now, last, 4)), now);
  }
  lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(words, 0x0E));
  if constexpr (kGroup >= 1 && kGroup < 13) last = _mm_sha256msg1_epu32(last, now);
}

template <std::size_t kLanes, std::size_t kGroup = 0>
[[gnu::always_inline]] GH_SHA_TARGET inline void AllRounds(std::array<Lane, kLanes>& lanes,
                                                           const std::array<const unsigned char*, kLanes>& blocks) {
  if constexpr (kGroup < 16) {
    for (std::size_t i = 0; i < kLanes; ++i) FourRounds<kGroup>(lanes[i], blocks[i]);
    AllRounds<kLanes, kGroup + 1>(lanes, blocks);
  }
}

template <std::size_t kLanes>
[[gnu::always_inline]] GH_SHA_TARGET inline void Compress(const std::array<Sha256State*, kLanes>& states,
                                                          std::array<const unsigned char*, kLanes> blocks,
                                                          std::size_t count) {
  std::array<Lane, kLanes> lanes;
  for (std::size_t i = 0; i < kLanes; ++i) lanes[i].Load(*states[i]);
  for (; count > 0; --count) {
    const std::array<Lane, kLanes> before = lanes;
    AllRounds(lanes, blocks);
    for (std::size_t i = 0; i < kLanes; ++i) {
      lanes[i].abef = _mm_add_epi32(lanes[i].abef, before[i].abef);
      lanes[i].cdgh = _mm_add_epi32(lanes[i].cdgh, before[i].cdgh);
      blocks[i] += kSha256BlockBytes;
    }
  }
  for (std::size_t i = 0; i < kLanes; ++i) lanes[i].Store(*states[i]);
}

}  // namespace

bool HasSha256Instructions() {
  constexpr unsigned kSha = 1U << 29U;  // leaf 7, EBX
  static const bool has = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __builtin_cpu_supports("sse4.1") != 0 && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & kSha) != 0;
  }();
  return has;
}

GH_SHA_TARGET void CompressSha256(Sha256State& state, const unsigned char* blocks, std::size_t count) {
  Compress<1>({&state}, {blocks}, count);
}

GH_SHA_TARGET void CompressSha256OfTwo(Sha256State& a, const unsigned char* blocks_of_a, Sha256State& b,
                                       const unsigned char* blocks_of_b, std::size_t count) {
  Compress<2>({&a, &b}, {blocks_of_a, blocks_of_b}, count);
}

#else

bool HasSha256Instructions() { return false; }
void CompressSha256(Sha256State&, const unsigned char*, std::size_t) { GH_CHECK(HasSha256Instructions()); }
void CompressSha256OfTwo(Sha256State&, const unsigned char*, Sha256State&, const unsigned char*, std::size_t) {
  GH_CHECK(HasSha256Instructions());
}

#endif

}  // namespace gatehouse::codec::crypto
