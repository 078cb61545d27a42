#include "inspect/eval/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json/document.h"

namespace gatehouse::inspect::eval {
namespace {

using testing::HasSubstr;

Finding Found(Category category, std::string entity, std::size_t begin, std::size_t end) {
  return {.category = category, .entity = std::move(entity), .span = {begin, end}, .confidence = 1};
}

TEST(ReadRow, CountsCharactersAndKeepsBytes) {
  const auto row = ReadRow(
      R"({"text":"gr\u00fc\u00dfe an Ann","spans":[{"type":"PERSON","start":9,"end":12},{"type":"X","start":0,"end":3}]})",
      Task::kPii);
  ASSERT_TRUE(row.ok()) << row.error().public_message;
  ASSERT_EQ(row.value().marked.size(), 2u);
  EXPECT_EQ(row.value().text.substr(row.value().marked[0].span.begin, row.value().marked[0].span.size()), "Ann");
  EXPECT_EQ(row.value().marked[1].span, (Span{0, 4}));
}

TEST(ReadRow, ReadsLabels) {
  const auto row = ReadRow(R"({"text":"t","label":1,"rule":"r","kind":"k"})", Task::kSecrets);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row.value().label, Row::Label::kHit);
  EXPECT_EQ(row.value().group, "r");
  EXPECT_EQ(ReadRow(R"({"text":"t","label":0,"kind":"k"})", Task::kInjection).value().group, "k");
}

TEST(ReadRow, SaysWhatIsMissing) {
  for (const std::string_view line :
       {"", "{}", R"({"text":"t"})", R"({"text":"t","label":2})", R"({"text":1,"label":1})"}) {
    EXPECT_FALSE(ReadRow(line, Task::kSecrets).ok()) << line;
  }
  for (const std::string_view line :
       {R"({"text":"t","spans":[{"type":"X","start":0,"end":2}]})",
        R"({"text":"t","spans":[{"type":"X","start":1,"end":0}]})", R"({"text":"t","spans":[{"start":0,"end":1}]})"}) {
    EXPECT_FALSE(ReadRow(line, Task::kPii).ok()) << line;
  }
}

TEST(Score, ComparesSpansThatShareAByte) {
  Score score(Task::kPii);
  const Row row{.text = std::string(100, 'x'),
                .marked = {{"CREDIT_CARD", {0, 10}},
                           {"CREDIT_CARD", {20, 30}},
                           {"DOMAIN_NAME", {40, 50}},
                           {"GPE", {60, 70}},
                           {"TITLE", {80, 90}}}};
  const std::vector<Finding> findings = {
      Found(Category::kPii, "CREDIT_CARD", 9, 12),    Found(Category::kPii, "CREDIT_CARD", 30, 40),
      Found(Category::kPii, "URL", 41, 42),           Found(Category::kPii, "STREET_ADDRESS", 60, 61),
      Found(Category::kSecret, "CREDIT_CARD", 0, 10), Found(Category::kPii, "PHONE_NUMBER", 20, 30),
  };
  score.Add(row, findings, 1000);
  const Tally structured = score.Structured();
  EXPECT_EQ(structured.found, 2u);
  EXPECT_EQ(structured.missed, 1u);
  EXPECT_EQ(structured.right, 2u);
  EXPECT_EQ(structured.wrong, 2u);
  EXPECT_EQ(score.Checksummed().wrong, 1u);
  EXPECT_EQ(score.Total().found, 3u);
  EXPECT_THAT(score.ToTable(), HasSubstr("not looked for: TITLE, 1"));
}

TEST(Score, CountsRowsOfLabels) {
  Score score(Task::kSecrets);
  const std::vector<Finding> secret = {Found(Category::kSecret, "key", 0, 1)};
  const std::vector<Finding> other = {Found(Category::kPii, "PERSON", 0, 1)};
  score.Add({.text = "a", .label = Row::Label::kHit, .group = "r"}, secret, 1);
  score.Add({.text = "a", .label = Row::Label::kHit, .group = "r"}, other, 2);
  score.Add({.text = "a", .label = Row::Label::kClean, .group = "r"}, secret, 3);
  score.Add({.text = "a", .label = Row::Label::kClean}, other, 4);
  const Tally total = score.Total();
  EXPECT_EQ(total.found, 1u);
  EXPECT_EQ(total.missed, 1u);
  EXPECT_EQ(total.right, 1u);
  EXPECT_EQ(total.wrong, 1u);
  codec::json::Document document;
  const std::string json = score.ToJson();
  ASSERT_TRUE(document.Parse(json).ok());
  EXPECT_EQ(document.root()["groups"]["r"]["recall"].AsNumber(), 0.5);
  EXPECT_EQ(document.root()["nanoseconds"]["longest"].AsInteger(), 4);
}

TEST(Tally, WeighsRecall) {
  const Tally tally{.found = 1, .missed = 1, .right = 1, .wrong = 0};
  EXPECT_DOUBLE_EQ(tally.Precision(), 1);
  EXPECT_DOUBLE_EQ(tally.Recall(), 0.5);
  EXPECT_DOUBLE_EQ(tally.F(1), 2.0 / 3);
  EXPECT_DOUBLE_EQ(tally.F(2), 2.5 / 4.5);
  EXPECT_DOUBLE_EQ(Tally().F(1), 1);
}

}  // namespace
}  // namespace gatehouse::inspect::eval
