#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pipeline/payload_room.h"

namespace gatehouse::pipeline {

// What a client sent and what it got, byte for byte, of an exchange whose payloads are kept. Each is cut at a length,
// and both are let go where all exchanges together keep as much as they may.
struct PayloadCopy {
  struct Bytes {
    std::string text;      // "" unless texts are kept
    std::size_t size = 0;  // of what there was, up to the length
    enum class Extent : std::uint8_t { kWhole, kCut } extent = Extent::kWhole;
  };
  std::size_t longest = 0;
  PayloadShare share = {};
  // kNoRoom: the texts were to be kept, and are not.
  enum class Keeping : std::uint8_t { kTexts, kSizes, kNoRoom } keeping = Keeping::kTexts;
  Bytes request = {};
  Bytes response = {};

  void Append(Bytes& bytes, std::string_view more) {
    const std::size_t room = longest - std::min(longest, bytes.size);
    if (more.size() > room) bytes.extent = Bytes::Extent::kCut;
    more = more.substr(0, room);
    bytes.size += more.size();
    if (keeping != Keeping::kTexts || Grow(bytes.text, bytes.text.size() + more.size()) != Keeping::kTexts) return;
    bytes.text.append(more);
  }

 private:
  // Twice as long each time, so that what is taken for a text is what it has in memory.
  Keeping Grow(std::string& text, std::size_t size) {
    constexpr std::size_t kLeast = 1024;
    if (size <= text.capacity()) return keeping;
    const std::size_t grown = std::max({size, 2 * text.capacity(), kLeast});
    if (share.Take(grown - text.capacity()) == PayloadRoom::Answer::kNoRoom) {
      LetGo();
    } else {
      text.reserve(grown);
    }
    return keeping;
  }
  void LetGo() {
    keeping = Keeping::kNoRoom;
    std::string().swap(request.text);  // assigning would keep the memory
    std::string().swap(response.text);
    share.GiveBack();
  }
};

}  // namespace gatehouse::pipeline
