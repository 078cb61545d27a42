#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatehouse::llm::token {

// Which pattern cuts a text into the pieces that are encoded each on its own.
enum class Pattern : std::uint8_t { kCl100k, kO200k };

// Size in bytes of the first piece of `text`. It depends on no text before it. A byte that is not valid UTF-8 counts as
// a character of no class. REQUIRES: `text` is not empty.
//
// The patterns are those OpenAI publishes with its tokenizers, where \s is Unicode's White_Space and contractions are
// matched in ASCII:
//   cl100k  '(?:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
//           |\s+$|\s*[\r\n]|\s+(?!\S)|\s
//   o200k   [^\r\n\p{L}\p{N}]?U*W+C?|[^\r\n\p{L}\p{N}]?U+W*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*
//           |\s*[\r\n]+|\s+(?!\S)|\s+
//           with U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], W = [\p{Ll}\p{Lm}\p{Lo}\p{M}], C = '(?:[sdmt]|ll|ve|re)
std::size_t FirstPiece(Pattern pattern, std::string_view text);

}  // namespace gatehouse::llm::token
