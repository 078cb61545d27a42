#include "inspect/pattern/pattern_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace gatehouse::inspect::pattern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr auto kPattern = Trigger::Kind::kPattern;
constexpr auto kLiteral = Trigger::Kind::kLiteral;
constexpr auto kSensitive = Trigger::Case::kSensitive;

PatternSet Compiled(const std::vector<Trigger>& patterns) {
  auto set = PatternSet::Compile(patterns);
  EXPECT_TRUE(set.ok());
  return std::move(set).value();
}

std::vector<std::pair<std::uint32_t, std::size_t>> Found(const PatternSet& set, std::string_view text) {
  PatternSet::Scratch scratch(set);
  std::vector<Hit> hits;
  EXPECT_EQ(set.Scan(text, scratch, hits), PatternSet::Scanned::kWhole);
  std::vector<std::pair<std::uint32_t, std::size_t>> found;
  for (const Hit& hit : hits) found.emplace_back(hit.trigger, hit.end);
  return found;
}

TEST(PatternSet, FindsLiteralsOfEitherCase) {
  const PatternSet set = Compiled({{.text = "Token"}, {.text = "AKIA", .letters = kSensitive}});
  EXPECT_THAT(Found(set, "a TOKEN, akia AKIA token"), ElementsAre(Pair(0, 7), Pair(1, 18), Pair(0, 24)));
}

TEST(PatternSet, TakesLiteralsLiterally) {
  const PatternSet set = Compiled({{.text = "a.c*"}, {.text = "\\d"}, {.text = "<|im_start|>"}, {.text = "ü"}});
  EXPECT_THAT(Found(set, "abcc 1"), IsEmpty());
  EXPECT_THAT(Found(set, "a.c* \\D <|IM_START|> ü"), ElementsAre(Pair(0, 4), Pair(1, 7), Pair(2, 20), Pair(3, 23)));
}

TEST(PatternSet, FindsBytesThatAreNoText) {
  const PatternSet set = Compiled({{.text = std::string("\0\xff", 2)}});
  EXPECT_THAT(Found(set, std::string_view("a\0\xff z", 5)), ElementsAre(Pair(0, 3)));
}

TEST(PatternSet, TellsEachEndThatAPatternMayHave) {
  const PatternSet set = Compiled({{.text = "[0-9]{2,3}", .kind = kPattern}});
  EXPECT_THAT(Found(set, "x123"), ElementsAre(Pair(0, 3), Pair(0, 4)));
}

TEST(PatternSet, OrdersByEndAndThenByPattern) {
  const PatternSet set = Compiled({{.text = "secret key"}, {.text = "key"}, {.text = "secret"}});
  EXPECT_THAT(Found(set, "secret key"), ElementsAre(Pair(2, 6), Pair(0, 10), Pair(1, 10)));
}

TEST(PatternSet, OfNoPatternsFindsNothing) { EXPECT_THAT(Found(Compiled({}), "text"), IsEmpty()); }

TEST(PatternSet, NamesThePatternThatItCannotCompile) {
  for (const char* wrong : {"(a", "(?=x)y", "(a)\\1", "a*", ""}) {
    const auto set = PatternSet::Compile(std::vector<Trigger>{{.text = "fine"}, {.text = wrong, .kind = kPattern}});
    ASSERT_FALSE(set.ok()) << wrong;
    EXPECT_EQ(set.error().code, base::ErrorCode::kInvalidRequest);
    EXPECT_THAT(set.error().public_message, HasSubstr("\"" + std::string(wrong) + "\""));
  }
}

TEST(PatternSet, KnowsItsLongestMatch) {
  EXPECT_EQ(Compiled({{.text = "abc"}, {.text = "a{2,9}", .kind = kPattern}}).longest_match(), 9U);
  EXPECT_EQ(Compiled({{.text = "ab+", .kind = kPattern}}).longest_match(), Detector::kContext);
}

TEST(PatternSet, SaysWhenThereAreTooManyHits) {
  const PatternSet set = Compiled({{.text = "a", .kind = kLiteral}});
  PatternSet::Scratch scratch(set);
  std::vector<Hit> hits;
  EXPECT_EQ(set.Scan(std::string(PatternSet::kMaxHits, 'a'), scratch, hits), PatternSet::Scanned::kWhole);
  EXPECT_EQ(set.Scan(std::string(PatternSet::kMaxHits + 1, 'a'), scratch, hits), PatternSet::Scanned::kTooManyHits);
  EXPECT_EQ(hits.size(), PatternSet::kMaxHits);
}

}  // namespace
}  // namespace gatehouse::inspect::pattern
