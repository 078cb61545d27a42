#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::pipeline {

// What a client sent and what it got, byte for byte, of an exchange whose payloads are kept. Each is cut at a length.
struct PayloadCopy {
  struct Bytes {
    std::string text;
    enum class Extent : std::uint8_t { kWhole, kCut } extent = Extent::kWhole;
  };
  std::size_t longest = 0;
  Bytes request;
  Bytes response;

  void Append(Bytes& bytes, std::string_view more) const {
    const std::size_t room = longest - std::min(longest, bytes.text.size());
    if (more.size() > room) bytes.extent = Bytes::Extent::kCut;
    bytes.text.append(more.substr(0, room));
  }
};

}  // namespace gatehouse::pipeline
