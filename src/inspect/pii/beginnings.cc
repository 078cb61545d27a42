#include "inspect/pii/beginnings.h"

#include <cstring>

#include "base/target_clones.h"
#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

using Block = std::uint8_t __attribute__((ext_vector_type(ByteBlock::kSize)));
using Flags = bool __attribute__((ext_vector_type(ByteBlock::kSize)));

// Bytes of a block, a bit for each.
struct Classes {
  std::uint64_t word = 0;     // letters, digits and what is not of ASCII
  std::uint64_t capital = 0;  // and what may be the first byte of one
  std::uint64_t other = 0;    // digits and "@"
};

// The classes of blocks that follow one another. What there is of it for newer processors is chosen at the start.
GH_TARGET_CLONES void Classify(const char* text, std::size_t blocks, Classes* classes) {
  const auto bits = [](const auto& test) __attribute__((always_inline)) {
    return __builtin_bit_cast(std::uint64_t, __builtin_convertvector(test, Flags));
  };
  for (std::size_t block = 0; block < blocks; ++block) {
    Block bytes;
    std::memcpy(&bytes, text + (block * ByteBlock::kSize), sizeof bytes);
    const auto digit = bytes - '0' <= 9;
    const auto letter = (bytes | 0x20) - 'a' <= 'z' - 'a';
    classes[block] = {.word = bits(digit | letter | (bytes >= 0x80)),
                      .capital = bits((bytes - 'A' <= 'Z' - 'A') | (bytes - 0xC3 <= 2)),
                      .other = bits(digit | (bytes == '@'))};
  }
}

}  // namespace

Beginnings::Beginnings(std::string_view text, std::size_t begin) : text_(text), at_(begin) {
  if (begin < text.size()) Advance();
}

// Of the block at `at_` and those behind it.
void Beginnings::FindMore() {
  std::array<Classes, kAtOnce> classes;
  const std::string_view rest = text_.substr(at_);
  const std::size_t whole = std::min(rest.size() / ByteBlock::kSize, kAtOnce);
  Classify(rest.data(), whole, classes.data());
  std::size_t count = whole;
  if (count < kAtOnce && rest.size() % ByteBlock::kSize != 0) {
    std::array<char, ByteBlock::kSize> padded{};
    rest.copy(padded.data(), padded.size(), whole * ByteBlock::kSize);
    Classify(padded.data(), 1, &classes[count++]);
  }
  std::uint64_t before = at_ > 0 && IsWordByte(text_[at_ - 1]) ? 1 : 0;
  for (std::size_t block = 0; block < count; ++block) {
    const Classes& of = classes.at(block);
    blocks_.at(block) = of.other | (of.capital & ~(of.word << 1U | before));
    before = of.word >> (ByteBlock::kSize - 1);
  }
  next_ = 0;
}

}  // namespace gatehouse::inspect::pii
