#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "llm/dialect.h"

// Calls that a provider gave no id: clients tell the results of a whole conversation apart by ids that are ours.
namespace gatehouse::llm::dialect {
namespace {

struct Answer {
  DialectId dialect;
  std::string_view body;  // a call without id in an answer without id
};
constexpr Answer kAnswers[] = {
    {DialectId::kOpenAiChat,
     R"({"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]})"},
    {DialectId::kOpenAiResponses, R"({"output":[{"type":"function_call","name":"f","arguments":"{}"}]})"},
    {DialectId::kAnthropic, R"({"content":[{"type":"tool_use","name":"f","input":{}}],"stop_reason":"tool_use"})"},
    {DialectId::kGemini,
     R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]})"},
    {DialectId::kBedrock,
     R"({"output":{"message":{"content":[{"toolUse":{"name":"f","input":{}}}]}},"stopReason":"tool_use"})"},
};

std::string CallId(const Answer& answer, std::string_view exchange) {
  std::vector<Event> events;
  const auto decoder = FindChatDialect(answer.dialect)->NewDecoder(exchange);
  EXPECT_TRUE(decoder->DecodeWhole(answer.body, Detail::kFull, events).ok()) << ToString(answer.dialect);
  for (const Event& event : events) {
    if (const auto* call = std::get_if<ToolCallStarted>(&event)) return call->id;
  }
  return {};
}

TEST(CallIds, DifferBetweenTheTurnsOfAConversation) {
  for (const Answer& answer : kAnswers) {
    const std::string first = CallId(answer, "req_1");
    EXPECT_EQ(first.size(), 21U) << ToString(answer.dialect);
    EXPECT_NE(first, CallId(answer, "req_2")) << ToString(answer.dialect);
    EXPECT_EQ(first, CallId(answer, "req_1")) << ToString(answer.dialect);
  }
}

TEST(CallIds, DifferBetweenAnswersUnderOneRequestId) {
  const auto chat = [](std::string_view id) {
    return std::string(R"({"id":")")
        .append(id)
        .append(R"(","choices":[{"message":{"tool_calls":[{"function":{"name":"f"}}]},"finish_reason":"stop"}]})");
  };
  const std::string one = chat("chatcmpl-1");
  const std::string two = chat("chatcmpl-2");
  EXPECT_NE(CallId({DialectId::kOpenAiChat, one}, "req_1"), CallId({DialectId::kOpenAiChat, two}, "req_1"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect
