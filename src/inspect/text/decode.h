#pragma once

#include <cstddef>

#include "inspect/text/mapped_text.h"

namespace gatehouse::inspect::text {

// Makes `result` the source with everything read once that is written in an encoding: percent signs, entities of HTML,
// escapes with a backslash, quoted-printable, long words in hexadecimal digits, base64 or base32, and hexadecimal
// digits by pairs. kSome only where that says something: a line's end written as \n alone does not.
Change Decode(const MappedText& source, MappedText& result, std::size_t limit);

}  // namespace gatehouse::inspect::text
