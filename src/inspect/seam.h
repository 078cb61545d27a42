#pragma once

#include <cstddef>
#include <string_view>

namespace gatehouse::inspect {

// Where a text may be cut before all of it is there, so that nothing to be found lies on both sides. Decided by what
// stands before the cut alone, because the rest has not come yet.
//
// A seam is behind white space, unless the word before it may go on in the next one:
// - it has a digit, begins with an upper-case letter or any byte above 0x7F, or has one character only (numbers in
// groups,
//   names, addresses, dates, letters that were spaced out);
// - it is a particle of names ("van", "de", "la", "of", ...);
// - it ends with one of : = - + ( / or a quote mark, so that what it introduces stays with it.
// Such words stay together up to kLongest bytes; a line's end is a seam all the same where a letter comes before it. A
// word without white space is never cut below kLongestWord bytes.
inline constexpr std::size_t kLongest = 160;
inline constexpr std::size_t kLongestWord = 4096;

// The last seam in `text`, as the offset of the byte behind it; 0 where there is none. The text begins at a seam.
std::size_t LastSeam(std::string_view text);

}  // namespace gatehouse::inspect
