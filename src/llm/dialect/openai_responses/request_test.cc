#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/common/dialect_testing.h"
#include "llm/dialect/openai_chat/dialect.h"
#include "llm/dialect/openai_responses/dialect.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using common::testing::Decode;
using common::testing::Translate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr EncodeOptions kTarget{.model = "gpt-6", .provider = "openai"};
constexpr EncodeOptions kClaude{.model = "claude-sonnet-4-5", .version = "2023-06-01", .provider = "anthropic"};

std::string MustTranslate(const ChatDialect& from, const ChatDialect& to, std::string_view body,
                          const EncodeOptions& options) {
  auto encoded = Translate(from, to, body, options);
  EXPECT_TRUE(encoded.ok()) << encoded.error().public_message;
  return encoded.ok() ? std::move(encoded).value().body : std::string();
}

std::vector<std::string> LostFields(const ChatDialect& from, const ChatDialect& to, std::string_view body,
                                    const EncodeOptions& options) {
  auto encoded = Translate(from, to, body, options);
  EXPECT_TRUE(encoded.ok()) << encoded.error().public_message;
  std::vector<std::string> fields;
  if (!encoded.ok()) return fields;
  for (const Loss& loss : encoded.value().losses) fields.push_back(loss.field);
  return fields;
}

TEST(ResponsesRequest, EveryMemberComesBackAsItWent) {
  const std::string body =
      R"({"model":"gpt-6","instructions":"Be brief.","input":[)"
      R"({"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"Look",)"
      R"("prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}},)"
      R"({"type":"input_image","image_url":"data:image/png;base64,iVBO","detail":"high"},)"
      R"({"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"},)"
      R"({"type":"input_file","file_id":"file-1"}]},)"
      R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"gAAA+/="},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hm"},)"
      R"({"type":"refusal","refusal":"no"}]},)"
      R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\": 1}"},)"
      R"({"type":"custom_tool_call","call_id":"c2","name":"patch","input":"*** Begin"},)"
      R"({"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},)"
      R"({"type":"function_call_output","call_id":"c1","output":"42"},)"
      R"({"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"x"},)"
      R"({"type":"input_text","text":"y"}]}],)"
      R"("tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true,)"
      R"("defer_loading":false},{"type":"custom","name":"patch","format":{"type":"text"}},{"type":"web_search"}],)"
      R"("tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},)"
      R"({"type":"custom","name":"patch"}]},"parallel_tool_calls":false,)"
      R"("reasoning":{"effort":"xhigh","summary":"auto","context":"all"},)"
      R"("text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},)"
      R"("max_output_tokens":64,"temperature":0.5,"top_p":0.9,"top_logprobs":2,"metadata":{"k":"v"},)"
      R"("service_tier":"flex","prompt_cache_key":"k","safety_identifier":"u","stream":true,)"
      R"("stream_options":{"include_obfuscation":false},"store":false,"include":["reasoning.encrypted_content"],)"
      R"("previous_response_id":"resp_0","truncation":"auto"})";
  EXPECT_EQ(MustTranslate(Chat(), Chat(), body, kTarget), body);
}

TEST(ResponsesRequest, SaysWhereAMistakeIs) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"input":"x"})", "model"},
      {R"({"model":"m","input":7})", "input"},
      {R"({"model":"m","input":[{"type":"function_call","name":"f","arguments":"{}"}]})", "input[0].call_id"},
      {R"({"model":"m","input":[{"role":"tool","content":"x"}]})", "input[0].role"},
      {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image"}]}]})", "input[0].content[0]"},
      {R"({"model":"m","input":"x","tools":[{"type":"function"}]})", "tools[0].name"},
      {R"({"model":"m","input":"x","tool_choice":"maybe"})", "tool_choice"},
      {R"({"model":"m","input":"x","text":{"format":{"type":"xml"}}})", "text.format.type"},
      {R"({"model":"m","input":"x","reasoning":{"effort":"huge"}})", "reasoning.effort"},
  };
  for (const auto& [body, param] : cases) {
    const auto request = Decode(Chat(), body);
    ASSERT_FALSE(request.ok()) << body;
    EXPECT_EQ(request.error().param, param) << request.error().public_message;
  }
}

TEST(ResponsesRequest, ItemsOfOneTurnBecomeOneTurnOfAnthropic) {
  const std::string body = MustTranslate(
      Chat(), anthropic::Chat(),
      R"({"model":"m","instructions":"Be brief.","max_output_tokens":100,"input":[{"role":"user","content":"go"},)"
      R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},)"
      R"({"type":"function_call","call_id":"c1","name":"f","arguments":""},)"
      R"({"type":"function_call","call_id":"c2","name":"f","arguments":"{\"a\":1}"},)"
      R"({"type":"function_call_output","call_id":"c1","output":"1"},)"
      R"({"type":"function_call_output","call_id":"c2","output":"2"},{"role":"user","content":"and?"}]})",
      kClaude);
  EXPECT_EQ(
      body,
      R"({"model":"claude-sonnet-4-5","max_tokens":100,"system":[{"type":"text","text":"Be brief."}],)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"go"}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}},)"
      R"({"type":"tool_use","id":"c2","name":"f","input":{"a":1}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"1"}]},)"
      R"({"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"2"}]},)"
      R"({"type":"text","text":"and?"}]}]})");
}

TEST(ResponsesRequest, AnthropicBecomesStatelessItems) {
  const std::string body = MustTranslate(
      anthropic::Chat(), Chat(),
      R"({"model":"m","max_tokens":4000,"system":"Be brief.","thinking":{"type":"enabled","budget_tokens":2000},)"
      R"("messages":[{"role":"user","content":"go"},{"role":"assistant","content":[)"
      R"({"type":"thinking","thinking":"t","signature":"EqQB"},{"type":"text","text":"ok"},)"
      R"({"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},{"role":"user","content":[)"
      R"({"type":"tool_result","tool_use_id":"t1","content":"42","is_error":true}]}],)"
      R"("tools":[{"name":"f","input_schema":{"type":"object"}}],"metadata":{"user_id":"u"}})",
      kTarget);
  EXPECT_EQ(body,
            R"({"model":"gpt-6","instructions":"Be brief.","input":[)"
            R"({"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]},)"
            R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]},)"
            R"({"type":"function_call","call_id":"t1","name":"f","arguments":"{\"a\":1}"},)"
            R"({"type":"function_call_output","call_id":"t1","output":"Error: 42"}],)"
            R"("tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false}],)"
            R"("reasoning":{"effort":"low"},"max_output_tokens":4000,"safety_identifier":"u",)"
            R"("store":false,"include":["reasoning.encrypted_content"]})");
}

TEST(ResponsesRequest, AStoredConversationIsContentThatOthersCannotCarry) {
  const auto encoded = Translate(Chat(), anthropic::Chat(),
                                 R"({"model":"m","input":"x","previous_response_id":"resp_1","store":true})", kClaude);
  ASSERT_TRUE(encoded.ok());
  ASSERT_EQ(encoded.value().losses.size(), 2U);
  EXPECT_EQ(encoded.value().losses[0].field, "previous_response_id");
  EXPECT_EQ(encoded.value().losses[0].kind, Loss::Kind::kContent);
  EXPECT_EQ(encoded.value().losses[1].kind, Loss::Kind::kHint);
}

TEST(ResponsesRequest, SettingsWithoutAWordAreLosses) {
  EXPECT_THAT(LostFields(anthropic::Chat(), Chat(),
                         R"({"model":"m","max_tokens":5,"top_k":3,"stop_sequences":["x"],)"
                         R"("messages":[{"role":"user","content":"a"}]})",
                         kTarget),
              ElementsAre("max_output_tokens", "top_k", "stop"));
}

TEST(ResponsesRequest, HostedItemsAndToolsOfOthersAreLostContent) {
  EXPECT_THAT(LostFields(Chat(), anthropic::Chat(),
                         R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"item_reference","id":"x"}],)"
                         R"("tools":[{"type":"web_search"},{"type":"custom","name":"p"}]})",
                         kClaude),
              ElementsAre("input[1].content[0]", "tools[0]"));
  EXPECT_THAT(LostFields(anthropic::Chat(), Chat(),
                         R"({"model":"m","max_tokens":50,"messages":[{"role":"user","content":[)"
                         R"({"type":"search_result","source":"s","title":"t","content":[]}]}],)"
                         R"("tools":[{"type":"bash_20250124","name":"bash"}]})",
                         kTarget),
              ElementsAre("messages[0].content[0]", "tools[0]"));
}

TEST(ResponsesRequest, SealsOfOthersStayInTheirEnvelope) {
  const std::string body =
      R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"reasoning","id":"rs_x","summary":[],)"
      R"("encrypted_content":"gatehouse1:anthropic.messages:signature::EqQB+/="},)"
      R"({"type":"reasoning","id":"rs_y","summary":[],"encrypted_content":"gatehouse1:gemini.generate:tool_call::Cs:Q"},)"
      R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]})";
  const auto request = Decode(Chat(), body);
  ASSERT_TRUE(request.ok());
  const auto& messages = request.value().messages;
  ASSERT_EQ(messages.size(), 2U);
  ASSERT_EQ(messages[1].blocks.size(), 2U);
  EXPECT_EQ(std::get<ReasoningBlock>(messages[1].blocks[0]).signature, "EqQB+/=");
  EXPECT_EQ(std::get<ReasoningBlock>(messages[1].blocks[0]).origin, DialectId::kAnthropic);
  EXPECT_EQ(std::get<ToolCallBlock>(messages[1].blocks[1]).signature, "Cs:Q");
  EXPECT_THAT(MustTranslate(Chat(), anthropic::Chat(), body, kClaude), HasSubstr(R"("signature":"EqQB+/=")"));
  EXPECT_THAT(MustTranslate(Chat(), Chat(), body, kTarget), Not(HasSubstr("reasoning")));
}

TEST(ResponsesRequest, ItemsKeepWhatOnlyTheirOwnDialectSays) {
  const std::string input =
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}],"status":"completed"},)"
      R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"Q","status":"completed"},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"},{"type":"output_novel"}],)"
      R"("id":"msg_1","status":"completed","phase":"commentary"},)"
      R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{}","id":"fc_1","namespace":"n"},)"
      R"({"type":"custom_tool_call","call_id":"c2","name":"p","input":"x","id":"ctc_1"},)"
      R"({"type":"function_call_output","call_id":"c1","output":"1","id":"fco_1","status":"completed"},)"
      R"({"type":"custom_tool_call_output","call_id":"c2","output":"2","id":"ctco_1"},)"
      R"({"type":"web_search_call","id":"ws_1"}])";
  const std::string body = MustTranslate(Chat(), Chat(), R"({"model":"m","input":)" + input + "}", kTarget);
  EXPECT_EQ(body, R"({"model":"gpt-6","input":)" + input + "}");
}

TEST(ResponsesRequest, ItemMembersOfAnotherClientStayWithHim) {
  const std::string body =
      R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"message","role":"assistant","id":"msg_1",)"
      R"("phase":"final_answer","content":[{"type":"output_text","text":"b"}]},{"role":"user","content":"c"}]})";
  EXPECT_THAT(MustTranslate(Chat(), openai_chat::Dialect(), body, kTarget), Not(HasSubstr("final_answer")));
}

TEST(ResponsesCount, CarriesThePromptAlone) {
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(R"({"model":"m","input":"a","temperature":0.1,"store":true})").ok());
  const auto request = Count().DecodeRequest(document.root(), {});
  ASSERT_TRUE(request.ok());
  const auto encoded = Count().EncodeRequest(request.value(), kTarget);
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(
      encoded.value().body,
      R"({"model":"gpt-6","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}]})");
  EXPECT_EQ(Count().EncodeAnswer(3), R"({"object":"response.input_tokens","input_tokens":3})");
  EXPECT_EQ(Count().DecodeAnswer(Count().EncodeAnswer(3)).value(), 3U);
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai_responses
