#pragma once

#include <string>
#include <string_view>

namespace gatehouse::golden {

// The bytes of an event stream (application/vnd.amazon.eventstream) that is written down as text, so that it can be
// reviewed: a message a line, its event type and its payload with a blank between; an exception's type begins with "!".
// Empty lines and those that begin with "#" say nothing.
std::string EventStreamOf(std::string_view lines);

// The other direction: what an encoder wrote, as such lines. Bytes that are no event stream are said to be so.
std::string LinesOf(std::string_view event_stream);

}  // namespace gatehouse::golden
