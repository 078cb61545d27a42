#include "providers/common/upstream_events.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "llm/dialect.h"

namespace gatehouse::providers::common {
namespace {

struct Answer {
  llm::DialectId dialect;
  std::string_view body;
};

class Collected : public ::testing::TestWithParam<Answer> {};

constexpr Answer kAnswers[] = {
    {llm::DialectId::kOpenAiChat,
     R"({"id":"a","choices":[{"index":0,"message":{"content":"caf\u00e9"},"finish_reason":"stop"}]})"},
    {llm::DialectId::kOpenAiResponses,
     R"({"id":"a","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]}]})"},
    {llm::DialectId::kAnthropic,
     R"({"id":"a","type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"})"},
    {llm::DialectId::kGemini, R"({"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]})"},
    {llm::DialectId::kBedrock,
     R"({"output":{"message":{"role":"assistant","content":[{"text":"hi"}]}},"stopReason":"end_turn"})"},
};

INSTANTIATE_TEST_SUITE_P(Dialects, Collected, ::testing::ValuesIn(kAnswers));

// What the decoder has parsed stays with the body, in whose bytes it lies, and is known as that of its frame alone.
TEST_P(Collected, KeepsWhatTheBodyWasParsedTo) {
  const auto decoder = llm::FindChatDialect(GetParam().dialect)->NewDecoder("req_1");
  auto answer =
      CollectedEvents::Decode(std::string(GetParam().body), *decoder, llm::Detail::kFull, CollectedEvents::Raw::kPass);
  ASSERT_TRUE(answer.ok()) << answer.error().detail;
  llm::Batch* const batch = answer.value()->Whole();
  ASSERT_NE(batch, nullptr);
  EXPECT_FALSE(batch->events.empty());
  ASSERT_NE(batch->Parsed(), nullptr);
  EXPECT_EQ(batch->Parsed()->root().raw(), GetParam().body);
  EXPECT_EQ(batch->Parsed()->root().raw().data(), batch->frames.front().raw.data());

  llm::Batch pulled = std::move(*batch);
  ASSERT_NE(pulled.Parsed(), nullptr) << "it goes with the frame";
  const std::string other(GetParam().body);
  pulled.frames.front().raw = other;
  EXPECT_EQ(pulled.Parsed(), nullptr) << "of other bytes, though they say the same";
  pulled.Clear();
  EXPECT_EQ(pulled.document, nullptr);
}

TEST_P(Collected, RefusesWhatIsNoAnswer) {
  const auto decoder = llm::FindChatDialect(GetParam().dialect)->NewDecoder("req_1");
  EXPECT_FALSE(CollectedEvents::Decode("{}", *decoder, llm::Detail::kFull, CollectedEvents::Raw::kPass).ok());
}

}  // namespace
}  // namespace gatehouse::providers::common
