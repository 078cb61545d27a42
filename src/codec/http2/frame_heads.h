#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace gatehouse::codec::http2 {

// Keeps each frame's nine-byte head (RFC 9113, 4.1) in one piece, however the bytes were cut: nghttp2 counts every
// piece of a CONTINUATION's head as a CONTINUATION of its own.
class FrameHeads {
 public:
  // `before` bytes precede the first frame.
  explicit FrameHeads(std::size_t before) : payload_left_(before) {}

  // What is to be taken now, in this order. Views of the argument, or of this object until the next call.
  struct Parts {
    std::string_view completed;  // a head whose first part came earlier
    std::string_view whole;
  };
  Parts Split(std::string_view bytes);

 private:
  static constexpr std::size_t kHeadBytes = 9;

  std::array<char, kHeadBytes> head_{};  // the first bytes of a head
  std::array<char, kHeadBytes> completed_{};
  std::size_t held_ = 0;          // bytes of head_
  std::size_t payload_left_ = 0;  // of the frame whose head is complete
};

}  // namespace gatehouse::codec::http2
