#include "codec/http2/frame_heads.h"

#include <algorithm>

namespace gatehouse::codec::http2 {
namespace {

std::size_t PayloadLength(std::string_view head) {
  std::size_t length = 0;
  for (const char byte : head.substr(0, 3)) length = length << 8 | static_cast<unsigned char>(byte);
  return length;
}

}  // namespace

FrameHeads::Parts FrameHeads::Split(std::string_view bytes) {
  Parts parts;
  if (held_ > 0) {
    const auto missing = bytes.substr(0, kHeadBytes - held_);
    std::ranges::copy(missing, head_.begin() + held_);
    held_ += missing.size();
    bytes.remove_prefix(missing.size());
    if (held_ < kHeadBytes) return parts;
    completed_ = head_;
    parts.completed = {completed_.data(), kHeadBytes};
    payload_left_ = PayloadLength(parts.completed);
    held_ = 0;
  }
  std::size_t at = payload_left_;
  while (at + kHeadBytes <= bytes.size()) at += kHeadBytes + PayloadLength(bytes.substr(at));
  parts.whole = bytes.substr(0, at);
  payload_left_ = at - parts.whole.size();
  const auto rest = bytes.substr(parts.whole.size());
  std::ranges::copy(rest, head_.begin());
  held_ = rest.size();
  return parts;
}

}  // namespace gatehouse::codec::http2
