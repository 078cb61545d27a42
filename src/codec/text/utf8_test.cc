#include "codec/text/utf8.h"

#include <gtest/gtest.h>

#include "codec/text/scan.h"

namespace gatehouse::codec::text {
namespace {

TEST(Utf8, EveryScalarValueSurvives) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value < 0xE000) continue;
    std::string out;
    AppendCodePoint(out, value);
    const auto point = DecodeAt(out, 0);
    ASSERT_EQ(point.value, value);
    ASSERT_EQ(point.length, out.size());
  }
}

TEST(Utf8, FindsTheFirstInvalidByte) {
  EXPECT_EQ(ValidUtf8Prefix(""), 0U);
  EXPECT_EQ(ValidUtf8Prefix("plain text that is longer than eight"), 36U);
  EXPECT_EQ(ValidUtf8Prefix("12345678\xC3\xA9\xFF"), 10U);
  EXPECT_EQ(ValidUtf8Prefix("\xE2\x82"), 0U);
  EXPECT_EQ(ValidUtf8Prefix("\xED\xA0\x80"), 0U);
  EXPECT_EQ(ValidUtf8Prefix("\xF4\x90\x80\x80"), 0U);
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFFz\xE2\x82"), "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Scan, BothWidthsFindTheSameByte) {
  for (std::size_t size = 0; size < 50; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        const char* const begin = text.data();
        const char* const end = begin + size;
        const bool stops = c < 0x20 || c == '"' || c == '\\';
        const char* const expected = stops ? begin + at : end;
        ASSERT_EQ(Find<JsonStringStop>(begin, end), expected) << size << " " << at << " " << c;
        ASSERT_EQ(FindSwar<JsonStringStop>(begin, end), expected) << size << " " << at << " " << c;
        const char* const line = c == '\n' || c == '\r' ? begin + at : end;
        ASSERT_EQ(Find<LineEnd>(begin, end), line);
        ASSERT_EQ(FindSwar<LineEnd>(begin, end), line);
      }
    }
  }
}

}  // namespace
}  // namespace gatehouse::codec::text
