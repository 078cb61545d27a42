#pragma once

#include <cstddef>
#include <string_view>

#include "inspect/finding.h"
#include "inspect/word_reader.h"

namespace gatehouse::inspect {

// Where a text may be cut before all of it is there, so that nothing to be found lies on both sides. Decided by what
// stands before the cut alone, because the rest has not come yet.
//
// A seam is behind white space, unless the last word before it may go on in the next one:
// - it has a digit or any byte above 0x7F, its first letter is a capital, or it has one character only (numbers in
//   groups, names, addresses, dates, letters that were spaced out);
// - it is a particle of names ("van", "de", "la", "of", ...);
// - it ends with one of : = - + ( / or a quote mark, so that what it introduces stays with it.
// Such words stay together up to kLongest bytes, and up to kLongestSpaced once a character stands alone, or a byte like
// 6e; a line's end is a seam all the same where a letter or an empty line comes before it. Scripts that are written
// without spaces have seams behind their commas and stops too. A piece without any of these is cut at kLongestWord
// bytes, between characters. CR LF is one line's end.
//
// What is between two seams does not depend on what stands before the first: a text that was cut at any of its seams
// has the others where they were.
inline constexpr std::size_t kLongest = 160;
inline constexpr std::size_t kLongestSpaced = 512;
inline constexpr std::size_t kLongestWord = 4096;

// The last seam in `text`, as the offset of the byte behind it; 0 where there is none. The text begins at a seam. What
// is behind it is less than kLongestWord bytes. Linear in what is behind the last word that ends a seam.
std::size_t LastSeam(std::string_view text);

// The first seam in `text` behind its beginning, or its size.
std::size_t NextSeam(std::string_view text);

// The pieces of a text between its seams, one after the other: those that are asked about are found, and mostly no more
// than the words around them is looked at. The text outlives it.
class PieceFinder {
 public:
  // `seam`: one of the text, from which on it is asked about.
  PieceFinder(std::string_view text, std::size_t seam)
      : words_(text), first_(seam), piece_({.begin = seam, .end = seam}) {}

  // The bytes between two seams that text[at] is among, up to the end of the text where no seam follows. REQUIRES: at
  // or behind the first seam, and less than the text's size.
  Span At(std::size_t at);
  // The piece that was asked about last.
  Span piece() const { return piece_; }

 private:
  WordReader words_;
  std::size_t first_;
  Span piece_;
};

// The same of one place.
Span PieceAt(std::string_view text, std::size_t seam, std::size_t at);

}  // namespace gatehouse::inspect
