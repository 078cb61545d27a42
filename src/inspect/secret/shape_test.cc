#include "inspect/secret/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace gatehouse::inspect::secret {
namespace {

constexpr auto kExact = Trigger::Case::kSensitive;

Shape Parsed(std::string_view text, Trigger::Case letters = kExact) {
  auto shape = Shape::Parse(text, letters);
  EXPECT_TRUE(shape.ok()) << text;
  return std::move(shape).value();
}

// How much of `text` from its beginning is the credential; 0 where it is none.
std::size_t Matched(std::string_view shape, std::string_view text, Trigger::Case letters = kExact) {
  return Parsed(shape, letters).MatchAt(text, 0).value_or(0);
}

TEST(Shape, MatchesLiteralsAndRuns) {
  EXPECT_EQ(Matched("ab_<digit 3>", "ab_123"), 6U);
  EXPECT_EQ(Matched("ab_<digit 3>", "ab_12"), 0U);
  EXPECT_EQ(Matched("ab_<digit 3>", "ab_12x"), 0U);
  EXPECT_EQ(Matched("ab_<digit 3>", "AB_123"), 0U);
  EXPECT_EQ(Matched("ab_<digit 3>", "AB_123", Trigger::Case::kFolded), 6U);
}

TEST(Shape, TakesAsMuchAsItMay) {
  EXPECT_EQ(Matched("<digit 2-4>", "12345"), 0U);
  EXPECT_EQ(Matched("<digit 2-4>", "1234 5"), 4U);
  EXPECT_EQ(Matched("x<alnum 4-20><[=] 0-2>", "xabcd=="), 7U);
}

TEST(Shape, FindsTheLengthsOfSeveralRunsThatTheRestPermits) {
  EXPECT_EQ(Matched("<alnum 1-9>b<alnum 1-9>b<digit 2>", "abbbab12"), 8U);
  EXPECT_EQ(Matched("<url 2-5>-<url 2-5>", "ab-cd-ef"), 8U);
  EXPECT_EQ(Matched("<hex 8>-<hex 4>", "0123abcd-ffff"), 13U);
}

TEST(Shape, EndsWhereAWordEnds) {
  for (const char* behind : {"", " ", "\"", ",", ")", ".", ". Then", "\n", "'", ";", "]"}) {
    EXPECT_EQ(Matched("k_<digit 4>", std::string("k_1234") + behind), 6U) << behind;
  }
  for (const char* behind : {"5", "x", "_", ".png", "("}) {
    EXPECT_EQ(Matched("k_<digit 4>", std::string("k_1234") + behind), 0U) << behind;
  }
}

TEST(Shape, KnowsClassesAndSets) {
  EXPECT_EQ(Matched("<[a-c_-] 4>", "a-_c"), 4U);
  EXPECT_EQ(Matched("<uuid>", "3a16750d-d363-41a4-8ebd-035408f7730f"), 36U);
  EXPECT_EQ(Matched("<base64 4>", "a+/9"), 4U);
  EXPECT_EQ(Matched("<upalnum 3>", "A1b"), 0U);
}

TEST(Shape, ChoosesTheLongestLiteralAtAFixedDistance) {
  EXPECT_EQ(Parsed("<alnum 3>.atlas.<alnum 5>").anchor(), ".atlas.");
  EXPECT_EQ(Parsed("<alnum 3>.atlas.<alnum 5>").anchor_offset(), 3U);
  EXPECT_EQ(Parsed("ab<alnum 1-3>longer<digit 1>").anchor(), "ab");
  EXPECT_EQ(Parsed("<alnum 1-3>longer").anchor(), "");
}

TEST(Shape, LooksForNothingShorterThanItMust) {
  using ::testing::ElementsAre;
  EXPECT_THAT(Parsed("abc<digit 4>").sought().texts, ElementsAre("abc"));
  const auto behind = Parsed("SK<[0-2] 32>").sought();
  EXPECT_THAT(behind.texts, ElementsAre("SK0", "SK1", "SK2"));
  EXPECT_EQ(behind.offset, 0U);
  const auto before = Parsed("<alnum 3><[78] 1>Q~<alnum 31-34>").sought();
  EXPECT_THAT(before.texts, ElementsAre("7Q~", "8Q~"));
  EXPECT_EQ(before.offset, 3U);
  EXPECT_THAT(Parsed("ab<digit 0-1>c").sought().texts, ElementsAre("ab")) << "the run may be empty";
}

TEST(Shape, RefusesWhatIsNoShape) {
  for (const char* wrong :
       {"", "a<", "a<digit>", "a<digits 3>", "a<digit 3-1>", "a<digit 0>", "<digit x>", "<digit 99999>", "<[] 3>"}) {
    EXPECT_FALSE(Shape::Parse(wrong, kExact).ok()) << wrong;
  }
}

// Nothing is tried twice: time stays linear where a backtracking engine would not end.
TEST(Shape, IsLinearWhereRunsOverlap) {
  const Shape shape = Parsed("<alnum 1-4000><alnum 1-4000><alnum 1-4000><alnum 1-4000>!");
  EXPECT_EQ(shape.MatchAt(std::string(8000, 'a'), 0), std::nullopt);
}

TEST(Shape, FindsTheLast) {
  EXPECT_EQ(FindLast("kind: a kind: b", "kind:"), 8U);
  EXPECT_EQ(FindLast("kind", "kind:"), std::string_view::npos);
  EXPECT_EQ(FindLast("kkkind:kk", "kind:"), 2U);
  EXPECT_EQ(FindLast("", "kind:"), std::string_view::npos);
}

}  // namespace
}  // namespace gatehouse::inspect::secret
