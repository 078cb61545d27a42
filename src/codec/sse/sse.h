#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatehouse::codec::sse {

// One server-sent event (WHATWG HTML, 9.2.6). Views into the parser's memory, valid until the next call of Feed().
struct Frame {
  std::string_view event;  // "" when the stream named none
  std::string_view data;   // the data lines joined by \n
  std::string_view id;
  std::string_view raw;  // the frame's bytes as they came, with the blank line that ends it
};

// Splits a byte stream into frames: any cut of the bytes gives the same frames. Accepts \n, \r\n and \r line ends, a
// leading BOM, comments. Bounded: a frame larger than the limit is an error. Sans-I/O; one thread.
class Parser {
 public:
  explicit Parser(std::size_t max_frame_bytes = 16 * 1024 * 1024) : max_frame_bytes_(max_frame_bytes) {}

  // Hands `bytes` to the parser. The bytes are copied only where a frame spans two calls.
  // REQUIRES: Next() has returned kNeedMore since the last Feed, and `bytes` stays unchanged until it does so again.
  void Feed(std::string_view bytes);

  enum class Outcome { kFrame, kNeedMore };
  // The next frame with data or an event name (comments and empty frames are skipped), kNeedMore when the bytes are
  // used up, or kBadUpstream for a frame over the limit.
  base::Result<Outcome> Next(Frame& frame);

  // What a stream that ended left without its blank line: providers that close early end their last frame so. Empty if
  // none. A leftover that parses as a frame is returned like one.
  base::Result<Outcome> Finish(Frame& frame);

 private:
  std::size_t max_frame_bytes_;
  std::string carry_;   // the beginning of a frame whose end has not come
  std::string joined_;  // data of a frame with several data lines
  std::string_view input_;
  std::size_t position_ = 0;
  bool first_ = true;            // a BOM is still possible
  bool skip_line_feed_ = false;  // the last byte seen was a \r that ended a frame
};

// Appends one frame. `event` may be ""; a line break in `data` becomes a further data line.
void AppendFrame(std::string& out, std::string_view event, std::string_view data);

}  // namespace gatehouse::codec::sse
