#include "inspect/byte_block.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>

namespace gatehouse::inspect {
namespace {

template <class Scalar>
std::uint64_t Expected(std::string_view text, std::size_t at, Scalar is) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < ByteBlock::kSize && at + i < text.size(); ++i) {
    if (is(static_cast<unsigned char>(text[at + i]))) bits |= std::uint64_t{1} << i;
  }
  return bits;
}

TEST(ByteBlock, FindsClassesOfBytes) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size <= 150; ++size) {
    // Of its own size, so that a sanitizer sees what is read behind it.
    const auto bytes = std::make_unique<char[]>(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(random());
    const std::string_view text(bytes.get(), size);
    for (std::size_t at = 0; at <= size; at += 13) {
      const ByteBlock block(text, at);
      EXPECT_EQ(block.Find(ByteBlock::IsDigit), Expected(text, at, [](unsigned c) { return c >= '0' && c <= '9'; }));
      EXPECT_EQ(block.Find(ByteBlock::IsCapital), Expected(text, at, [](unsigned c) { return c >= 'A' && c <= 'Z'; }));
      EXPECT_EQ(block.Find(ByteBlock::IsHigh), Expected(text, at, [](unsigned c) { return c >= 0x80; }));
      EXPECT_EQ(block.Find(ByteBlock::IsSpace),
                Expected(text, at, [](unsigned c) { return c == ' ' || (c >= '\t' && c <= '\r'); }));
      EXPECT_EQ(block.Find(ByteBlock::IsLetter),
                Expected(text, at, [](unsigned c) { return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z'; }));
    }
  }
}

TEST(ByteBlock, GivesRangesOfBits) {
  EXPECT_EQ(BitRange(0, 0), 0U);
  EXPECT_EQ(BitRange(0, 64), ~std::uint64_t{0});
  EXPECT_EQ(BitRange(64, 64), 0U);
  EXPECT_EQ(BitRange(3, 5), 0b11000U);
  EXPECT_EQ(BitRange(63, 64), std::uint64_t{1} << 63U);
}

}  // namespace
}  // namespace gatehouse::inspect
