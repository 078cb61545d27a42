#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/bedrock/words.h"
#include "llm/dialect/common/dialect_testing.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kClaude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

EncodedRequest Encoded(const ChatRequest& request, std::string_view model = kClaude) {
  auto encoded = Chat().EncodeRequest(request, {.model = model, .version = {}, .provider = {}});
  EXPECT_TRUE(encoded.ok()) << encoded.error().public_message;
  return encoded.ok() ? std::move(encoded).value() : EncodedRequest{};
}

Message User(std::vector<Block> blocks) { return {.role = Role::kUser, .blocks = std::move(blocks), .source = "m"}; }
Message Model(std::vector<Block> blocks) {
  return {.role = Role::kAssistant, .blocks = std::move(blocks), .source = "m"};
}

std::vector<std::string> Fields(const EncodedRequest& encoded) {
  std::vector<std::string> fields;
  for (const auto& loss : encoded.losses) fields.push_back(loss.field);
  return fields;
}

TEST(BedrockRequest, AConverseRequestComesBackTheSame) {
  constexpr std::string_view kBody =
      R"({"system":[{"text":"sys"},{"cachePoint":{"type":"default","ttl":"1h"}}],)"
      R"("messages":[{"role":"user","content":[{"text":"hi"},)"
      R"({"image":{"format":"png","source":{"bytes":"AAAA"}}},)"
      R"({"document":{"format":"pdf","name":"a","source":{"s3Location":{"uri":"s3://b/k"}},"context":"c"}},)"
      R"({"video":{"format":"mp4","source":{"bytes":"AAAA"}}}]},)"
      R"({"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}},)"
      R"({"reasoningContent":{"redactedContent":"UkVE"}},)"
      R"({"toolUse":{"toolUseId":"t1","name":"f","input":{"a":1.0}}}]},)"
      R"({"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"json":{"k":2}}],"status":"error"}}]}],)"
      R"("toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":)"
      R"({"type":"object","properties":{}}}}},{"cachePoint":{"type":"default"}}],"toolChoice":{"tool":{"name":"f"}}},)"
      R"("inferenceConfig":{"maxTokens":9,"temperature":0.5,"stopSequences":["X"]},)"
      R"("outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":)"
      R"({"schema":"{\"type\":\"object\"}","name":"n"}}}},)"
      R"("serviceTier":{"type":"flex"},"requestMetadata":{"a":"b"},"guardrailConfig":{"g":1},)"
      R"("additionalModelRequestFields":{"top_k":5,"extra":true}})";
  const auto request = common::testing::Decode(Chat(), kBody, {.model = kClaude, .version = {}});
  ASSERT_TRUE(request.ok()) << request.error().public_message;
  const auto encoded = Encoded(request.value());
  EXPECT_EQ(encoded.body, kBody);
  EXPECT_THAT(encoded.losses, IsEmpty());
}

TEST(BedrockRequest, NamesTheMemberThatIsWrong) {
  const auto param = [](std::string_view body) {
    const auto request = common::testing::Decode(Chat(), body);
    return request.ok() ? "accepted" : request.error().param;
  };
  EXPECT_EQ(param("{}"), "messages");
  EXPECT_EQ(param(R"({"messages":[{"role":"tool","content":[]}]})"), "messages[0].role");
  EXPECT_EQ(param(R"({"messages":[{"role":"user","content":[{}]}]})"), "messages[0].content[0]");
  EXPECT_EQ(param(R"({"messages":[{"role":"user","content":[{"image":{"format":"png","source":{}}}]}]})"),
            "messages[0].content[0].image.source");
  EXPECT_EQ(param(R"({"messages":[{"role":"user","content":[{"toolUse":{"name":"f"}}]}]})"),
            "messages[0].content[0].toolUse.toolUseId");
  EXPECT_EQ(param(R"({"messages":[{"role":"user","content":[{"text":"x"}]}],"outputConfig":{"textFormat":)"
                  R"({"structure":{"jsonSchema":{"schema":"{"}}}}})"),
            "outputConfig.textFormat.structure.jsonSchema.schema");
}

TEST(BedrockRequest, PutsCachePointsBehindWhatIsMarked) {
  ChatRequest request{.model = "m", .messages = {{.role = Role::kSystem, .blocks = {TextBlock{"s", CacheMark{"1h"}}}}}};
  request.messages.push_back(User({TextBlock{"u", CacheMark{}}}));
  request.messages.push_back(Model({ToolCallBlock{.id = "a", .name = "f", .arguments = "{}"}}));
  request.messages.push_back(User({ToolResultBlock{"a", "f", {TextBlock{"r", CacheMark{"5m"}}}}}));
  request.tools.push_back({.name = "f", .cache = CacheMark{}});
  const auto body = Encoded(request).body;
  EXPECT_THAT(body, HasSubstr(R"("system":[{"text":"s"},{"cachePoint":{"type":"default","ttl":"1h"}}])"));
  EXPECT_THAT(body, HasSubstr(R"([{"text":"u"},{"cachePoint":{"type":"default"}}])"));
  EXPECT_THAT(body, HasSubstr(R"({"toolResult":{"toolUseId":"a","content":[{"text":"r"}]}},)"
                              R"({"cachePoint":{"type":"default","ttl":"5m"}}])"));
  EXPECT_THAT(body, HasSubstr(R"("properties":{}}}}},{"cachePoint":{"type":"default"}}])"));
}

TEST(BedrockRequest, RefusesWhatItCannotFetch) {
  ChatRequest request{.model = "m",
                      .messages = {User({ImageBlock{MediaUrl{"https://x/a.png", ""}}, ImageBlock{MediaFile{"file-1"}},
                                         ImageBlock{InlineMedia{"image/tiff", "AA"}},
                                         ImageBlock{MediaFile{"s3://b/a.png", "image/png"}}})}};
  const auto encoded = Encoded(request);
  EXPECT_THAT(Fields(encoded), testing::ElementsAre("m.content[0]", "m.content[1]", "m.content[2]"));
  for (const auto& loss : encoded.losses) EXPECT_EQ(loss.kind, Loss::Kind::kContent);
  EXPECT_THAT(encoded.body, HasSubstr(R"({"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/a.png"}}}})"));
}

TEST(BedrockRequest, NamesDocumentsAsBedrockTakesThem) {
  EXPECT_EQ(DocumentName("Q3 résumé_v2.final.pdf", 0), "Q3 r sum v2 final");
  EXPECT_EQ(DocumentName("", 0), "document");
  EXPECT_EQ(DocumentName("", 1), "document (2)");
  EXPECT_EQ(DocumentName(std::string(500, 'a'), 2).size(), 200U);
  const InlineMedia pdf{"application/pdf", "AA"};
  ChatRequest request{.model = "m",
                      .messages = {User({TextBlock{"x"}, DocumentBlock{.source = pdf, .name = "a.pdf"},
                                         DocumentBlock{.source = pdf, .name = "a.pdf"},
                                         DocumentBlock{.source = std::string("plain")}})}};
  const auto body = Encoded(request).body;
  EXPECT_THAT(body, HasSubstr(R"("name":"a","source")"));
  EXPECT_THAT(body, HasSubstr("\"name\":\"a (2)\",\"source\""));
  EXPECT_THAT(body, HasSubstr(R"({"document":{"format":"txt","name":"document","source":{"text":"plain"}}})"));
}

TEST(BedrockRequest, ThinkingAndItsLikeGoInTheMakersWords) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.reasoning = ReasoningConfig{.effort = Effort::kMedium};
  request.top_k = 7;
  const auto claude = Encoded(request);
  EXPECT_THAT(claude.body, HasSubstr(R"("additionalModelRequestFields":{"thinking":{"type":"enabled")"));
  EXPECT_THAT(claude.body, HasSubstr(R"("maxTokens":)"));
  EXPECT_THAT(Fields(claude), testing::ElementsAre("top_k"));
  EXPECT_THAT(Encoded(request, "amazon.nova-2-lite-v1:0").body,
              HasSubstr(R"("additionalModelRequestFields":{"inferenceConfig":{"topK":7},)"
                        R"("reasoningConfig":{"type":"enabled","maxReasoningEffort":"medium"}})"));
  EXPECT_THAT(Encoded(request, "openai.gpt-oss-120b-1:0").body, HasSubstr(R"({"reasoning_effort":"medium"})"));
  EXPECT_THAT(Fields(Encoded(request, "meta.llama4-v1:0")), testing::ElementsAre("reasoning"));
}

TEST(BedrockRequest, ThinkingTakesNoTemperature) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.reasoning = ReasoningConfig{.mode = ReasoningConfig::Mode::kEnabled, .budget_tokens = 2048};
  request.temperature = 0.2;
  request.max_output_tokens = 8000;
  const auto encoded = Encoded(request);
  EXPECT_THAT(encoded.body, HasSubstr(R"("thinking":{"type":"enabled","budget_tokens":2048})"));
  EXPECT_THAT(encoded.body, Not(HasSubstr("temperature")));
  EXPECT_THAT(Fields(encoded), testing::ElementsAre("temperature"));
}

TEST(BedrockRequest, KeepsTheReasoningOfClaudeWhereverItRan) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.messages.push_back(Model(
      {ReasoningBlock{.text = "a", .signature = "s", .redacted = {}, .origin = DialectId::kAnthropic},
       ReasoningBlock{.text = "b", .signature = "t", .redacted = {}, .origin = DialectId::kGemini}, TextBlock{"y"}}));
  EXPECT_THAT(Encoded(request).body,
              HasSubstr(R"([{"reasoningContent":{"reasoningText":{"text":"a","signature":"s"}}},{"text":"y"}])"));
  EXPECT_THAT(Encoded(request, "amazon.nova-pro-v1:0").body, Not(HasSubstr("reasoningContent")));
}

TEST(BedrockRequest, DeclaresToolsThatTheConversationCalled) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.messages.push_back(Model({ToolCallBlock{.id = "call 1!", .name = "f", .arguments = ""}}));
  request.messages.push_back(User({ToolResultBlock{"call 1!", "f", {TextBlock{"r"}}}}));
  const auto body = Encoded(request).body;
  EXPECT_THAT(body, HasSubstr(R"("toolConfig":{"tools":[{"toolSpec":{"name":"f")"));
  const auto id = ToolUseId("call 1!");
  EXPECT_THAT(body, HasSubstr(R"({"toolUse":{"toolUseId":")" + id + R"(","name":"f","input":{}}})"));
  EXPECT_THAT(body, HasSubstr(R"({"toolResult":{"toolUseId":")" + id + R"(",)"));
  EXPECT_THAT(id, testing::MatchesRegex("[a-zA-Z0-9_-]+"));
}

TEST(BedrockRequest, AChoiceAmongSomeToolsIsThoseTools) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.tools = {{.name = "f"}, {.name = "g"}};
  request.tool_choice =
      ToolChoice{.mode = ToolChoice::Mode::kAllowed, .names = {"g"}, .allowed = ToolChoice::Strength::kRequired};
  const auto body = Encoded(request).body;
  EXPECT_THAT(body, Not(HasSubstr(R"("name":"f")")));
  EXPECT_THAT(body, HasSubstr(R"("toolChoice":{"any":{}})"));
  request.tool_choice = ToolChoice{.mode = ToolChoice::Mode::kNone};
  EXPECT_THAT(Encoded(request).body, Not(HasSubstr("toolConfig")));
}

TEST(BedrockRequest, TellsWhatItCannotCarry) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.seed = 1;
  request.choices = 2;
  request.logit_bias = R"({"1":2})";
  request.response_format = ResponseFormat{.kind = ResponseFormat::Kind::kJsonObject};
  request.extra.push_back({"prediction", "{}"});
  EXPECT_THAT(Fields(Encoded(request)),
              testing::UnorderedElementsAre("seed", "choices", "logit_bias", "response_format", "prediction"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect::bedrock
