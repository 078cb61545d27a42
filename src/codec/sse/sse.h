#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatehouse::codec::sse {

// One server-sent event (WHATWG HTML, 9.2.6). Views into the parser's memory or the bytes last fed. `raw` is valid
// until the next Feed, so that all frames of one read can be passed on together; the others until the next call.
struct Frame {
  std::string_view event;  // "" when the stream named none
  std::string_view data;   // the data lines joined by \n
  std::string_view id;
  std::string_view raw;  // the frame's bytes as they came, with the blank line that ends it
};

// Splits a byte stream into frames: any cut of the bytes gives the same frames. Accepts \n, \r\n and \r line ends, a
// leading BOM, comments. A \r that may be the first half of a \r\n ends its frame only when the next byte has come.
// Bounded: a frame larger than the limit is an error, and the last thing the parser says. Sans-I/O; one thread.
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
  static constexpr std::size_t kNoFrameEnd = static_cast<std::size_t>(-1);

  // What the scan for the end of the frame knows of the current line.
  enum class Line : std::uint8_t {
    kEmpty,               // no byte of it has come
    kText,                // some have
    kCarriageReturn,      // a \r ended it; a \n may belong to that
    kLastCarriageReturn,  // the same, and the line was blank: the frame is complete
  };
  enum class Carry : std::uint8_t {
    kUnfinished,  // the carry is the beginning of a frame
    kReturned,    // the carry is the frame that was returned last
    kFailed,      // over the limit
  };

  // Offset in input_ behind the frame that the carry and input_ begin with. Every byte is looked at once.
  std::size_t FindFrameEnd();
  Outcome ParseFrame(std::string_view raw, Frame& frame);
  // The carry that is being filled. A returned one is left alone and the other taken, for `raw` looks into it.
  std::string& carry() { return carries_[active_]; }
  base::Error TooLarge();

  std::size_t max_frame_bytes_;
  std::array<std::string, 2> carries_;  // a frame, or its beginning, that came in several feeds
  std::size_t active_ = 0;
  std::string joined_;  // data of a frame with several data lines
  std::string_view input_;
  bool first_ = true;  // a BOM is still possible
  Line line_ = Line::kEmpty;
  Carry carry_state_ = Carry::kUnfinished;
};

// Appends one frame. `event` may be ""; a line break in `data` becomes a further data line.
void AppendFrame(std::string& out, std::string_view event, std::string_view data);

}  // namespace gatehouse::codec::sse
