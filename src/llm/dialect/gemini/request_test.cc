#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "codec/json/document.h"
#include "llm/dialect/gemini/gemini.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

base::Result<ChatRequest> Decode(std::string_view body, Delivery delivery = Delivery::kWhole) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Chat().DecodeRequest(document.root(), {.model = "gemini-3-pro", .delivery = delivery, .version = {}});
}

ChatRequest Decoded(std::string_view body) {
  auto request = Decode(body);
  EXPECT_TRUE(request.ok()) << request.error().public_message;
  return request.ok() ? std::move(request).value() : ChatRequest{};
}

EncodedRequest Encoded(const ChatRequest& request, std::string_view model = "gemini-3-pro") {
  auto encoded = Chat().EncodeRequest(request, {.model = model, .version = {}, .provider = {}});
  EXPECT_TRUE(encoded.ok()) << encoded.error().public_message;
  return encoded.ok() ? std::move(encoded).value() : EncodedRequest{};
}

std::string Param(std::string_view body) {
  const auto request = Decode(body);
  return request.ok() ? "accepted" : request.error().param;
}

template <class T>
const T& BlockOf(const ChatRequest& request, std::size_t message, std::size_t block) {
  return std::get<T>(request.messages.at(message).blocks.at(block));
}

Message User(std::vector<Block> blocks) { return {.role = Role::kUser, .blocks = std::move(blocks), .source = "m"}; }
Message Model(std::vector<Block> blocks) {
  return {.role = Role::kAssistant, .blocks = std::move(blocks), .source = "m"};
}

TEST(GeminiDecodeRequest, ReadsEveryGenerationSetting) {
  const auto request = Decoded(R"({"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{
    "temperature":0.5,"topP":0.9,"topK":40,"candidateCount":2,"maxOutputTokens":100,"stopSequences":["END"],
    "presencePenalty":0.1,"frequencyPenalty":0.2,"seed":7,"responseLogprobs":true,"logprobs":3,
    "responseMimeType":"application/json","responseJsonSchema":{"type":"object"},
    "thinkingConfig":{"includeThoughts":true,"thinkingLevel":"low"},"speechConfig":{"voice":"x"}}})");
  EXPECT_EQ(request.temperature, 0.5);
  EXPECT_EQ(request.top_p, 0.9);
  EXPECT_EQ(request.top_k, 40U);
  EXPECT_EQ(request.choices, 2U);
  EXPECT_EQ(request.max_output_tokens, 100U);
  EXPECT_THAT(request.stop, ElementsAre("END"));
  EXPECT_EQ(request.presence_penalty, 0.1);
  EXPECT_EQ(request.frequency_penalty, 0.2);
  EXPECT_EQ(request.seed, 7);
  EXPECT_EQ(request.logprobs, true);
  EXPECT_EQ(request.top_logprobs, 3U);
  EXPECT_EQ(request.response_format->kind, ResponseFormat::Kind::kJsonSchema);
  EXPECT_EQ(request.response_format->schema, R"({"type":"object"})");
  EXPECT_EQ(request.reasoning->effort, Effort::kLow);
  EXPECT_EQ(request.reasoning->include_text, true);
  ASSERT_EQ(request.extra.size(), 1U);
  EXPECT_EQ(request.extra[0].name, "generationConfig.speechConfig");
}

TEST(GeminiDecodeRequest, TakesSnakeCaseLikeTheApi) {
  const auto request = Decoded(R"({"system_instruction":{"parts":[{"text":"be kind"}]},
    "contents":[{"role":"user","parts":[{"inline_data":{"mime_type":"image/png","data":"-_-_"}}]}],
    "generation_config":{"max_output_tokens":5,"thinking_config":{"thinking_budget":0}},
    "tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["a"]}},
    "safety_settings":[]})");
  EXPECT_EQ(request.messages[0].role, Role::kSystem);
  const auto& image = BlockOf<ImageBlock>(request, 1, 0);
  EXPECT_EQ(std::get<InlineMedia>(image.source).base64, "+/+/");
  EXPECT_EQ(request.max_output_tokens, 5U);
  EXPECT_EQ(request.reasoning->mode, ReasoningConfig::Mode::kDisabled);
  EXPECT_EQ(request.tool_choice->mode, ToolChoice::Mode::kNamed);
  ASSERT_EQ(request.extra.size(), 1U);
  EXPECT_EQ(request.extra[0].name, "safetySettings");
}

TEST(GeminiDecodeRequest, PairsResultsWithoutIdsToCallsInOrder) {
  const auto request = Decoded(R"({"contents":[
    {"role":"user","parts":[{"text":"go"}]},
    {"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1}},"thoughtSignature":"c2ln"},
                             {"functionCall":{"name":"f","args":{"n":2}}},{"functionCall":{"name":"g"}}]},
    {"role":"function","parts":[{"functionResponse":{"name":"g","response":{"output":"G"}}},
                            {"functionResponse":{"name":"f","response":{"x":1}}},
                            {"functionResponse":{"name":"f","response":{"error":"bad"}}}]}]})");
  const auto& first = BlockOf<ToolCallBlock>(request, 1, 0);
  const auto& second = BlockOf<ToolCallBlock>(request, 1, 1);
  const auto& third = BlockOf<ToolCallBlock>(request, 1, 2);
  EXPECT_EQ(first.signature, "c2ln");
  EXPECT_EQ(first.arguments, R"({"n":1})");
  EXPECT_EQ(third.arguments, "{}");
  EXPECT_NE(first.id, second.id);
  const auto& of_g = BlockOf<ToolResultBlock>(request, 2, 0);
  const auto& of_first = BlockOf<ToolResultBlock>(request, 2, 1);
  const auto& of_second = BlockOf<ToolResultBlock>(request, 2, 2);
  EXPECT_EQ(of_g.tool_call_id, third.id);
  EXPECT_EQ(std::get<TextBlock>(of_g.content[0]).text, "G");
  EXPECT_EQ(of_first.tool_call_id, first.id);
  EXPECT_EQ(of_first.structured, R"({"x":1})");
  EXPECT_EQ(of_second.tool_call_id, second.id);
  EXPECT_EQ(of_second.outcome, ToolResultBlock::Outcome::kFailed);
}

TEST(GeminiDecodeRequest, ReadsOpenApiSchemasAsJsonSchema) {
  const auto request = Decoded(R"({"contents":[{"parts":[{"text":"x"}]}],
    "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{
      "type":{"type":"STRING","nullable":true,"enum":["a"]},"list":{"type":"ARRAY","items":{"type":"INTEGER"},"minItems":"1"}}}}]},
      {"googleSearch":{}}]})");
  ASSERT_EQ(request.tools.size(), 2U);
  EXPECT_EQ(request.tools[0].parameters,
            R"({"type":"object","properties":{"type":{"type":["string","null"],"enum":["a",null]},)"
            R"("list":{"type":"array","items":{"type":"integer"},"minItems":1}}})");
  EXPECT_EQ(request.tools[1].kind, ToolKind::kProviderDefined);
  EXPECT_EQ(request.tools[1].original, R"({"googleSearch":{}})");
}

TEST(GeminiDecodeRequest, NamesTheMemberThatIsWrong) {
  EXPECT_EQ(Param(R"({})"), "contents");
  EXPECT_EQ(Param(R"({"contents":[]})"), "contents");
  EXPECT_EQ(Param(R"({"contents":[{"role":"robot","parts":[]}]})"), "contents[0].role");
  EXPECT_EQ(Param(R"({"contents":[{"parts":[{}]}]})"), "contents[0].parts[0]");
  EXPECT_EQ(Param(R"({"contents":[{"parts":[{"text":5}]}]})"), "contents[0].parts[0].text");
  EXPECT_EQ(Param(R"({"contents":[{"parts":[{"inlineData":{"data":""}}]}]})"),
            "contents[0].parts[0].inlineData.mimeType");
  EXPECT_EQ(Param(R"({"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"topK":"many"}})"),
            "generationConfig.topK");
  EXPECT_EQ(Param(R"({"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{}]}]})"),
            "tools[0].functionDeclarations[0].name");
}

TEST(GeminiDecodeRequest, TheVerbDecidesDelivery) {
  const auto request = Decode(R"({"contents":[{"parts":[{"text":"x"}]}]})", Delivery::kStream);
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request.value().stream);
  EXPECT_EQ(request.value().model, "gemini-3-pro");
}

TEST(GeminiEncodeRequest, AGeminiRequestComesBackTheSame) {
  constexpr std::string_view kBody =
      R"({"systemInstruction":{"parts":[{"text":"sys"}]},"contents":[{"role":"user","parts":[{"text":"hi"},)"
      R"({"inlineData":{"mimeType":"application/pdf","data":"AAAA"}},)"
      R"({"fileData":{"mimeType":"image/png","fileUri":"gs://b/o.png"}}]},)"
      R"({"role":"model","parts":[{"text":"hm","thought":true,"thoughtSignature":"dGhvdWdodA=="},)"
      R"({"text":"ok","thoughtSignature":"dGV4dA=="},)"
      R"({"functionCall":{"id":"1","name":"f","args":{"a":1.50}},"thoughtSignature":"Y2FsbA=="},)"
      R"({"executableCode":{"language":"PYTHON","code":"1"}}]},)"
      R"({"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"k":[1]}}}]}],)"
      R"("tools":[{"functionDeclarations":[{"name":"f","description":"d",)"
      R"("parametersJsonSchema":{"type":"object","properties":{}},"behavior":"BLOCKING"}]},{"googleSearch":{}}],)"
      R"("toolConfig":{"functionCallingConfig":{"mode":"AUTO"},"retrievalConfig":{"languageCode":"de"}},)"
      R"("generationConfig":{"temperature":0.5,"topK":3,"responseMimeType":"application/json",)"
      R"("responseJsonSchema":{"type":"object"},"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"HIGH"},)"
      R"("speechConfig":{"v":1}},"serviceTier":"flex","labels":{"a":"b"},"safetySettings":[{"category":"C"}]})";
  const auto encoded = Encoded(Decoded(kBody));
  EXPECT_EQ(encoded.body, kBody);
  EXPECT_THAT(encoded.losses, IsEmpty());
}

TEST(GeminiEncodeRequest, CarriesASchemaOfAToolWithItsReferencesInlined) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.tools.push_back(
      {.name = "f", .parameters = R"({"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string"}}})"});
  const auto body = Encoded(request).body;
  EXPECT_THAT(body, HasSubstr(R"("a":{"type":"string"})"));
  EXPECT_THAT(body, HasSubstr(R"("type":"object")"));
  EXPECT_THAT(body, Not(HasSubstr("$ref")));
}

TEST(GeminiEncodeRequest, SendsResultsAsStringsAndInOneTurn) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"go"}})}};
  request.messages.push_back(Model({ToolCallBlock{"c1", "f", "{}"}, ToolCallBlock{"c2", "g", ""}}));
  request.messages.push_back(User({ToolResultBlock{"c1", "f", {TextBlock{R"({"$ref":"#/x"})"}}}}));
  request.messages.push_back(User({TextBlock{"and?"}, ToolResultBlock{.tool_call_id = "c2",
                                                                      .name = "g",
                                                                      .content = {TextBlock{"no"}},
                                                                      .outcome = ToolResultBlock::Outcome::kFailed}}));
  EXPECT_THAT(Encoded(request, "gemini-2.5-flash").body,
              HasSubstr(R"({"role":"user","parts":[)"
                        R"({"functionResponse":{"id":"c1","name":"f","response":{"output":"{\"$ref\":\"#/x\"}"}}},)"
                        R"({"functionResponse":{"id":"c2","name":"g","response":{"error":"no"}}},{"text":"and?"}]})"));
}

TEST(GeminiEncodeRequest, NewerModelsGetAStandInForAMissingSignature) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"go"}})}};
  request.messages.push_back(Model({ToolCallBlock{"c1", "f", "{}"}, ToolCallBlock{"c2", "g", ""}}));
  const auto newer = Encoded(request, "gemini-3-flash").body;
  EXPECT_THAT(newer, HasSubstr(R"("name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator")"));
  EXPECT_THAT(newer, HasSubstr(R"({"functionCall":{"id":"c2","name":"g","args":{}}})"));
  EXPECT_THAT(Encoded(request, "gemini-2.5-pro").body, Not(HasSubstr("skip_thought")));
}

TEST(GeminiEncodeRequest, StripsThoughtsOfOthersAndKeepsItsOwn) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"go"}})}};
  request.messages.push_back(
      Model({ReasoningBlock{.text = "a", .signature = "s", .redacted = {}, .origin = DialectId::kAnthropic},
             ReasoningBlock{.text = "b", .signature = "t", .redacted = {}, .origin = DialectId::kGemini},
             ReasoningBlock{
                 .text = "c", .signature = "u", .redacted = {}, .origin = DialectId::kGemini, .signer = "elsewhere"},
             TextBlock{"x"}}));
  const auto encoded = Chat().EncodeRequest(request, {.model = "gemini-3-pro", .version = {}, .provider = "here"});
  ASSERT_TRUE(encoded.ok());
  EXPECT_THAT(encoded.value().body,
              HasSubstr(R"("parts":[{"text":"b","thought":true,"thoughtSignature":"t"},{"text":"x"}])"));
}

TEST(GeminiEncodeRequest, MeasuresThinkingAsTheModelWants) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{"x"}})}};
  request.reasoning = ReasoningConfig{.effort = Effort::kXHigh};
  EXPECT_THAT(Encoded(request, "gemini-3-pro").body, HasSubstr(R"("thinkingLevel":"HIGH")"));
  EXPECT_THAT(Encoded(request, "gemini-2.5-flash").body, HasSubstr(R"("thinkingBudget":)"));
  request.reasoning = ReasoningConfig{.effort = Effort::kNone};
  EXPECT_THAT(Encoded(request, "gemini-3-pro").body, HasSubstr(R"("thinkingLevel":"MINIMAL")"));
  EXPECT_THAT(Encoded(request, "gemini-2.5-flash").body, HasSubstr(R"("thinkingBudget":0)"));
  EXPECT_THAT(Encoded(request, "gemini-2.5-pro").body, HasSubstr(R"("thinkingBudget":128)"));
}

TEST(GeminiEncodeRequest, TellsWhatItCannotCarry) {
  ChatRequest request{.model = "m", .messages = {User({TextBlock{.text = "x", .cache = CacheMark{}}})}};
  request.messages.push_back(User({OpaqueBlock{DialectId::kOpenAiResponses, "web_search_call", "{}"},
                                   ImageBlock{MediaFile{"file-1"}}, ToolResultBlock{.tool_call_id = "lost"}}));
  request.logit_bias = "{}";
  request.parallel_tool_calls = false;
  request.stop = {"1", "2", "3", "4", "5", "6"};
  request.extra.push_back({"store", "true"});
  const auto losses = Encoded(request).losses;
  std::vector<std::string> fields;
  for (const auto& loss : losses) fields.push_back(loss.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("cache_control", "m.content[0]", "m.content[1]", "m.content[2]",
                                                    "logit_bias", "parallel_tool_calls", "stop", "store"));
}

TEST(GeminiEncodeRequest, HoistsLaterSystemMessagesAndKeepsTurnsTogether) {
  ChatRequest request{.model = "m", .messages = {{.role = Role::kSystem, .blocks = {TextBlock{"one"}}}}};
  request.messages.push_back(User({TextBlock{"a"}}));
  request.messages.push_back({.role = Role::kDeveloper, .blocks = {TextBlock{"two"}}});
  request.messages.push_back(User({TextBlock{"b"}}));
  EXPECT_THAT(Encoded(request).body, HasSubstr(R"("systemInstruction":{"parts":[{"text":"one"},{"text":"two"}]},)"
                                               R"("contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]}])"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect::gemini
