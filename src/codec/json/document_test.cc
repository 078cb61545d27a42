#include "codec/json/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "codec/json/skim.h"

namespace gatehouse::codec::json {
namespace {

using ::testing::HasSubstr;

// A text is skimmed as it is parsed, but for names that appear twice.
void ExpectSkimAgrees(std::string_view text, const base::Status& parsed) {
  const bool twice = !parsed.ok() && parsed.error().public_message.find("appears twice") != std::string::npos;
  EXPECT_EQ(Skim(text, {}) != Skimmed::kBroken, parsed.ok() || twice) << text;
}

testing::AssertionResult Accepts(std::string_view text) {
  // A copy without a byte to spare, so that reading past the end is caught.
  const std::vector<char> memory(text.begin(), text.end());
  Document document;
  const auto status = document.Parse(std::string_view(memory.data(), memory.size()));
  ExpectSkimAgrees(std::string_view(memory.data(), memory.size()), status);
  if (status.ok()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << status.error().public_message;
}

std::string Problem(std::string_view text, const Limits& limits = {}) {
  Document document;
  const auto status = document.Parse(text, limits);
  if (limits.depth == Limits{}.depth && limits.values == Limits{}.values) ExpectSkimAgrees(text, status);
  return status.ok() ? "" : status.error().public_message;
}

TEST(JsonValue, FindsSeveralMembersInOnePass) {
  Document document;
  const std::string text = R"({"a":1,"nested":{"b":2},"\u0062":[3],"c":null,"aa":4})";
  ASSERT_TRUE(document.Parse(text).ok());
  constexpr std::array<std::string_view, 4> kNames = {"b", "a", "missing", "c"};
  const auto members = document.root().Members(kNames);
  EXPECT_EQ(members[0].raw(), "[3]");
  EXPECT_EQ(members[1].raw(), "1");
  EXPECT_TRUE(members[2].IsMissing());
  EXPECT_TRUE(members[3].IsNull());
  for (std::size_t i = 0; i < kNames.size(); ++i) EXPECT_EQ(members[i].raw(), document.root()[kNames[i]].raw());
  EXPECT_TRUE(document.root()["a"].Members(kNames)[0].IsMissing());
}

TEST(JsonDocument, IsEmptyOnceReleasedAndParsesAgain) {
  Document document;
  ASSERT_TRUE(document.Parse(R"({"a":"\n"})").ok());
  document.Release();
  EXPECT_TRUE(document.root().IsMissing());
  ASSERT_TRUE(document.Parse(R"({"a":"\n"})").ok());
  EXPECT_EQ(document.root()["a"].string(), "\n");
}

TEST(JsonDocument, AcceptsWhatTheGrammarAllows) {
  for (const std::string text : {
           "null",
           "true",
           "false",
           "0",
           "-0",
           "1",
           "-1",
           "12.5",
           "1e5",
           "1E+5",
           "1e-05",
           "0.0e0",
           "-0.1E-10",
           "123456789012345678901234567890",
           "1e400",
           "1e-400",
           "\"\"",
           "\"a\"",
           "[]",
           "[ ]",
           "{}",
           "{ }",
           "[1]",
           "[1,2]",
           " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n",
           "{\"a\":1}",
           "{ \"a\" : 1 , \"b\" : [ ] }",
           "[[[[]]]]",
           "{\"a\":{\"a\":{\"a\":{}}}}",
           "{\"\":0}",
           "{\"a\":0,\"A\":0}",
           "[{\"a\":1},{\"a\":1}]",
           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\uFFFF\"",
           "\"\\uD83D\\uDE00\"",
           "\"\\ud800\\udc00\"",
           "\"\x7F\"",
           "\"\xC3\xA9\"",
           "\"\xE2\x82\xAC\"",
           "\"\xF0\x9F\x98\x80\"",
           "\"\xEF\xBF\xBF\"",
           "\"\xF4\x8F\xBF\xBF\"",
           "\"\xEF\xBB\xBF\"",
           "\"/\"",
           "\"0123456789abcdef0123456789abcdef\"",
       }) {
    EXPECT_TRUE(Accepts(text)) << text;
  }
}

TEST(JsonDocument, RejectsWhatItDoesNot) {
  for (const std::string text : {
           "",
           " ",
           "\n",
           "nul",
           "nulll",
           "True",
           "TRUE",
           "NaN",
           "Infinity",
           "-",
           "+1",
           "--1",
           "01",
           "-01",
           "00",
           "1.",
           ".5",
           "-.5",
           "1.e5",
           "1e",
           "1e+",
           "1e-",
           "1ee5",
           "1.2.3",
           "0x10",
           "1_000",
           "1 2",
           "[1 2]",
           "[,]",
           "[1,]",
           "[,1]",
           "[1,,2]",
           "[",
           "]",
           "[[]",
           "[]]",
           "{",
           "}",
           "{]",
           "[}",
           "{\"a\"}",
           "{\"a\":}",
           "{\"a\":1,}",
           "{,}",
           "{\"a\" 1}",
           "{\"a\":1 \"b\":2}",
           "{a:1}",
           "{1:1}",
           "{'a':1}",
           "{\"a\":1}}",
           "{null:1}",
           "[\"a\"",
           "\"",
           "\"a",
           "'a'",
           "\"\\\"",
           "\"\\x41\"",
           "\"\\u\"",
           "\"\\u12\"",
           "\"\\u123\"",
           "\"\\u123g\"",
           "\"\\U0041\"",
           "\"\\a\"",
           "\"\\ \"",
           "\"\\u 041\"",
           "\"\n\"",
           "\"\t\"",
           "\"\x01\"",
           "\"\x1F\"",
           "/**/1",
           "1//x",
           "[1]x",
           "\xEF\xBB\xBF[]",
           "[1]\xEF\xBB\xBF",
           "\xFE\xFF",
           "\f1",
           "1\v",
           "\xC2\xA0[1]",
           "[\xE2\x80\xA8]",
           // Surrogates: alone, reversed, with something else behind.
           "\"\\uD800\"",
           "\"\\uDC00\"",
           "\"\\uD800\\uD800\"",
           "\"\\uDC00\\uD800\"",
           "\"\\uD800x\"",
           "\"\\uD800\\n\"",
           "\"\\uD83D\\u0041\"",
           "\"\\uD83D\\uDE0\"",
           "\"\\uD83D\\\"",
           // UTF-8: stray, truncated, overlong, surrogate, too large.
           "\"\x80\"",
           "\"\xBF\"",
           "\"\xC3\"",
           "\"\xC3(\"",
           "\"\xE2\x82\"",
           "\"\xF0\x9F\x98\"",
           "\"\xC0\xAF\"",
           "\"\xC1\xBF\"",
           "\"\xE0\x80\xAF\"",
           "\"\xF0\x80\x80\xAF\"",
           "\"\xED\xA0\x80\"",
           "\"\xED\xBF\xBF\"",
           "\"\xF4\x90\x80\x80\"",
           "\"\xF5\x80\x80\x80\"",
           "\"\xFE\"",
           "\"\xFF\"",
           "\xC3\xA9",
           // Names.
           "{\"a\":1,\"a\":2}",
           "{\"a\":1,\"\\u0061\":2}",
           "{\"\":1,\"\":2}",
           "[{\"x\":{\"k\":1,\"k\":1}}]",
       }) {
    EXPECT_FALSE(Accepts(text)) << ::testing::PrintToString(text);
  }
  EXPECT_FALSE(Accepts(std::string_view("\0", 1)));
  EXPECT_FALSE(Accepts(std::string_view("1\0", 2)));
  EXPECT_FALSE(Accepts(std::string_view("\"\0\"", 3)));
}

TEST(JsonDocument, ErrorsSayWhereAndWhatWasExpected) {
  const struct {
    std::string_view text, problem;
  } cases[] = {
      {"", "at byte 0: expected a value, found the end of the text"},
      {"{\"a\":1,}", "at byte 7: expected a member name in quotes, found '}'"},
      {"[1 2]", "at byte 3: expected ',' or ']' after an element, found '2'"},
      {"{\"a\":1", "at byte 6: expected ',' or '}' after a member, found the end of the text"},
      {"{\"a\" 1}", "at byte 5: expected ':' after the member name, found '1'"},
      {"[\"a\nb\"]",
       "at byte 3: expected an escape such as \\n instead of a control character, found a control character"},
      {"[\"abc", "at byte 5: expected the quote that ends the string"},
      {"[01]", "at byte 1: a number may not begin with a zero"},
      {"{\"a\":1,\"b\":2,\"a\":3}", "at byte 13: the name appears twice in one object"},
      {"[\"\\uD800\"]", "at byte 2: this \\u escape is one half of a surrogate pair"},
      {"[\"ab\xFFzz\"]", "at byte 4: this byte is not valid UTF-8"},
      {"1 \xE2\x82\xAC", "at byte 2: expected the end of the text, found a character outside ASCII"},
  };
  for (const auto& [text, problem] : cases) EXPECT_THAT(Problem(text), HasSubstr(problem)) << text;
}

TEST(JsonDocument, AFailedParseLeavesNothing) {
  Document document;
  ASSERT_TRUE(document.Parse("[1]").ok());
  ASSERT_FALSE(document.Parse("[1").ok());
  EXPECT_TRUE(document.root().IsMissing());
  EXPECT_EQ(document.root()["a"].at(3).raw(), "");
}

TEST(JsonDocument, ReadsMembersAndElements) {
  const std::string text =
      R"({"model":"gpt","n":3,"t":0.5,"s":true,"z":null,"m":[{"r":"u"},{"r":"a","c":"x\ny"}],"o":{}})";
  Document document;
  ASSERT_TRUE(document.Parse(text).ok());
  const Value root = document.root();
  EXPECT_EQ(root.size(), 7U);
  EXPECT_EQ(root["model"].string(), "gpt");
  EXPECT_EQ(root["n"].AsInteger(), 3);
  EXPECT_EQ(root["t"].AsNumber(), 0.5);
  EXPECT_EQ(root["s"].AsBool(), true);
  EXPECT_TRUE(root["z"].IsNull());
  EXPECT_TRUE(root["nope"].IsMissing());
  EXPECT_EQ(root["m"].size(), 2U);
  EXPECT_EQ(root["m"].at(1)["c"].string(), "x\ny");
  EXPECT_EQ(root["m"].at(1)["c"].raw(), R"("x\ny")");
  EXPECT_TRUE(root["m"].at(2).IsMissing());
  EXPECT_TRUE(root["o"].empty());
  EXPECT_EQ(root["m"].at(0).raw(), R"({"r":"u"})");
  EXPECT_EQ(text.substr(root["m"].offset(), root["m"].raw().size()), root["m"].raw());
}

TEST(JsonDocument, AskingForTheWrongTypeIsHarmless) {
  Document document;
  ASSERT_TRUE(document.Parse(R"({"s":"x","n":1})").ok());
  const Value root = document.root();
  EXPECT_EQ(root["s"].AsInteger(), std::nullopt);
  EXPECT_EQ(root["s"].AsBool(), std::nullopt);
  EXPECT_EQ(root["n"].AsString(), std::nullopt);
  EXPECT_EQ(root["n"].string(), "");
  EXPECT_TRUE(root["n"]["deeper"].IsMissing());
  EXPECT_EQ(root["s"].begin(), root["s"].end());
  EXPECT_TRUE(root.at(0).IsMissing());
  EXPECT_EQ(Value().size(), 0U);
}

TEST(JsonDocument, IteratesInTheOrderOfTheText) {
  Document document;
  ASSERT_TRUE(document.Parse(R"( {"b":[1,[2,3],{"x":4}], "a\u0021":"q"} )").ok());
  std::string seen;
  for (const auto& [key, value, key_offset] : document.root()) {
    seen += std::string(key) + "=" + std::string(value.raw()) + "@" + std::to_string(key_offset) + ";";
    for (const auto& member : value) seen += std::string(member.value.raw()) + ",";
  }
  EXPECT_EQ(seen, R"(b=[1,[2,3],{"x":4}]@2;1,[2,3],{"x":4},a!="q"@25;)");
}

TEST(JsonDocument, DecodesEscapes) {
  Document document;
  ASSERT_TRUE(document.Parse(R"(["\"\\\/\b\f\n\r\t\u0000\u0041\u00e9\u20AC\uD83D\uDE00 plain"])").ok());
  const std::string expected("\"\\/\b\f\n\r\t\0A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 plain", 25);
  EXPECT_EQ(document.root().at(0).string(), expected);
}

TEST(JsonDocument, StringStopsAreFoundAtEveryPosition) {
  for (std::size_t n = 0; n < 70; ++n) {
    const std::string run(n, 'x');
    EXPECT_TRUE(Accepts("\"" + run + "\"")) << n;
    EXPECT_TRUE(Accepts("[\"" + run + "\",\"" + run + "y\"]")) << n;
    EXPECT_FALSE(Accepts("\"" + run + "\x1F" + run + "\"")) << n;
    EXPECT_FALSE(Accepts("\"" + run)) << n;
    Document document;
    const std::string escaped = "\"" + run + "\\n" + run + "\"";
    ASSERT_TRUE(document.Parse(escaped).ok());
    EXPECT_EQ(document.root().string(), run + "\n" + run);
  }
}

TEST(JsonDocument, EveryTruncationIsRejected) {
  const std::string text =
      R"({"model":"x\u00e9y","messages":[{"role":"user","content":[{"type":"text","text":"h\"i"}]},{"n":-1.5e+3}],"t":true,"z":null})";
  ASSERT_TRUE(Accepts(text));
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(Accepts(text.substr(0, i))) << i;
}

TEST(JsonDocument, LimitsDepth) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(Accepts(nested(128)));
  EXPECT_THAT(Problem(nested(129)), HasSubstr("at byte 128: nested deeper than 128 levels"));
  EXPECT_FALSE(Accepts(std::string(1'000'000, '[')));
  EXPECT_EQ(Problem("[[1]]", {.depth = 2}), "");
  EXPECT_THAT(Problem("[[[1]]]", {.depth = 2}), HasSubstr("levels"));
}

TEST(JsonDocument, LimitsValues) {
  EXPECT_EQ(Problem("[1,2]", {.values = 3}), "");
  EXPECT_THAT(Problem("[1,2,3]", {.values = 3}), HasSubstr("more than 3 values"));
}

TEST(JsonDocument, FindsADuplicateInLargeObjects) {
  for (const int n : {5, 31, 32, 33, 34, 1000}) {
    std::string text = "{";
    for (int i = 0; i < n; ++i) text += "\"a long common beginning " + std::to_string(i) + " and end\":1,";
    EXPECT_TRUE(Accepts(text + "\"last\":{}}"));
    for (const int twin : {0, n / 2, n - 1}) {
      const auto name = "\"a long common beginning " + std::to_string(twin) + " and end\"";
      EXPECT_THAT(Problem(text + name + ":2}"), HasSubstr("twice")) << n;
    }
  }
}

TEST(JsonDocument, NumbersAreExact) {
  const struct {
    std::string_view text;
    std::optional<std::int64_t> integer;
    std::optional<double> number;
  } cases[] = {
      {"0", 0, 0.0},
      {"-0", 0, -0.0},
      {"1e3", 1000, 1000.0},
      {"2.0", 2, 2.0},
      {"2.5", std::nullopt, 2.5},
      {"25e-1", std::nullopt, 2.5},
      {"250e-1", 25, 25.0},
      {"-1.20e1", -12, -12.0},
      {"0.00e99", 0, 0.0},
      {"0e999999999999999999999", 0, 0.0},
      {"9007199254740993", 9007199254740993, 9007199254740992.0},
      {"9007199254740993.0", 9007199254740993, 9007199254740992.0},
      {"9223372036854775807", 9223372036854775807, 9223372036854775807.0},
      {"9223372036854775808", std::nullopt, 9223372036854775808.0},
      {"9223372036854775808.0", std::nullopt, 9223372036854775808.0},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0},
      {"-922337203685477580.80e1", std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0},
      {"-9223372036854775809", std::nullopt, -9223372036854775808.0},
      {"1e18", 1000000000000000000, 1e18},
      {"1e19", std::nullopt, 1e19},
      {"1e308", std::nullopt, 1e308},
      {"1e400", std::nullopt, std::nullopt},
      {"-1e400", std::nullopt, std::nullopt},
      {"1e-400", std::nullopt, 0.0},
      {"1e99999999999999999999", std::nullopt, std::nullopt},
      {"1e-99999999999999999999", std::nullopt, 0.0},
      {"0.1", std::nullopt, 0.1},
      {"4.9406564584124654e-324", std::nullopt, 4.9406564584124654e-324},
  };
  for (const auto& [text, integer, number] : cases) {
    Document document;
    ASSERT_TRUE(document.Parse(text).ok()) << text;
    EXPECT_EQ(document.root().AsInteger(), integer) << text;
    EXPECT_EQ(document.root().AsNumber(), number) << text;
  }
}

TEST(JsonDocument, AMovedDocumentStillHoldsItsText) {
  const std::string text = R"(["a\tb", 1])";
  Document first;
  ASSERT_TRUE(first.Parse(text).ok());
  const Document second = std::move(first);
  EXPECT_EQ(second.root().at(0).string(), "a\tb");
}

}  // namespace
}  // namespace gatehouse::codec::json
