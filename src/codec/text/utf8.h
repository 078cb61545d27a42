#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
namespace gatehouse::codec::text {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct CodePoint {
  char32_t value = 0;
  std::uint8_t length = 0;  // bytes; 0 when no valid sequence starts there
};

// The code point that starts at text[at]. REQUIRES: at < text.size().
CodePoint DecodeAt(std::string_view text, std::size_t at);

// Writes the UTF-8 form of a scalar value, 1 to 4 bytes, and returns the place behind it. REQUIRES: not a surrogate and
// not above U+10FFFF.
char* EncodeCodePoint(char* out, char32_t value);
void AppendCodePoint(std::string& out, char32_t value);

// Number of leading bytes that are ASCII.
std::size_t AsciiPrefix(std::string_view text);
inline bool IsAscii(std::string_view text) { return AsciiPrefix(text) == text.size(); }

// Offset of the first byte that is not part of valid UTF-8, or text.size().
std::size_t ValidUtf8Prefix(std::string_view text);
inline bool IsValidUtf8(std::string_view text) { return ValidUtf8Prefix(text) == text.size(); }

// Every byte that is not part of valid UTF-8 becomes U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace gatehouse::codec::text
