#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Searches for the first byte of a small class, 16 bytes at a time with SSE2 and 8 at a time elsewhere. Nothing is read
// outside [begin, end).
namespace gatehouse::codec::text {

namespace swar {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

// The high bit of every byte that is zero; a byte above a true hit may be marked too, the lowest mark never lies.
constexpr std::uint64_t ZeroBytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }
constexpr std::uint64_t BytesEqual(std::uint64_t word, char c) {
  return ZeroBytes(word ^ (kOnes * static_cast<unsigned char>(c)));
}
constexpr std::uint64_t BytesBelow(std::uint64_t word, unsigned char limit) {
  return (word - kOnes * limit) & ~word & kHighs;
}

inline std::uint64_t Load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace swar

// What ends a run of plain characters in a JSON string: a quote, a backslash, a control character.
struct JsonStringStop {
  static bool Matches(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }
  static std::uint64_t Mask(std::uint64_t word) {
    return swar::BytesEqual(word, '"') | swar::BytesEqual(word, '\\') | swar::BytesBelow(word, 0x20);
  }
#ifdef __SSE2__
  static int Mask(__m128i bytes) {
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control));
  }
#endif
};

// Whether a text stands in a JSON string as it is, and is ASCII: most names and words are.
inline bool IsPlainJson(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
#ifdef __SSE2__
  const auto mask = [](const char* from) {
    __m128i bytes;
    std::memcpy(&bytes, from, sizeof(bytes));
    return JsonStringStop::Mask(bytes) | _mm_movemask_epi8(bytes);
  };
  if (text.size() >= 16) {
    for (; end - at > 16; at += 16) {
      if (mask(at) != 0) return false;
    }
    return mask(end - 16) == 0;
  }
#endif
  const auto plain = [](std::uint64_t word) { return ((JsonStringStop::Mask(word) | word) & swar::kHighs) == 0; };
  if (text.size() >= 8) return plain(swar::Load(at)) && plain(swar::Load(end - 8));
  for (; at != end; ++at) {
    if (JsonStringStop::Matches(*at) || static_cast<unsigned char>(*at) >= 0x80) return false;
  }
  return true;
}

// A line feed or a carriage return.
struct LineEnd {
  static bool Matches(char c) { return c == '\n' || c == '\r'; }
  static std::uint64_t Mask(std::uint64_t word) { return swar::BytesEqual(word, '\n') | swar::BytesEqual(word, '\r'); }
#ifdef __SSE2__
  static int Mask(__m128i bytes) {
    const __m128i feed = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
    const __m128i carriage = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'));
    return _mm_movemask_epi8(_mm_or_si128(feed, carriage));
  }
#endif
};

// The same search 8 bytes at a time, for machines without SSE2 and for the tail of the other.
template <class Class>
const char* FindSwar(const char* begin, const char* end) {
  for (; end - begin >= 8; begin += 8) {
    const std::uint64_t mask = Class::Mask(swar::Load(begin));
    if (mask != 0) return begin + std::countr_zero(mask) / 8;
  }
  while (begin != end && !Class::Matches(*begin)) ++begin;
  return begin;
}

// The first byte in [begin, end) that belongs to Class, or end.
template <class Class>
const char* Find(const char* begin, const char* end) {
#ifdef __SSE2__
  for (; end - begin >= 16; begin += 16) {
    __m128i bytes;
    std::memcpy(&bytes, begin, sizeof(bytes));
    const int mask = Class::Mask(bytes);
    if (mask != 0) return begin + std::countr_zero(static_cast<unsigned>(mask));
  }
#endif
  return FindSwar<Class>(begin, end);
}

// Bytes behind the text that CopyUntil may overwrite.
inline constexpr std::size_t kCopyPadding = 16;

// Copies [begin, result) to `out`, where result is what Find() returns. REQUIRES: `out` has room for [begin, end) and
// kCopyPadding bytes more, and does not overlap it.
template <class Class>
const char* CopyUntil(const char* begin, const char* end, char* out) {
#ifdef __SSE2__
  for (; end - begin >= 16; begin += 16, out += 16) {
    __m128i bytes;
    std::memcpy(&bytes, begin, sizeof(bytes));
    std::memcpy(out, &bytes, sizeof(bytes));
    const int mask = Class::Mask(bytes);
    if (mask != 0) return begin + std::countr_zero(static_cast<unsigned>(mask));
  }
#endif
  const char* const stop = FindSwar<Class>(begin, end);
  if (stop != begin) std::memcpy(out, begin, static_cast<std::size_t>(stop - begin));
  return stop;
}

}  // namespace gatehouse::codec::text
