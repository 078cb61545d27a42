#pragma once

#include <cstddef>
#include <string_view>

// What stands before a place tells how what stands there is meant. At most Detector::kContext bytes are looked at.
namespace gatehouse::inspect::content {

// Whether it is quoted, in a line of code, or given as an example of what it is.
bool IsSpokenAbout(std::string_view text, std::size_t at);

// Whether nobody sees it: a comment of HTML, or an element with a style that has neither size nor colour.
bool IsHidden(std::string_view text, std::size_t at);

// Whether a line begins there, but for blanks and signs.
bool IsLineBegin(std::string_view text, std::size_t at);

}  // namespace gatehouse::inspect::content
