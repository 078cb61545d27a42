#include "codec/crypto/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::codec::crypto {
namespace {

// RFC 3720, appendix B.4, and the check value of the polynomial.
TEST(Crc32c, KnownSums) {
  std::string rising;
  std::string falling;
  for (int i = 0; i < 32; ++i) {
    rising.push_back(static_cast<char>(i));
    falling.push_back(static_cast<char>(31 - i));
  }
  for (auto* sum : {&Crc32c, &Crc32cByTable}) {
    EXPECT_EQ((*sum)("", 0), 0U);
    EXPECT_EQ((*sum)("123456789", 0), 0xE306'9283U);
    EXPECT_EQ((*sum)(std::string(32, '\0'), 0), 0x8A91'36AAU);
    EXPECT_EQ((*sum)(std::string(32, '\xFF'), 0), 0x62A8'AB43U);
    EXPECT_EQ((*sum)(rising, 0), 0x46DD'794EU);
    EXPECT_EQ((*sum)(falling, 0), 0x113F'DB5CU);
  }
}

TEST(Crc32c, BothWaysAgreeHoweverTheBytesAreCut) {
  std::string bytes;
  for (int i = 0; i < 400; ++i) bytes.push_back(static_cast<char>(i * 37));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view text(bytes.data(), size);
    const std::uint32_t whole = Crc32cByTable(text);
    EXPECT_EQ(Crc32c(text), whole);
    for (std::size_t cut = 0; cut <= size; cut += 37) {
      EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), whole);
    }
  }
}

TEST(Crc32c, BothWaysAgreeOnLongTexts) {
  std::string bytes;
  std::uint32_t noise = 1;
  for (int i = 0; i < 20'000; ++i)
    bytes.push_back(static_cast<char>((noise = noise * 1'664'525 + 1'013'904'223) >> 24U));
  const std::string_view text(bytes);
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (const std::size_t size : {3071U, 3072U, 3073U, 3168U, 6144U, 19'990U}) {
      EXPECT_EQ(Crc32c(text.substr(begin, size), noise), Crc32cByTable(text.substr(begin, size), noise)) << size;
    }
  }
}

}  // namespace
}  // namespace gatehouse::codec::crypto
