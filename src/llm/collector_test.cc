#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/event.h"

namespace gatehouse::llm {
namespace {

Answer Collect(const std::vector<Event>& events) {
  Collector collector;
  for (const Event& event : events) collector.Add(event);
  return std::move(collector).Take();
}

TEST(Collector, JoinsDeltasOfInterleavedBlocks) {
  const Answer answer = Collect({
      Started{"id", "model", 7},
      ReasoningDelta{0, 0, "think"},
      ReasoningSeal{0, 0, "sig", "", "rs_1", DialectId::kAnthropic},
      BlockFinished{0, 0},
      TextDelta{0, 1, "Hel"},
      TextDelta{0, 1, "lo"},
      ToolCallStarted{0, 2, "a", "first"},
      ToolCallStarted{0, 3, "b", "second"},
      ToolCallDelta{0, 2, "{\"x\":"},
      ToolCallDelta{0, 3, "{}"},
      ToolCallDelta{0, 2, "1}"},
      UsageReported{Usage{.input = 3, .source = UsageSource::kProvider}},
      UsageReported{Usage{.input = 3, .output = 4, .source = UsageSource::kProvider}},
      ChoiceFinished{0, FinishReason::kToolCalls},
  });
  ASSERT_EQ(answer.choices.size(), 1U);
  const auto& blocks = answer.choices[0].blocks;
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).text, "think");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).signature, "sig");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).origin, DialectId::kAnthropic);
  EXPECT_EQ(std::get<TextBlock>(blocks[1]).text, "Hello");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[2]).arguments, "{\"x\":1}");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[3]).name, "second");
  EXPECT_EQ(answer.usage.output, 4U);
  EXPECT_TRUE(answer.choices[0].finished);
}

TEST(Collector, CollectsCitationsAndLogprobsAsOneArrayEach) {
  const Answer answer = Collect({
      TextDelta{0, 0, "x"},
      Annotated{0, 0, DialectId::kAnthropic, R"({"a":1})"},
      Annotated{0, 0, DialectId::kAnthropic, R"([{"b":2},{"c":3}])"},
      LogprobsReported{0, DialectId::kOpenAiChat, R"([{"token":"x"}])"},
      LogprobsReported{0, DialectId::kOpenAiChat, "[]"},
      LogprobsReported{0, DialectId::kOpenAiChat, R"([{"token":"y"}])"},
  });
  EXPECT_EQ(std::get<TextBlock>(answer.choices[0].blocks[0]).citations, R"([{"a":1},{"b":2},{"c":3}])");
  EXPECT_EQ(answer.choices[0].logprobs, R"([{"token":"x"},{"token":"y"}])");
}

TEST(Collector, ABlockNumberOutOfBoundsDoesNotAllocateWithoutBound) {
  const Answer answer = Collect({TextDelta{4'000'000'000U, 4'000'000'000U, "x"}});
  EXPECT_LE(answer.choices.size(), 1024U);
}

TEST(ToEvents, CollectsToTheSameAnswer) {
  const std::vector<Event> events = {
      Started{"id", "model", 7},
      OpaqueEvent{DialectId::kOpenAiChat, "service_tier", "\"flex\""},
      ReasoningDelta{0, 0, "think"},
      ReasoningSeal{0, 0, "sig", "", "", DialectId::kGemini},
      TextDelta{0, 1, "text", "text-signature"},
      OpaqueBlockAdded{0, 2, OpaqueBlock{DialectId::kAnthropic, "server_tool_use", "{}"}},
      ToolCallStarted{0, 3, "id", "tool", ToolKind::kFunction, "call-signature"},
      ToolCallDelta{0, 3, "{}"},
      ChoiceFinished{0, FinishReason::kStopSequence, "END", "stop_sequence"},
      TextDelta{1, 0, "other"},
      ChoiceFinished{1, FinishReason::kLength},
      UsageReported{Usage{.input = 1, .source = UsageSource::kProvider}},
  };
  const Answer once = Collect(events);
  const Answer twice = Collect(ToEvents(once));
  ASSERT_EQ(twice.choices.size(), 2U);
  ASSERT_EQ(twice.choices[0].blocks.size(), 4U);
  EXPECT_EQ(std::get<ReasoningBlock>(twice.choices[0].blocks[0]).signature, "sig");
  EXPECT_EQ(std::get<TextBlock>(twice.choices[0].blocks[1]).signature, "text-signature");
  EXPECT_EQ(std::get<OpaqueBlock>(twice.choices[0].blocks[2]).type, "server_tool_use");
  EXPECT_EQ(std::get<ToolCallBlock>(twice.choices[0].blocks[3]).signature, "call-signature");
  EXPECT_EQ(twice.choices[0].stop_sequence, "END");
  EXPECT_EQ(twice.choices[1].reason, FinishReason::kLength);
  EXPECT_EQ(twice.usage, once.usage);
  ASSERT_EQ(twice.opaque.size(), 1U);
  EXPECT_EQ(twice.opaque[0].json, "\"flex\"");
}

}  // namespace
}  // namespace gatehouse::llm
