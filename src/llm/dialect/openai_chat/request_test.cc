#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/dialect/openai_chat/dialect.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using testing::HasSubstr;
using testing::Not;

base::Result<ChatRequest> Decode(std::string_view body, const RequestPath& path = {}) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Dialect().DecodeRequest(document.root(), path);
}

ChatRequest MustDecode(std::string_view body) {
  auto request = Decode(body);
  EXPECT_TRUE(request.ok()) << (request.ok() ? "" : request.error().public_message);
  return request.ok() ? std::move(request).value() : ChatRequest{};
}

std::string Encode(const ChatRequest& request, const EncodeOptions& options = {}) {
  auto encoded = Dialect().EncodeRequest(request, options);
  EXPECT_TRUE(encoded.ok());
  return encoded.value().body;
}

// With the members in our own order a body comes back as it went in.
void ExpectRoundTrip(std::string_view body) { EXPECT_EQ(Encode(MustDecode(body)), body); }

TEST(OpenAiChatRequest, KeepsEveryMemberOfItsOwnLanguage) {
  ExpectRoundTrip(
      R"({"model":"m","messages":[{"role":"developer","content":"d"},{"role":"user","name":"ann","content":"hi"}],)"
      R"("max_completion_tokens":5,"temperature":0.5,"top_p":0.9,"top_k":3,"frequency_penalty":1,"presence_penalty":-1,)"
      R"("seed":-4,"n":2,"logprobs":true,"top_logprobs":3,"logit_bias":{"5":1},"stop":["a","b"],)"
      R"("reasoning_effort":"xhigh","response_format":{"type":"json_schema","json_schema":{"name":"s","description":"d",)"
      R"("schema":{"type":"object"},"strict":true}},"verbosity":"low","user":"u","metadata":{"k":"v"},)"
      R"("service_tier":"fast","prompt_cache_key":"k","store":false,"moderation":{"model":"x"},)"
      R"("prompt_cache_options":{"mode":"explicit","ttl":"30m"},"web_search_options":{}})");
}

TEST(OpenAiChatRequest, KeepsEveryKindOfPart) {
  ExpectRoundTrip(
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"t","prompt_cache_breakpoint":)"
      R"({"mode":"explicit","ttl":"30m"}},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},)"
      R"({"type":"input_audio","input_audio":{"data":"BBBB","format":"mp3"}},)"
      R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,CCCC"}},)"
      R"({"type":"file","file":{"file_id":"file-1"}},{"type":"novelty","x":1}]}]})");
}

TEST(OpenAiChatRequest, KeepsToolsCallsAndResults) {
  ExpectRoundTrip(
      R"({"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[)"
      R"({"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},)"
      R"({"id":"2","type":"custom","custom":{"name":"c","input":"free"}}]},)"
      R"({"role":"tool","tool_call_id":"1","content":"one"},{"role":"tool","tool_call_id":"2","content":[)"
      R"({"type":"text","text":"x"},{"type":"text","text":"y"}]},{"role":"user","content":"go on"}],"tools":[)"
      R"({"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":false}},)"
      R"({"type":"custom","custom":{"name":"c","format":{"type":"text"}}}],"tool_choice":{"type":"allowed_tools",)"
      R"("allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},)"
      R"({"type":"custom","custom":{"name":"c"}}]}},"parallel_tool_calls":false})");
}

TEST(OpenAiChatRequest, KeepsTheRetiredFunctions) {
  ExpectRoundTrip(R"({"model":"m","messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,)"
                  R"("function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}],)"
                  R"("functions":[{"name":"f","parameters":{"type":"object"}}],"function_call":{"name":"f"}})");
  const ChatRequest request = MustDecode(
      R"({"model":"m","messages":[{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},)"
      R"({"role":"function","name":"f","content":"r"}],"functions":[{"name":"f"}]})");
  const auto& call = std::get<ToolCallBlock>(request.messages[0].blocks[0]);
  const auto& result = std::get<ToolResultBlock>(request.messages[1].blocks[0]);
  EXPECT_FALSE(call.id.empty());
  EXPECT_EQ(result.tool_call_id, call.id);
}

TEST(OpenAiChatRequest, FillsTheNameOfAToolResult) {
  const ChatRequest request =
      MustDecode(R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":)"
                 R"({"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}]})");
  EXPECT_EQ(std::get<ToolResultBlock>(request.messages[1].blocks[0]).name, "f");
  EXPECT_EQ(request.messages[1].role, Role::kUser);
}

TEST(OpenAiChatRequest, TheNewerLimitWinsWhateverTheOrder) {
  EXPECT_EQ(
      MustDecode(R"({"model":"m","messages":[{"role":"user","content":"q"}],"max_completion_tokens":7,"max_tokens":9})")
          .max_output_tokens,
      7U);
  const ChatRequest request = MustDecode(R"({"model":"m","messages":[{"role":"user","content":"q"}],"max_tokens":9})");
  EXPECT_THAT(Encode(request, {.max_tokens_field = EncodeOptions::MaxTokensField::kMaxTokens}),
              HasSubstr(R"("max_tokens":9)"));
}

TEST(OpenAiChatRequest, ReasoningComesBackByteIdenticalAndInPlace) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"assistant","content":"t","reasoning_content":"ab","reasoning_details":[)"
      R"({"type":"reasoning.text","text":"a","signature":"S1==","format":"anthropic-claude-v1","index":0,"block":0},)"
      R"({"type":"reasoning.encrypted","data":"D","format":"anthropic-claude-v1","index":1,"block":1},)"
      R"({"type":"reasoning.text","text":"b","signature":"S2","format":"anthropic-claude-v1","index":2,"block":3}],)"
      R"("tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"},)"
      R"("extra_content":{"google":{"thought_signature":"G"}}}]}]})";
  const ChatRequest request = MustDecode(body);
  const auto& blocks = request.messages[0].blocks;
  ASSERT_EQ(blocks.size(), 5U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).signature, "S1==");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).origin, DialectId::kAnthropic);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[1]).redacted, "D");
  EXPECT_EQ(std::get<TextBlock>(blocks[2]).text, "t");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[3]).text, "b");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[4]).signature, "G");
  EXPECT_EQ(Encode(request, {.reasoning_field = "reasoning_content"}), body);
  EXPECT_THAT(Encode(request), Not(HasSubstr("reasoning")));
}

TEST(OpenAiChatRequest, JoinsFragmentsOfDetails) {
  const ChatRequest request = MustDecode(
      R"({"model":"m","messages":[{"role":"assistant","content":"t","reasoning":"ha ha","reasoning_details":[)"
      R"({"type":"reasoning.text","text":"ha","index":0},{"type":"reasoning.text","text":" ha","index":0},)"
      R"({"type":"reasoning.text","signature":"S","index":0}]}]})");
  const auto& reasoning = std::get<ReasoningBlock>(request.messages[0].blocks[0]);
  EXPECT_EQ(reasoning.text, "ha ha");
  EXPECT_EQ(reasoning.signature, "S");
}

TEST(OpenAiChatRequest, UnderstandsTheReasoningObjectOfRouters) {
  const ChatRequest request = MustDecode(
      R"({"model":"m","messages":[{"role":"user","content":"q"}],"reasoning":{"max_tokens":2000,"exclude":true}})");
  EXPECT_EQ(request.reasoning->budget_tokens, 2000U);
  EXPECT_EQ(request.reasoning->include_text, false);
}

TEST(OpenAiChatRequest, AsksForTheUsageOfEveryStream) {
  const ChatRequest request =
      MustDecode(R"({"model":"m","messages":[{"role":"user","content":"q"}],"stream":true,"stream_options":)"
                 R"({"include_obfuscation":false,"continuous_usage_stats":true}})");
  EXPECT_FALSE(request.stream_usage);
  EXPECT_THAT(Encode(request), HasSubstr(R"("stream_options":{"include_usage":true,"continuous_usage_stats":true})"));
  const ChatRequest plain = MustDecode(R"({"model":"m","messages":[{"role":"user","content":"q"}],"stream":true})");
  EXPECT_THAT(Encode(plain, {.stream_usage = EncodeOptions::StreamUsage::kUnasked}), Not(HasSubstr("stream_options")));
}

TEST(OpenAiChatRequest, ThePathNamesTheModel) {
  const auto request = Decode(R"({"messages":[{"role":"user","content":"q"}]})", {.model = "deployment"});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request.value().model, "deployment");
}

struct BadCase {
  std::string_view body, param;
};
class OpenAiChatBadRequest : public testing::TestWithParam<BadCase> {};

TEST_P(OpenAiChatBadRequest, NamesTheMember) {
  const auto request = Decode(GetParam().body);
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_EQ(request.error().param, GetParam().param);
}

INSTANTIATE_TEST_SUITE_P(
    All, OpenAiChatBadRequest,
    testing::Values(
        BadCase{R"([])", ""}, BadCase{R"({"messages":[{"role":"user","content":"q"}]})", "model"},
        BadCase{R"({"model":"m"})", "messages"}, BadCase{R"({"model":"m","messages":[]})", "messages"},
        BadCase{R"({"model":7,"messages":[]})", "model"},
        BadCase{R"({"model":"m","messages":[{"role":"king","content":""}]})", "messages[0].role"},
        BadCase{R"({"model":"m","messages":[{"role":"user"}]})", "messages[0].content"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]})",
                "messages[0].content[0].type"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})",
                "messages[0].content[0].image_url.url"},
        BadCase{R"({"model":"m","messages":[{"role":"tool","content":"x"}]})", "messages[0].tool_call_id"},
        BadCase{R"({"model":"m","messages":[{"role":"function","name":"f","content":"x"}]})", "messages[0].name"},
        BadCase{R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{}}]}]})",
                "messages[0].tool_calls[0].function.name"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"temperature":"hot"})", "temperature"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"max_tokens":-1})", "max_tokens"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"stop":[1]})", "stop[0]"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"tool_choice":"maybe"})", "tool_choice"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"tools":[{"type":"function"}]})",
                "tools[0].function"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"reasoning_effort":"huge"})",
                "reasoning_effort"},
        BadCase{R"({"model":"m","messages":[{"role":"user","content":"q"}],"response_format":{"type":"xml"}})",
                "response_format.type"}));

// What other dialects' clients say, on its way to an OpenAI target.

TEST(OpenAiChatEncode, ToolResultsComeFirstAndTheirMediaFollow) {
  ChatRequest request{.origin = DialectId::kAnthropic, .model = "m"};
  ToolResultBlock text{
      .tool_call_id = "1", .content = {TextBlock{"boom"}}, .outcome = ToolResultBlock::Outcome::kFailed};
  ToolResultBlock image{.tool_call_id = "2", .content = {ImageBlock{InlineMedia{"image/png", "AAAA"}}}};
  request.messages = {{.role = Role::kUser, .blocks = {TextBlock{"next"}, text, image}, .source = "messages[0]"}};
  EXPECT_EQ(Encode(request),
            R"({"model":"m","messages":[{"role":"tool","tool_call_id":"1","content":"Error: boom"},)"
            R"({"role":"tool","tool_call_id":"2","content":"The result follows in the next user message."},)"
            R"({"role":"user","content":[{"type":"text","text":"The result of tool call 2:"},)"
            R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},)"
            R"({"role":"user","content":"next"}]})");
}

TEST(OpenAiChatEncode, JoinsThePiecesOfAnAssistantsText) {
  ChatRequest request{.origin = DialectId::kAnthropic, .model = "m"};
  request.messages = {{.role = Role::kAssistant, .blocks = {TextBlock{"One "}, TextBlock{"text."}}}};
  EXPECT_EQ(Encode(request), R"({"model":"m","messages":[{"role":"assistant","content":"One text."}]})");
}

TEST(OpenAiChatEncode, SaysWhatItCannotCarry) {
  ChatRequest request{.origin = DialectId::kGemini, .model = "m"};
  request.messages = {{.role = Role::kUser,
                       .blocks = {DocumentBlock{.source = MediaUrl{"https://x/y.pdf", ""}},
                                  OpaqueBlock{DialectId::kGemini, "executableCode", "{}"}},
                       .source = "contents[0]"}};
  request.tools = {{.kind = ToolKind::kProviderDefined, .name = "googleSearch", .origin = DialectId::kGemini}};
  request.tool_choice = ToolChoice{};
  request.top_k = 4;
  request.stop = {"1", "2", "3", "4", "5"};
  request.extra = {{"safetySettings", "[]"}, {"labels", "{}"}};
  const auto encoded = Dialect().EncodeRequest(request, {});
  ASSERT_TRUE(encoded.ok());
  std::vector<std::string> fields;
  for (const Loss& loss : encoded.value().losses) fields.push_back(loss.field);
  EXPECT_THAT(fields, testing::ElementsAre("contents[0].content[0]", "contents[0].content[1]", "tools[0]", "top_k",
                                           "stop", "safetySettings", "labels"));
  EXPECT_EQ(encoded.value().losses.back().kind, Loss::Kind::kHint);
  EXPECT_EQ(encoded.value().body,
            R"({"model":"m","messages":[{"role":"user","content":[]}],"stop":["1","2","3","4"]})");
}

TEST(OpenAiChatEncode, CompletesForeignSchemasAndNestsResponsesGrammars) {
  ChatRequest request{.origin = DialectId::kOpenAiResponses, .model = "m"};
  request.messages = {{.role = Role::kUser, .blocks = {TextBlock{"q"}}}};
  request.tools = {
      {.name = "f", .parameters = R"({"properties":{}})"},
      {.kind = ToolKind::kCustom,
       .name = "g",
       .origin = DialectId::kOpenAiResponses,
       .original = R"({"type":"custom","name":"g","format":{"type":"grammar","syntax":"lark","definition":"x"}})"}};
  EXPECT_THAT(
      Encode(request),
      HasSubstr(
          R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}},)"
          R"({"type":"custom","custom":{"name":"g","format":{"type":"grammar","grammar":{"syntax":"lark",)"
          R"("definition":"x"}}}}])"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai_chat
