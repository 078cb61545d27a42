#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inspect/byte_block.h"

namespace gatehouse::inspect::pii {

// The bytes of a text at which something may begin that is looked at: digits, "@", and capitals of Latin script that
// begin a word. Each is given once, in order, or left out. The text outlives it.
class Beginnings {
 public:
  Beginnings(std::string_view text, std::size_t begin);

  // The first one at or behind `from`, which is not before what was given last; the text's size where there is none.
  std::size_t Next(std::size_t from) {
    while (at_ < text_.size()) {
      if (from > at_) found_ &= BitRange(std::min(from - at_, ByteBlock::kSize), ByteBlock::kSize);
      if (found_ != 0) return at_ + static_cast<std::size_t>(std::countr_zero(found_));
      at_ += ByteBlock::kSize;
      if (at_ < text_.size()) Advance();
    }
    return text_.size();
  }

 private:
  static constexpr std::size_t kAtOnce = 32;  // blocks

  void Advance() {
    if (next_ == kAtOnce) FindMore();
    found_ = blocks_[next_++];
  }
  void FindMore();

  std::string_view text_;
  std::size_t at_;           // of the block
  std::uint64_t found_ = 0;  // of the block, a bit for each byte
  std::array<std::uint64_t, kAtOnce> blocks_;
  std::size_t next_ = kAtOnce;  // of the blocks that are found
};

}  // namespace gatehouse::inspect::pii
