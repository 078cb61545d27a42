#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/text/mapped_text.h"

// Ways to write that a model reads and a scan does not. Each makes `result` anew, at most `limit` bytes of it.
namespace gatehouse::inspect::text {

// Digits and signs that stand for letters ("1gn0r3"). kSome only if that makes a word of the Vocabulary.
Change ReadLeet(const MappedText& source, MappedText& result, std::size_t limit);

// Morse: at least six letters of dots and dashes in a row; slashes, bars and wide gaps are between words.
Change ReadMorse(const MappedText& source, MappedText& result, std::size_t limit);

// What is written in characters that are not shown: tags (U+E0020 to U+E007E) and the bytes that variation selectors
// can carry. What those that follow one another say is a line of its own.
Change ReadHidden(const MappedText& source, MappedText& result, std::size_t limit);

// Every letter of ASCII by the one 13 places on.
void Rotate(const MappedText& source, MappedText& result, std::size_t limit);

// Character by character from the end: the result's map goes down.
void Reverse(const MappedText& source, MappedText& result);

// What U+202E has shown from right to left is put the way it is seen, in its place; up to the mark that ends it or the
// line's end.
Change Straighten(const MappedText& source, MappedText& result, std::size_t limit);

// Where the last part before `seam` begins that U+202E has shown from right to left, and that does not end before it;
// `seam` where there is none.
std::size_t OpenOverride(std::string_view text, std::size_t seam);

enum class Turn : std::uint8_t { kRotated, kReversed };

std::string Rotated(std::string_view word);
std::string Reversed(std::string_view word);  // byte by byte

}  // namespace gatehouse::inspect::text
