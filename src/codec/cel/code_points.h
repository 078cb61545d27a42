#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// Texts by code point. Total for any bytes: what is not a continuation byte starts a code point.
namespace gatehouse::codec::cel {

inline bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

inline std::int64_t CountCodePoints(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += StartsCodePoint(c) ? 1 : 0;
  return count;
}

// Byte offset of the code point with that index, text.size() for the one behind the last, npos beyond. REQUIRES: index
// >= 0.
inline std::size_t OffsetOfCodePoint(std::string_view text, std::int64_t index) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (StartsCodePoint(text[i]) && index-- == 0) return i;
  }
  return index == 0 ? text.size() : std::string_view::npos;
}

// Where `wanted` starts in `text`, in linear time; npos when it does not.
std::size_t FindText(std::string_view text, std::string_view wanted);

}  // namespace gatehouse::codec::cel
