#include "llm/dialect/anthropic/citation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/common/dialect_testing.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AnthropicCitations, OfAnotherDialectDoNotGoToAnthropic) {
  Answer answer;
  answer.choices.push_back({.blocks = {TextBlock{.text = "Sunny.",
                                                 .citations = R"([{"groundingMetadata":{}}])",
                                                 .citations_origin = DialectId::kGemini,
                                                 .urls = {{.url = "https://x.example/w", .title = "W"}}}},
                            .reason = FinishReason::kStop,
                            .finished = true});
  const std::string shown = Chat().EncodeWhole(answer, {.id = "x", .model = "m"});
  EXPECT_THAT(shown, HasSubstr(R"("type":"web_search_result_location","url":"https://x.example/w","title":"W")"));
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(shown).ok());
  const std::string body = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},)"
                           R"({"role":"assistant","content":)" +
                           std::string(document.root()["content"].raw()) + "}]}";
  const auto encoded = common::testing::Translate(Chat(), Chat(), body, {.model = "claude-sonnet-4-5"});
  ASSERT_TRUE(encoded.ok());
  EXPECT_THAT(encoded.value().body, Not(HasSubstr("citations")));
}

TEST(AnthropicCitations, InAStreamNeedATextThatTheyBelongTo) {
  std::vector<Loss> losses;
  const std::vector<Event> events = {
      Started{.id = "r"},
      TextDelta{.text = "a"},
      BlockFinished{},
      Annotated{.block = 1, .origin = DialectId::kGemini, .json = "{}", .urls = {{.url = "https://x.example"}}},
      ChoiceFinished{},
  };
  const std::string stream = common::testing::EncodeStream(Chat(), events, {.id = "x", .losses = &losses});
  EXPECT_THAT(stream, Not(HasSubstr("citations_delta")));
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].field, "citations");
}

}  // namespace
}  // namespace gatehouse::llm::dialect::anthropic
