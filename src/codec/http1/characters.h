#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gatehouse::codec::http1 {

namespace internal {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,   // RFC 9110, 5.6.2
  kTargetCharacter = 2,  // what a request target may hold: visible ASCII without `"#<>\`
  kHostCharacter = 4,    // unreserved of RFC 3986: what a registered name or an IPv4 address may hold
};

constexpr std::array<std::uint8_t, 256> MakeClasses() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0x21; c <= 0x7E; ++c) classes[static_cast<std::size_t>(c)] = kTargetCharacter;
  for (const char c : std::string_view("\"#<>\\")) classes[static_cast<unsigned char>(c)] = 0;
  for (const char c :
       std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    classes[static_cast<unsigned char>(c)] |= kTokenCharacter;
  }
  for (const char c : std::string_view("-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    classes[static_cast<unsigned char>(c)] |= kHostCharacter;
  }
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kClasses = MakeClasses();

}  // namespace internal

constexpr bool IsClass(char c, internal::CharacterClass wanted) {
  return (internal::kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

// The first byte at or after `at` that is not of that class; `end` if there is none.
inline const char* SkipClass(const char* at, const char* end, internal::CharacterClass wanted) {
  while (at != end && IsClass(*at, wanted)) ++at;
  return at;
}

#if defined(__SSSE3__)
namespace internal {

// For each low nibble, a bit per high nibble 2 to 7 with which it makes a token character.
constexpr std::array<std::uint8_t, 16> MakeTokenNibbles() {
  std::array<std::uint8_t, 16> nibbles{};
  for (std::size_t c = 0; c < 128; ++c) {
    if ((kClasses[c] & kTokenCharacter) != 0) nibbles[c & 0xF] |= static_cast<std::uint8_t>(1U << (c >> 4));
  }
  return nibbles;
}

alignas(16) inline constexpr std::array<std::uint8_t, 16> kTokenNibbles = MakeTokenNibbles();
alignas(16) inline constexpr std::array<std::uint8_t, 16> kHighNibbleBits = {1, 2, 4, 8, 16, 32, 64, 128};

// A bit for each of sixteen bytes that is no token character.
inline unsigned NonTokenMask(__m128i bytes) {
  const __m128i low_bits = _mm_set1_epi8(0xF);
  const __m128i low = _mm_shuffle_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(kTokenNibbles.data())),
                                       _mm_and_si128(bytes, low_bits));
  const __m128i high = _mm_shuffle_epi8(_mm_load_si128(reinterpret_cast<const __m128i*>(kHighNibbleBits.data())),
                                        _mm_and_si128(_mm_srli_epi16(bytes, 4), low_bits));
  const __m128i none = _mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128());
  return static_cast<unsigned>(_mm_movemask_epi8(none));
}

}  // namespace internal
#endif

// The first byte at or after `at` that is no token character.
inline const char* SkipToken(const char* at, const char* end) {
#if defined(__SSSE3__)
  while (end - at >= 16) {
    const unsigned mask = internal::NonTokenMask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 16;
  }
#endif
  return SkipClass(at, end, internal::kTokenCharacter);
}

#if defined(__SSSE3__)
namespace internal {

// The bytes of a text of 4 to 15, some of them twice.
inline __m128i LoadShort(const char* at, std::size_t size) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (size >= 8) {
    std::memcpy(&first, at, sizeof first);
    std::memcpy(&last, at + size - sizeof last, sizeof last);
  } else {
    std::uint32_t half = 0;
    std::memcpy(&half, at, sizeof half);
    first = half;
    std::memcpy(&half, at + size - sizeof half, sizeof half);
    first |= static_cast<std::uint64_t>(half) << 32;
    last = first;
  }
  return _mm_set_epi64x(static_cast<long long>(last), static_cast<long long>(first));
}

// Whether Mask finds nothing in a text of 16 bytes or more; some may be looked at twice.
template <unsigned (*Mask)(__m128i)>
bool IsAllOf(std::string_view text) {
  const auto mask = [](const char* at) { return Mask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))); };
  const char* const last = text.data() + text.size() - 16;
  for (const char* at = text.data(); at < last; at += 16) {
    if (mask(at) != 0) return false;
  }
  return mask(last) == 0;
}

}  // namespace internal
#endif

constexpr bool IsFieldByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

#if defined(__SSE2__)
namespace internal {

// A bit for each of sixteen bytes that may not stand in a field value.
inline unsigned NonFieldMask(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i not_tab = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')), control);
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(not_tab, del)));
}

}  // namespace internal
#endif

// The first byte at or after `at` that may not stand in a field value: a control character other than HTAB (so CR and
// LF too), or DEL.
inline const char* SkipFieldBytes(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const unsigned mask = internal::NonFieldMask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 16;
  }
#endif
  while (at != end && IsFieldByte(*at)) ++at;
  return at;
}

inline bool IsToken(std::string_view text) {
#if defined(__SSSE3__)
  if (text.size() >= 16) return internal::IsAllOf<internal::NonTokenMask>(text);
  if (text.size() >= 4) return internal::NonTokenMask(internal::LoadShort(text.data(), text.size())) == 0;
#endif
  return !text.empty() && SkipToken(text.data(), text.data() + text.size()) == text.data() + text.size();
}

inline bool IsFieldValue(std::string_view text) {
#if defined(__SSSE3__)
  if (text.size() >= 16) return internal::IsAllOf<internal::NonFieldMask>(text);
  if (text.size() >= 4) return internal::NonFieldMask(internal::LoadShort(text.data(), text.size())) == 0;
#endif
  return SkipFieldBytes(text.data(), text.data() + text.size()) == text.data() + text.size();
}

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

namespace internal {

// Eight letters at once: sets bit 5 of the bytes from 'A' to 'Z'.
constexpr std::uint64_t ToLower8(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low7 = bytes & (kOnes * 0x7F);
  const std::uint64_t from_a = low7 + kOnes * (0x80 - 'A');
  const std::uint64_t beyond_z = low7 + kOnes * (0x7F - 'Z');
  const std::uint64_t upper = (from_a ^ beyond_z) & ~bytes & (kOnes * 0x80);
  return bytes | (upper >> 2);
}

#if defined(__SSE2__)
inline void Lower16(char* at) {
  __m128i bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  const __m128i from_a = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1));
  const __m128i beyond_z = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('Z'));
  const __m128i upper = _mm_and_si128(_mm_andnot_si128(beyond_z, from_a), _mm_set1_epi8(0x20));
  bytes = _mm_or_si128(bytes, upper);
  std::memcpy(at, &bytes, sizeof bytes);
}
#endif

template <class Word>
void LowerWord(char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  word = static_cast<Word>(ToLower8(word));
  std::memcpy(at, &word, sizeof word);
}

}  // namespace internal

// ASCII letters to lower case. Words overlap at the end, for lowering twice is lowering once.
inline void LowerInPlace(char* at, std::size_t size) {
#if defined(__SSE2__)
  if (size >= 16) {
    for (std::size_t i = 0; i + 16 < size; i += 16) internal::Lower16(at + i);
    return internal::Lower16(at + size - 16);
  }
#endif
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) internal::LowerWord<std::uint64_t>(at + i);
    return internal::LowerWord<std::uint64_t>(at + size - 8);
  }
  if (size >= 4) {
    internal::LowerWord<std::uint32_t>(at);
    return internal::LowerWord<std::uint32_t>(at + size - 4);
  }
  for (std::size_t i = 0; i < size; ++i) at[i] = ToLower(at[i]);
}

// `lower_case` is in lower case already.
constexpr bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (ToLower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

constexpr std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace gatehouse::codec::http1
