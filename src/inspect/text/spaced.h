#pragma once

#include <cstddef>
#include <string_view>

#include "inspect/text/mapped_text.h"

namespace gatehouse::inspect::text {

// Makes `result` the source with letters and digits joined that stand alone between equal separators ("i g n o r e",
// "p-a-s-s", "4.1.1.1"), and signs that stand so between them: at least three, four where spaces separate them, eight
// where all are digits. Wider gaps
// become spaces between words; where there are none, the words of the Vocabulary are told apart.
Change JoinSpaced(const MappedText& source, MappedText& result, std::size_t limit);

// Where the word before `seam`, which is behind white space, begins if its last character stands alone and the next
// word is one character, or has not come: others may follow that are joined with it. `seam` otherwise.
std::size_t OpenSpaced(std::string_view text, std::size_t seam);

}  // namespace gatehouse::inspect::text
