#pragma once

#include <cstddef>

#include "inspect/text/mapped_text.h"

namespace gatehouse::inspect::text {

// Makes `result` the source with letters and digits joined that stand alone between equal separators ("i g n o r e",
// "p-a-s-s", "4.1.1.1"), and signs that stand so between them: at least three, four where spaces separate them, eight
// where all are digits. Wider gaps
// become spaces between words; where there are none, the words of the Vocabulary are told apart.
Change JoinSpaced(const MappedText& source, MappedText& result, std::size_t limit);

}  // namespace gatehouse::inspect::text
