#pragma once

#include <string>
#include <string_view>

namespace gatehouse::codec::sse {

// Appends a comment, which every reader of a stream skips (WHATWG HTML, 9.2.6). It may stand between frames only. Line
// breaks in `text` become blanks.
void AppendComment(std::string& out, std::string_view text);

}  // namespace gatehouse::codec::sse
