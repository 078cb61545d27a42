#include "codec/json/writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "codec/json/document.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::json {
namespace {

TEST(JsonWriter, PutsCommasAndColonsWhereTheyBelong) {
  std::string out = "before ";
  Writer w(out);
  w.BeginObject().Field("a", "x").Key("b").BeginArray().Number(1).Null().Bool(true).BeginObject().EndObject();
  w.BeginArray().EndArray().Raw("{\"r\":1}").EndArray().Field("c", 2.5).Field("d", false).RawField("e", "[]");
  w.Field("f", std::uint64_t{18446744073709551615U}).EndObject();
  EXPECT_EQ(out,
            R"(before {"a":"x","b":[1,null,true,{},[],{"r":1}],"c":2.5,"d":false,"e":[],"f":18446744073709551615})");
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(out, text);
  return out;
}

TEST(JsonWriter, EscapesWhatMustBe) {
  EXPECT_EQ(Quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(Quoted(std::string_view("\b\f\n\r\t\0\x1F\x7F", 8)), "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7F\"");
  EXPECT_EQ(Quoted("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(Quoted("a\xFF"
                   "b\xC3"),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted(""), "\"\"");
}

TEST(JsonWriter, NumbersReadBackTheSame) {
  std::mt19937_64 random(11);
  const auto check = [](double number) {
    std::string out;
    Writer(out).Number(number);
    Document document;
    ASSERT_TRUE(document.Parse(out).ok()) << out;
    ASSERT_EQ(document.root().AsNumber(), number) << out;
  };
  for (int i = 0; i < 20000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (std::isfinite(number)) check(number);
  }
  for (const double number : {0.0, -0.0, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308}) check(number);
  std::string out;
  Writer(out).BeginArray().Number(std::nan("")).Number(std::numeric_limits<double>::infinity()).Number(3.0).EndArray();
  EXPECT_EQ(out, "[null,null,3]");
}

TEST(JsonWriter, StringsReadBackTheSame) {
  std::mt19937 random(5);
  const std::u32string alphabet = U"ab\"\\/\n\t\x01\x1F\x7F\x00E9\x20AC\x1F600\xFFFF ";
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::size_t n = random() % 60; n > 0; --n) text::AppendCodePoint(text, alphabet[random() % alphabet.size()]);
    const std::string out = Quoted(text);
    Document document;
    ASSERT_TRUE(document.Parse(out).ok()) << out;
    ASSERT_EQ(document.root().string(), text);
  }
}

}  // namespace
}  // namespace gatehouse::codec::json
