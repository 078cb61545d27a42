#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "llm/event.h"

namespace gatehouse::llm::dialect::common {

// Citations of texts that are not complete: an origin may cite a text before its first word, and where it gives no
// range only the end of the text tells what is cited. One choice, one thread.
class HeldUrls {
 public:
  void Add(const Annotated& event) {
    for (const UrlCitation& url : event.urls) held_.emplace_back(event.block, url);
  }
  // Those of the block, in order.
  std::vector<UrlCitation> Take(std::uint32_t block) {
    std::vector<UrlCitation> taken;
    for (auto& held : held_) {
      if (held.first == block) taken.push_back(std::move(held.second));
    }
    std::erase_if(held_, [&](const auto& held) { return held.first == block; });
    return taken;
  }
  bool empty() const { return held_.empty(); }

 private:
  std::vector<std::pair<std::uint32_t, UrlCitation>> held_;  // by block
};

}  // namespace gatehouse::llm::dialect::common
