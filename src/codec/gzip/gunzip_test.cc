#include "codec/gzip/gunzip.h"

#include <gtest/gtest.h>

namespace gatehouse::codec::gzip {
namespace {

using namespace std::string_view_literals;

// Two members: "hello, " and "world".
constexpr std::string_view kFile =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x00\x00\x99\x56\xea\x11\x07\x00\x00\x00\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xcf\x2f\xca\x49\x01\x00\x43\x11\x77\x3a\x05\x00\x00\x00"sv;

TEST(Gunzip, JoinsMembers) {
  EXPECT_TRUE(IsGzip(kFile));
  const auto text = Gunzip(kFile, 100);
  ASSERT_TRUE(text.ok()) << text.error().public_message;
  EXPECT_EQ(text.value(), "hello, world");
}

TEST(Gunzip, RefusesWhatIsCutOrDamaged) {
  for (std::size_t size = 0; size < kFile.size(); ++size) {
    const auto text = Gunzip(kFile.substr(0, size), 100);
    EXPECT_TRUE(!text.ok() || text.value() == "hello, ") << size;
  }
  std::string damaged(kFile);
  damaged[12] ^= 0x20;
  EXPECT_FALSE(Gunzip(damaged, 100).ok());
  EXPECT_FALSE(IsGzip("hello"));
  EXPECT_FALSE(Gunzip("hello", 100).ok());
}

TEST(Gunzip, KeepsToTheLimit) {
  EXPECT_TRUE(Gunzip(kFile, 12).ok());
  EXPECT_FALSE(Gunzip(kFile, 11).ok());
}

}  // namespace
}  // namespace gatehouse::codec::gzip
