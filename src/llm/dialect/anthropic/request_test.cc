#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/common/dialect_testing.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using common::testing::Decode;
using common::testing::Translate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr EncodeOptions kOld{.model = "claude-sonnet-4-5", .version = "2023-06-01", .provider = "anthropic"};
constexpr EncodeOptions kNew{.model = "claude-opus-5", .version = "2026-10-21", .provider = "anthropic"};

ChatRequest Decoded(std::string_view body) {
  auto request = Decode(Chat(), body);
  EXPECT_TRUE(request.ok()) << request.error().public_message;
  return request.ok() ? std::move(request).value() : ChatRequest{};
}

std::string Encoded(const ChatRequest& request, const EncodeOptions& options = kOld) {
  auto encoded = Chat().EncodeRequest(request, options);
  EXPECT_TRUE(encoded.ok()) << encoded.error().public_message;
  return encoded.ok() ? encoded.value().body : std::string();
}

std::vector<std::string> LostFields(const ChatRequest& request, const EncodeOptions& options) {
  auto encoded = Chat().EncodeRequest(request, options);
  EXPECT_TRUE(encoded.ok());
  std::vector<std::string> fields;
  for (const Loss& loss : encoded.value().losses) fields.push_back(loss.field);
  return fields;
}

ChatRequest Foreign(std::vector<Message> messages) {
  return ChatRequest{.origin = DialectId::kOpenAiChat, .model = "m", .messages = std::move(messages)};
}
Message User(std::string text) { return {.role = Role::kUser, .blocks = {TextBlock{.text = std::move(text)}}}; }
Message Says(Role role, std::string text) { return {.role = role, .blocks = {TextBlock{.text = std::move(text)}}}; }

TEST(AnthropicRequest, EveryMemberComesBackAsItWent) {
  const std::string body =
      R"({"model":"claude-sonnet-4-5","max_tokens":2048,)"
      R"("system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral","ttl":"1h"}}],)"
      R"("messages":[)"
      R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}},)"
      R"({"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"},"title":"A","context":"c",)"
      R"("citations":{"enabled":true},"cache_control":{"type":"ephemeral"}},)"
      R"({"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]},)"
      R"({"type":"text","text":"Go"}]},)"
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"EqQB+/=="},)"
      R"({"type":"redacted_thinking","data":"RVhQ"},)"
      R"({"type":"tool_use","id":"toolu_1","name":"f","input":{"b": 1,"a":[ 2 ]}},)"
      R"({"type":"tool_use","id":"toolu_2","name":"g","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1",)"
      R"("content":[{"type":"text","text":"42"}],"cache_control":{"type":"ephemeral"}},)"
      R"({"type":"tool_result","tool_use_id":"toolu_2","is_error":true}]}],)"
      R"("tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{}},"strict":true,)"
      R"("eager_input_streaming":true,"cache_control":{"type":"ephemeral"}},)"
      R"({"type":"web_search_20260318","name":"web_search","max_uses":3}],)"
      R"("tool_choice":{"type":"auto","disable_parallel_tool_use":true},)"
      R"("thinking":{"type":"enabled","budget_tokens":1024,"display":"omitted"},)"
      R"("output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}},"task_budget":5},)"
      R"("stop_sequences":["END"],"metadata":{"user_id":"u1"},"service_tier":"standard_only","stream":true,)"
      R"("container":"c1","cache_control":{"type":"ephemeral"}})";
  EXPECT_EQ(Encoded(Decoded(body)), body);
}

TEST(AnthropicRequest, SaysWhereAMistakeIs) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"max_tokens":1,"messages":[]})", "model"},
      {R"({"model":"m","messages":[]})", "max_tokens"},
      {R"({"model":"m","max_tokens":1})", "messages"},
      {R"({"model":"m","max_tokens":"1","messages":[]})", "max_tokens"},
      {R"({"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]})", "messages[0].role"},
      {R"({"model":"m","max_tokens":1,"messages":[{"role":"user"}]})", "messages[0].content"},
      {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text"}]}]})",
       "messages[0].content[0].text"},
      {R"({"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a",)"
       R"("name":"f","input":"{}"}]}]})",
       "messages[0].content[0].input"},
      {R"({"model":"m","max_tokens":1,"messages":[],"tools":[{"name":"f"}]})", "tools[0].input_schema"},
      {R"({"model":"m","max_tokens":1,"messages":[],"tool_choice":{"type":"maybe"}})", "tool_choice.type"},
      {R"({"model":"m","max_tokens":1,"messages":[],"output_config":{"effort":"huge"}})", "output_config.effort"},
  };
  for (const auto& [body, param] : cases) {
    const auto request = Decode(Chat(), body);
    ASSERT_FALSE(request.ok()) << body;
    EXPECT_EQ(request.error().code, base::ErrorCode::kInvalidRequest);
    EXPECT_EQ(request.error().param, param);
    EXPECT_THAT(request.error().public_message, HasSubstr(param));
  }
}

TEST(AnthropicRequest, ToolResultsKnowTheNameOfTheirCall) {
  const ChatRequest request =
      Decoded(R"({"model":"m","max_tokens":1,"messages":[)"
              R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"weather","input":{}}]},)"
              R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"sun"}]}]})");
  EXPECT_EQ(std::get<ToolResultBlock>(request.messages[1].blocks[0]).name, "weather");
}

TEST(AnthropicRequest, ResultsOfParallelCallsAreOneUserTurnAndStandFirst) {
  ChatRequest request = Foreign({User("hi"),
                                 {.role = Role::kAssistant,
                                  .blocks = {ToolCallBlock{.id = "a", .name = "f", .arguments = "{}"},
                                             ToolCallBlock{.id = "b", .name = "f", .arguments = ""}}},
                                 {.role = Role::kUser, .blocks = {TextBlock{.text = "note"}}},
                                 {.role = Role::kUser, .blocks = {ToolResultBlock{.tool_call_id = "a"}}},
                                 {.role = Role::kUser, .blocks = {ToolResultBlock{.tool_call_id = "b"}}}});
  EXPECT_THAT(Encoded(request),
              HasSubstr(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},)"
                        R"({"type":"tool_result","tool_use_id":"b"},{"type":"text","text":"note"}]})"));
}

TEST(AnthropicRequest, BrokenArgumentsStayReadable) {
  ChatRequest request =
      Foreign({User("hi"),
               {.role = Role::kAssistant, .blocks = {ToolCallBlock{.id = "a", .name = "f", .arguments = "{\"x\":"}}}});
  EXPECT_THAT(Encoded(request), HasSubstr(R"("input":{"arguments":"{\"x\":"})"));
}

TEST(AnthropicRequest, SystemMessagesInTheMiddleGoWhereTheModelTakesThem) {
  const ChatRequest request = Foreign({Says(Role::kSystem, "one"), User("a"), Says(Role::kDeveloper, "two"), User("b"),
                                       Says(Role::kAssistant, "c"), User("d")});
  EXPECT_THAT(Encoded(request, kOld),
              HasSubstr(R"("system":[{"type":"text","text":"one"},{"type":"text","text":"two"}])"));
  EXPECT_THAT(Encoded(request, kOld), Not(HasSubstr(R"("role":"system")")));
  EXPECT_THAT(
      Encoded(request, kNew),
      HasSubstr(R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
                R"({"role":"system","content":[{"type":"text","text":"two"}]},{"role":"assistant")"));
}

TEST(AnthropicRequest, ReasoningOfAnotherFamilyOrSignerIsLeftOut) {
  const auto with = [](ReasoningBlock block) {
    return Foreign(
        {User("a"), {.role = Role::kAssistant, .blocks = {std::move(block), TextBlock{.text = "b"}}}, User("c")});
  };
  const auto kept = with({.text = "t", .signature = "s", .redacted = "", .origin = DialectId::kAnthropic});
  EXPECT_THAT(Encoded(kept), HasSubstr(R"({"type":"thinking","thinking":"t","signature":"s"})"));
  const auto foreign = with({.text = "t", .signature = "s", .redacted = "", .origin = DialectId::kGemini});
  EXPECT_THAT(Encoded(foreign), Not(HasSubstr("thinking")));
  const auto unsigned_text = with({.text = "t", .signature = "", .redacted = "", .origin = DialectId::kAnthropic});
  EXPECT_THAT(Encoded(unsigned_text), Not(HasSubstr("thinking")));
  const auto other_signer =
      with({.text = "t", .signature = "s", .redacted = "", .origin = DialectId::kAnthropic, .signer = "vertex"});
  EXPECT_THAT(Encoded(other_signer), Not(HasSubstr("thinking")));
}

TEST(AnthropicRequest, SamplingIsKeptClampedOrDroppedByModelAndVersion) {
  ChatRequest request = Foreign({User("a")});
  request.temperature = 1.5;
  request.top_p = 0.5;
  EXPECT_THAT(Encoded(request, {.model = "claude-3-5-haiku-latest", .version = "2023-06-01"}),
              HasSubstr(R"("temperature":1,"top_p":0.5)"));
  EXPECT_THAT(LostFields(request, {.model = "claude-3-5-haiku-latest"}), ElementsAre("temperature"));
  EXPECT_THAT(LostFields(request, kOld), ElementsAre("temperature", "top_p"));
  EXPECT_THAT(Encoded(request, kNew), Not(HasSubstr("temperature")));
  EXPECT_THAT(LostFields(request, kNew), ElementsAre("temperature", "top_p"));
  request.temperature = 1.0;
  request.top_p.reset();
  EXPECT_THAT(LostFields(request, kNew), ElementsAre());
}

TEST(AnthropicRequest, EffortBecomesABudgetOrAdaptiveThinking) {
  ChatRequest request = Foreign({User("a")});
  request.max_output_tokens = 20000;
  request.reasoning = ReasoningConfig{.effort = Effort::kMedium};
  EXPECT_THAT(Encoded(request, kOld), HasSubstr(R"("thinking":{"type":"enabled","budget_tokens":8192})"));
  EXPECT_THAT(Encoded(request, kNew),
              HasSubstr(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"medium"})"));
  request.reasoning->effort = Effort::kNone;
  EXPECT_THAT(Encoded(request, kOld), HasSubstr(R"("thinking":{"type":"disabled"})"));
  EXPECT_THAT(LostFields(request, {.model = "claude-3-haiku-20240307"}), ElementsAre());
  request.reasoning->effort = Effort::kHigh;
  EXPECT_THAT(LostFields(request, {.model = "claude-3-haiku-20240307"}), ElementsAre("reasoning"));
}

TEST(AnthropicRequest, ThinkingThatWouldFailIsLeftOut) {
  ChatRequest request = Foreign({User("a")});
  request.reasoning = ReasoningConfig{.effort = Effort::kHigh};
  request.max_output_tokens = 500;
  EXPECT_THAT(LostFields(request, kOld), ElementsAre("reasoning"));
  request.max_output_tokens = 20000;
  request.tools = {Tool{.name = "f"}};
  request.tool_choice = ToolChoice{.mode = ToolChoice::Mode::kRequired};
  EXPECT_THAT(LostFields(request, kOld), ElementsAre("reasoning"));
  request.tool_choice.reset();
  request.messages.push_back(
      {.role = Role::kAssistant, .blocks = {ToolCallBlock{.id = "a", .name = "f", .arguments = ""}}});
  request.messages.push_back({.role = Role::kUser, .blocks = {ToolResultBlock{.tool_call_id = "a"}}});
  EXPECT_THAT(LostFields(request, kOld), ElementsAre("reasoning"));
  EXPECT_EQ(Chat().EncodeRequest(request, kOld).value().losses[0].kind, Loss::Kind::kHint);
  EXPECT_THAT(LostFields(request, kNew), ElementsAre());
}

TEST(AnthropicRequest, ToolsOfOtherDialectsBecomeOurs) {
  ChatRequest request = Foreign({User("a")});
  request.tools = {Tool{.name = "none"},
                   Tool{.name = "bare", .parameters = R"({"properties":{"a":{"type":"string"}}})"}};
  request.tool_choice = ToolChoice{.mode = ToolChoice::Mode::kNamed, .names = {"bare"}};
  request.parallel_tool_calls = false;
  EXPECT_THAT(Encoded(request),
              HasSubstr(R"("tools":[{"name":"none","input_schema":{"type":"object","properties":{}}},)"
                        R"({"name":"bare","input_schema":{"type":"object","properties":{"a":{"type":"string"}}}}],)"
                        R"("tool_choice":{"type":"tool","name":"bare","disable_parallel_tool_use":true})"));
  request.tool_choice = ToolChoice{.mode = ToolChoice::Mode::kAllowed, .names = {"none"}};
  EXPECT_THAT(Encoded(request), Not(HasSubstr("bare")));
  request.tools.push_back({.kind = ToolKind::kCustom, .name = "patch"});
  request.tool_choice.reset();
  EXPECT_THAT(Encoded(request), HasSubstr(R"({"name":"patch","input_schema":{"type":"object","properties":{"input":)"));
  EXPECT_TRUE(LostFields(request, kOld).empty());
  request.tools.push_back({.kind = ToolKind::kProviderDefined, .name = "web_search"});
  EXPECT_THAT(LostFields(request, kOld), ElementsAre("tools[3]"));
}

TEST(AnthropicRequest, SettingsWithoutAWordAreLossesAndHintsAreMarked) {
  ChatRequest request = Foreign({User("a")});
  request.seed = 1;
  request.choices = 2;
  request.prompt_cache_key = "k";
  request.service_tier = "flex";
  request.response_format = ResponseFormat{.kind = ResponseFormat::Kind::kJsonObject};
  request.extra = {{"store", "true"}};
  const auto encoded = Chat().EncodeRequest(request, kOld);
  ASSERT_TRUE(encoded.ok());
  std::vector<std::string> parameters;
  std::vector<std::string> hints;
  for (const Loss& loss : encoded.value().losses) {
    (loss.kind == Loss::Kind::kHint ? hints : parameters).push_back(loss.field);
  }
  EXPECT_THAT(parameters, ElementsAre("response_format", "seed", "choices"));
  EXPECT_THAT(hints, testing::UnorderedElementsAre("service_tier", "prompt_cache_key", "store"));
}

TEST(AnthropicRequest, ContentWithoutAWordIsALossWithItsPlace) {
  ChatRequest request = Foreign(
      {{.role = Role::kUser,
        .blocks = {TextBlock{.text = "a"}, AudioBlock{}, ImageBlock{.source = InlineMedia{"image/tiff", "AA=="}},
                   ImageBlock{.source = MediaFile{.id = "file-1"}},
                   OpaqueBlock{.origin = DialectId::kGemini, .type = "x", .json = "{}"}},
        .name = {},
        .source = "messages[0]"}});
  EXPECT_THAT(LostFields(request, kOld), ElementsAre("messages[0].content[1]", "messages[0].content[2]",
                                                     "messages[0].content[3]", "messages[0].content[4]"));
}

TEST(AnthropicRequest, MaxTokensFallsBackToTheCatalogue) {
  const ChatRequest request = Foreign({User("a")});
  EXPECT_THAT(Encoded(request, {.model = "m", .default_max_output_tokens = 64000}), HasSubstr(R"("max_tokens":64000)"));
  EXPECT_THAT(Encoded(request, {.model = "m"}), HasSubstr(R"("max_tokens":4096)"));
}

TEST(AnthropicRequest, HostedVariantsCarryTheVersionAndNoModel) {
  ChatRequest request = Foreign({User("a")});
  request.stream = true;
  const std::string body = Encoded(request, {.model = "claude-opus-4-5", .version = "vertex-2023-10-16"});
  EXPECT_THAT(body, HasSubstr(R"({"anthropic_version":"vertex-2023-10-16","max_tokens")"));
  EXPECT_THAT(body, Not(HasSubstr("stream")));
  EXPECT_THAT(body, Not(HasSubstr("claude-opus")));
}

TEST(AnthropicRequest, WithoutAMessageItIsRefused) {
  const auto encoded = Chat().EncodeRequest(Foreign({Says(Role::kSystem, "a")}), kOld);
  ASSERT_FALSE(encoded.ok());
  EXPECT_EQ(encoded.error().param, "messages");
}

TEST(AnthropicCount, NeedsNoLimitAndCarriesOnlyWhatCounts) {
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(R"({"model":"m","messages":[{"role":"user","content":"a"}],"temperature":0.1})").ok());
  const auto request = Count().DecodeRequest(document.root(), {});
  ASSERT_TRUE(request.ok());
  const auto encoded = Count().EncodeRequest(request.value(), kNew);
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded.value().body,
            R"({"model":"claude-opus-5","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]})");
  EXPECT_TRUE(encoded.value().losses.empty());
  EXPECT_EQ(Count().DecodeAnswer(R"({"input_tokens":12})").value(), 12U);
  EXPECT_FALSE(Count().DecodeAnswer(R"({"tokens":12})").ok());
  EXPECT_EQ(Count().EncodeAnswer(7), R"({"input_tokens":7})");
}

}  // namespace
}  // namespace gatehouse::llm::dialect::anthropic
