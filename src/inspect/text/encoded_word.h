#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::inspect::text {

inline constexpr std::size_t kShortestEncoded = 15;  // eleven bytes in base64: the shortest numbers that are secret

// What a word stands for, and how its bytes go with the word's: each `quantum` characters stand for `bytes` of it.
struct Decoded {
  std::size_t quantum = 0;
  std::size_t bytes = 0;
  std::size_t begin = 0;  // of what is encoded, in the word: behind "0x"
  std::size_t end = 0;
};

// Reads a word as hexadecimal digits, base64 in both alphabets or base32, padded or not, and replaces `result` by what
// it says, if that is text: valid UTF-8 of which at most one character in sixteen is none that is printed.
std::optional<Decoded> DecodeWord(std::string_view word, std::string& result);

// Whether bytes read like text, as above.
bool IsText(std::string_view bytes);

}  // namespace gatehouse::inspect::text
