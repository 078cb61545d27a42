#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json/document.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/logprobs.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/schema.h"
#include "llm/dialect/common/strict_schema.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::common {
namespace {

using base::ErrorCode;
using base::Retry;
using testing::HasSubstr;
using testing::Not;

TEST(Node, NamesThePlaceOfAWrongValue) {
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(R"({"messages":[{"role":"user"},{"role":7}]})").ok());
  const Node root(document.root());
  const Node messages = root["messages"];
  const Node second = messages.Element(messages.value().at(1), 1);
  const auto role = RequireString(second["role"]);
  ASSERT_FALSE(role.ok());
  EXPECT_EQ(role.error().param, "messages[1].role");
  EXPECT_EQ(role.error().public_message, "messages[1].role: expected a string, found a number");
  EXPECT_EQ(RequireString(second["content"]).error().public_message, "messages[1].content: is required");
}

TEST(Node, ReadsOptionalNumbersWithinTheirRange) {
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(R"({"ok":7,"negative":-1,"large":4294967296,"null":null,"text":"7"})").ok());
  const Node root(document.root());
  std::optional<std::uint32_t> number;
  EXPECT_TRUE(Read(root["ok"], number).ok());
  EXPECT_EQ(number, 7U);
  EXPECT_TRUE(Read(root["null"], number).ok());
  EXPECT_TRUE(Read(root["absent"], number).ok());
  EXPECT_EQ(number, 7U);
  EXPECT_FALSE(Read(root["negative"], number).ok());
  EXPECT_FALSE(Read(root["large"], number).ok());
  EXPECT_FALSE(Read(root["text"], number).ok());
}

TEST(ReadFields, KeepsUnknownMembersInOrder) {
  struct Point {
    std::optional<double> x = {};
  };
  constexpr Field<Point> kFields[] = {{"x", [](const Node& n, Point& p) { return Read(n, p.x); }}};
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(R"({"b": [1, 2],"x":1.5,"a":"s"})").ok());
  Point point;
  std::vector<ExtraField> extra;
  ASSERT_TRUE(ReadFields<Point>(Node(document.root()), kFields, point, &extra, "point.").ok());
  EXPECT_EQ(point.x, 1.5);
  ASSERT_EQ(extra.size(), 2U);
  EXPECT_EQ(extra[0].name, "point.b");
  EXPECT_EQ(extra[0].json, "[1, 2]");
  EXPECT_EQ(extra[1].name, "point.a");
}

TEST(MergeTurns, JoinsMessagesOfOneRoleAndPutsToolResultsFirst) {
  const std::vector<Message> messages = {
      {.role = Role::kSystem, .blocks = {TextBlock{"s"}}},
      {.role = Role::kUser, .blocks = {TextBlock{"a"}}, .source = "messages[1]"},
      {.role = Role::kUser, .blocks = {ToolResultBlock{.tool_call_id = "1", .content = {}}}, .source = "messages[2]"},
      {.role = Role::kAssistant, .blocks = {}},
      {.role = Role::kUser, .blocks = {TextBlock{"b"}}, .source = "messages[4]"},
      {.role = Role::kAssistant, .blocks = {TextBlock{"c"}}},
  };
  EXPECT_EQ(LeadingSystemMessages(messages), 1U);
  const auto turns = MergeTurns(std::span(messages).subspan(1), ToolResultPlace::kFirst);
  ASSERT_EQ(turns.size(), 2U);
  ASSERT_EQ(turns[0].blocks.size(), 3U);
  EXPECT_EQ(turns[0].blocks[0].path(), "messages[2].content[0]");
  EXPECT_EQ(std::get<TextBlock>(*turns[0].blocks[1].block).text, "a");
  EXPECT_EQ(turns[1].role, Role::kAssistant);
}

TEST(FillToolNames, FindsTheCallThatAResultAnswers) {
  std::vector<Message> messages = {
      {.role = Role::kAssistant, .blocks = {ToolCallBlock{.id = "1", .name = "weather", .arguments = ""}}},
      {.role = Role::kUser,
       .blocks = {ToolResultBlock{.tool_call_id = "1", .content = {}},
                  ToolResultBlock{.tool_call_id = "1", .name = "given", .content = {}},
                  ToolResultBlock{.tool_call_id = "2", .content = {}}}},
  };
  FillToolNames(messages);
  EXPECT_EQ(std::get<ToolResultBlock>(messages[1].blocks[0]).name, "weather");
  EXPECT_EQ(std::get<ToolResultBlock>(messages[1].blocks[1]).name, "given");
  EXPECT_EQ(std::get<ToolResultBlock>(messages[1].blocks[2]).name, "");
}

TEST(Media, DataUrlsRoundTrip) {
  const auto media = ParseDataUrl("data:image/png;base64,AAAA");
  ASSERT_TRUE(media);
  EXPECT_EQ(media->media_type, "image/png");
  EXPECT_EQ(media->base64, "AAAA");
  EXPECT_EQ(ToDataUrl(*media), "data:image/png;base64,AAAA");
  EXPECT_FALSE(ParseDataUrl("data:text/plain,hello"));
  EXPECT_FALSE(ParseDataUrl("https://example.org/x.png"));
  EXPECT_EQ(Subtype("image/jpeg; q=1"), "jpeg");
  EXPECT_EQ(MediaTypeOfFile("a.b.pdf"), "application/pdf");
}

TEST(ObjectSchema, CompletesWhatIsMissingAndLeavesTheRest) {
  EXPECT_EQ(ObjectSchema("").value(), R"({"type":"object","properties":{}})");
  EXPECT_EQ(ObjectSchema(R"({"properties":{"a":{}}})").value(), R"({"type":"object","properties":{"a":{}}})");
  EXPECT_EQ(ObjectSchema(R"({"type":null,"x": 1})").value(), R"({"type":"object","properties":{},"x":1})");
  const std::string complete = R"({"properties" : {}, "type":"object"})";
  EXPECT_EQ(ObjectSchema(complete).value(), complete);
  EXPECT_FALSE(ObjectSchema("[1]").ok());
}

TEST(InlineReferences, ReplacesReferencesAndDropsTheDefinitions) {
  EXPECT_EQ(
      InlineReferences(R"({"properties":{"p":{"$ref":"#/$defs/P","description":"d"}},"$defs":{"P":{"type":"object"}}})")
          .value(),
      R"({"properties":{"p":{"description":"d","type":"object"}}})");
  EXPECT_EQ(
      InlineReferences(
          R"({"a":{"$ref":"#/definitions/x~1y"},"definitions":{"x/y":{"$ref":"#/definitions/z"},"z":{"type":"string"}}})")
          .value(),
      R"({"a":{"type":"string"}})");
}

TEST(InlineReferences, EndsRecursionAndRefusesWhatItCannotFollow) {
  EXPECT_EQ(InlineReferences(
                R"({"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}}}}})")
                .value(),
            R"({"type":"object","properties":{"next":{"type":"object"}}})");
  EXPECT_EQ(InlineReferences(R"({"$ref":"#"})").value(), "{}");
  EXPECT_FALSE(InlineReferences(R"({"$ref":"https://example.org/x.json"})").ok());
  EXPECT_FALSE(InlineReferences(R"({"$ref":"#/$defs/missing"})").ok());
  const std::string property = R"({"properties":{"$ref":{"type":"string"}}})";
  EXPECT_EQ(InlineReferences(property).value(), property);
}

TEST(InlineReferences, BoundsExponentialExpansion) {
  std::string schema = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const std::string next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    schema += "\"d" + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next + "]},";
  }
  schema += R"("d40":{}}})";
  const auto result = InlineReferences(schema);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
}

TEST(ToolCall, ArgumentsAreAnObjectOrNothing) {
  EXPECT_EQ(ArgumentsObject(" "), "{}");
  EXPECT_EQ(ArgumentsObject(R"({ "a":1 })"), R"({ "a":1 })");
  EXPECT_FALSE(ArgumentsObject("[1]"));
  EXPECT_FALSE(ArgumentsObject(R"({"a":)"));
  EXPECT_EQ(SyntheticCallId("x", 0, 1), SyntheticCallId("x", 0, 1));
  EXPECT_NE(SyntheticCallId("x", 0, 1), SyntheticCallId("x", 1, 0));
}

TEST(Effort, MapsBothWays) {
  EXPECT_EQ(ParseEffort("xhigh"), Effort::kXHigh);
  EXPECT_FALSE(ParseEffort("extreme"));
  EXPECT_EQ(ToString(Effort::kMax), "max");
  EXPECT_EQ(EffortFor(BudgetFor(Effort::kMedium)), Effort::kMedium);
  EXPECT_EQ(EffortFor(1'000'000), Effort::kMax);
  EXPECT_EQ(EffortOf({.mode = ReasoningConfig::Mode::kDisabled}), Effort::kNone);
  EXPECT_EQ(EffortOf({.mode = ReasoningConfig::Mode::kEnabled, .budget_tokens = 1500}), Effort::kLow);
  EXPECT_EQ(BudgetOf({.effort = Effort::kHigh}, 4096), 4095U);
  EXPECT_EQ(BudgetOf({.effort = Effort::kHigh}, 0), 0U);
}

TEST(UpstreamError, OurCredentialIsNotTheClientsBusiness) {
  const auto error = ToError({.status = 401, .message = "Incorrect API key provided: sk-abc", .body = "all of it"});
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.retry, Retry::kOtherTarget);
  EXPECT_THAT(error.public_message, Not(HasSubstr("key")));
  EXPECT_THAT(error.detail, HasSubstr("all of it"));
  EXPECT_EQ(StatusFor(error), 503);
}

TEST(UpstreamError, QuotesTheProviderOnlyAboutTheCallersFault) {
  const auto bad = ToError({.status = 400, .message = "temperature must be <= 2", .param = "temperature"});
  EXPECT_EQ(bad.public_message, "temperature must be <= 2");
  EXPECT_EQ(bad.param, "temperature");
  EXPECT_EQ(bad.retry, Retry::kNever);
  const auto leaky = ToError({.status = 400, .message = "Organization org-123 may not do this"});
  EXPECT_THAT(leaky.public_message, Not(HasSubstr("org-123")));
  EXPECT_EQ(leaky.code, ErrorCode::kInvalidRequest);
  const auto broken = ToError({.status = 500, .message = "stack trace"});
  EXPECT_THAT(broken.public_message, Not(HasSubstr("stack")));
  EXPECT_EQ(broken.retry, Retry::kSameTarget);
  EXPECT_EQ(ToError({.status = 429}).retry, Retry::kSameTarget);
  EXPECT_EQ(ToError({.status = 401}).retry, Retry::kOtherTarget);
}

TEST(UpstreamError, CutsLongTextsAtACharacter) {
  std::string message(999, 'x');
  message += "\xC3\xA9 and more";
  EXPECT_EQ(ToError({.status = 400, .message = message}).public_message, std::string(999, 'x'));
}

TEST(MergeTopAlternatives, PutsThePropertiesSideBySide) {
  EXPECT_EQ(MergeTopAlternatives(R"({"type":"object","properties":{"a":{"type":"string"}}})"), std::nullopt);
  EXPECT_EQ(
      MergeTopAlternatives(
          R"({"description":"d","$defs":{"B":{"properties":{"a":{"type":"integer"},"b":{}},"required":["a","b"]}},)"
          R"("oneOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"$ref":"#/$defs/B"}],)"
          R"("allOf":[{"properties":{"c":{}},"required":["c"]}]})"),
      R"({"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"integer"}]},"b":{},"c":{}},)"
      R"("required":["a","c"],"description":"d",)"
      R"("$defs":{"B":{"properties":{"a":{"type":"integer"},"b":{}},"required":["a","b"]}}})");
}

TEST(StrictSchema, KeepsTheSubsetAndTellsTheRest) {
  const auto strict = ToStrictSchema(
      R"({"$schema":"x","type":"object","description":"D","properties":{"e":{"type":"string","format":"email"},)"
      R"("n":{"type":["integer","null"],"minimum":1,"maximum":9},"l":{"type":"array","items":{"$ref":"#/$defs/P",)"
      R"("description":"gone"},"minItems":1},"o":{"oneOf":[{"const":1},{"type":"object","additionalProperties":true}]}},)"
      R"("required":["e"],"minProperties":2})");
  ASSERT_TRUE(strict.ok());
  EXPECT_EQ(strict.value().schema,
            R"({"type":"object","properties":{"e":{"type":"string","format":"email"},)"
            R"("n":{"type":["integer","null"],"description":"{minimum: 1, maximum: 9}"},)"
            R"("l":{"type":"array","items":{"$ref":"#/$defs/P"},"minItems":1},"o":{"anyOf":[{"const":1},)"
            R"({"type":"object","additionalProperties":false,"description":"{additionalProperties: true}"}]}},)"
            R"("required":["e"],"additionalProperties":false,"description":"D\n\n{minProperties: 2}"})");
  EXPECT_THAT(strict.value().told, testing::ElementsAre("minimum", "maximum", "additionalProperties", "minProperties"));
  EXPECT_FALSE(ToStrictSchema("[]").ok());
}

TEST(Logprobs, ComeInEitherSpelling) {
  constexpr std::string_view kGemini = R"([{"topCandidates":[{"candidates":[{"token":"a","logProbability":-1}]}],)"
                                       R"("chosenCandidates":[{"token":"a","logProbability":-1}]}])";
  const JsonText openai = OpenAiLogprobs(DialectId::kGemini, kGemini);
  EXPECT_EQ(openai,
            R"([{"token":"a","logprob":-1,"bytes":null,"top_logprobs":[{"token":"a","logprob":-1,"bytes":null}]}])");
  EXPECT_EQ(GeminiLogprobs(DialectId::kOpenAiChat, openai), kGemini);
  EXPECT_EQ(OpenAiLogprobs(DialectId::kAnthropic, "[]"), "");
}

}  // namespace
}  // namespace gatehouse::llm::dialect::common
