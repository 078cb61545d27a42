#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Positions in UTF-8, in bytes and in characters (code points).
namespace gatehouse::llm::dialect::common {

inline bool IsFirstByte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

inline std::uint64_t Characters(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count_if(text, IsFirstByte));
}

// Where the character of that number begins; the end of the text where there are fewer.
inline std::size_t ByteOffset(std::string_view text, std::uint64_t character) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (IsFirstByte(text[at]) && character-- == 0) return at;
  }
  return text.size();
}

}  // namespace gatehouse::llm::dialect::common
