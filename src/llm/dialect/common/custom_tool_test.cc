#include "llm/dialect/common/custom_tool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "llm/dialect/common/dialect_testing.h"
#include "llm/dialect/openai_chat/dialect.h"
#include "llm/dialect/openai_responses/dialect.h"

namespace gatehouse::llm::dialect::common {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ChatRequest Offering(std::string name) {
  ChatRequest request{.model = "m"};
  request.tools.push_back({.kind = ToolKind::kCustom, .name = std::move(name)});
  return request;
}

// The input of a call whose arguments come in pieces of that size.
std::string InputOf(std::string_view arguments, std::size_t piece, std::string name = "patch") {
  const ChatRequest request = Offering("patch");
  CustomCalls calls(&request);
  std::vector<Event> events = {ToolCallStarted{.id = "c", .name = std::move(name)}};
  for (std::size_t at = 0; at < arguments.size(); at += piece) {
    events.emplace_back(ToolCallDelta{.arguments = std::string(arguments.substr(at, piece))});
  }
  events.emplace_back(BlockFinished{});
  Collector collector;
  for (const Event& event : events) {
    for (const Event& translated : calls.Translate(event)) collector.Add(translated);
  }
  const Answer answer = std::move(collector).Take();
  const auto& call = std::get<ToolCallBlock>(answer.choices.at(0).blocks.at(0));
  return (call.kind == ToolKind::kCustom ? "custom:" : "function:") + call.arguments;
}

TEST(CustomCalls, AreTheSameHoweverTheArgumentsAreCut) {
  constexpr std::string_view kArguments = R"({"input": "a \"b\"\n\u00e9 \ud83d\ude00"})";
  for (std::size_t piece = 1; piece <= kArguments.size(); ++piece) {
    EXPECT_EQ(InputOf(kArguments, piece), "custom:a \"b\"\n\u00e9 \U0001F600") << piece;
  }
}

TEST(CustomCalls, KeepWhatIsNoInput) {
  EXPECT_EQ(InputOf(R"({"text":"x"})", 3), R"(custom:{"text":"x"})");
  EXPECT_EQ(InputOf(R"({"input":7})", 3), R"(custom:{"input":7})");
  EXPECT_EQ(InputOf("not json", 3), "custom:not json");
  EXPECT_EQ(InputOf("", 1), "custom:");
}

TEST(CustomCalls, PassOnWhatIsTooMuchToHold) {
  const std::string arguments = R"({"input":")" + std::string(9 << 20, 'x') + R"("})";
  EXPECT_EQ(InputOf(arguments, 1 << 20), "custom:" + arguments);
}

TEST(CustomCalls, LeaveFunctionsAlone) {
  EXPECT_EQ(InputOf(R"({"input":"x"})", 3, "other"), R"(function:{"input":"x"})");
  EXPECT_FALSE(CustomCalls(nullptr).any());
  EXPECT_FALSE(CustomCalls(std::make_unique<ChatRequest>().get()).any());
}

TEST(CustomCalls, ReachTheClientAsItKnowsThem) {
  const ChatRequest request = Offering("patch");
  const AnswerContext context{.id = "x", .model = "m", .request = &request};
  const std::vector<Event> events = {
      Started{.id = "r", .model = "m"},
      ToolCallStarted{.id = "c", .name = "patch"},
      ToolCallDelta{.arguments = R"({"input":"*** )"},
      ToolCallDelta{.arguments = R"(Begin"})"},
      BlockFinished{},
      ChoiceFinished{.reason = FinishReason::kToolCalls},
  };
  const std::string chat = testing::EncodeStream(openai_chat::Dialect(), events, context);
  EXPECT_THAT(chat, HasSubstr(R"("type":"custom","custom":{"name":"patch","input":""})"));
  EXPECT_THAT(chat, HasSubstr(R"("custom":{"input":"*** Begin"})"));
  EXPECT_THAT(chat, Not(HasSubstr("function")));
  EXPECT_THAT(openai_chat::Dialect().EncodeWhole(testing::Collect(events), context),
              HasSubstr(R"("type":"custom","custom":{"name":"patch","input":"*** Begin"})"));
  const std::string responses = testing::EncodeStream(openai_responses::Chat(), events, context);
  EXPECT_THAT(responses, HasSubstr(R"("type":"response.custom_tool_call_input.done")"));
  EXPECT_THAT(
      openai_responses::Chat().EncodeWhole(testing::Collect(events), context),
      HasSubstr(R"("type":"custom_tool_call","status":"completed","call_id":"c","name":"patch","input":"*** Begin")"));
}

TEST(CustomTool, IsAFunctionOfOneText) {
  std::vector<Loss> losses;
  const Tool plain{
      .kind = ToolKind::kCustom, .name = "p", .description = "d", .original = R"({"format":{"type":"text"}})"};
  const Tool function = AsFunction(plain, "tools[0]", "Gemini", losses);
  EXPECT_EQ(function.kind, ToolKind::kFunction);
  EXPECT_EQ(function.description, "d");
  EXPECT_THAT(function.parameters, HasSubstr(R"("required":["input"])"));
  EXPECT_TRUE(losses.empty());
}

TEST(CustomTool, TellsItsGrammarInWords) {
  constexpr std::string_view kOriginals[] = {
      R"({"type":"custom","format":{"type":"grammar","syntax":"lark","definition":"start: X"}})",
      R"({"type":"custom","custom":{"format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: X"}}}})",
  };
  for (const auto original : kOriginals) {
    std::vector<Loss> losses;
    const Tool tool{.kind = ToolKind::kCustom, .name = "p", .original = JsonText(original)};
    EXPECT_EQ(AsFunction(tool, "tools[0]", "Gemini", losses).description,
              "The input is a text of this grammar (lark):\nstart: X");
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].kind, Loss::Kind::kHint);
    EXPECT_EQ(losses[0].field, "tools[0]");
  }
}

}  // namespace
}  // namespace gatehouse::llm::dialect::common
