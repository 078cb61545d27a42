#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/common/dialect_testing.h"
#include "llm/dialect/common/seal.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using common::testing::Collect;
using common::testing::DecodeStream;
using common::testing::EncodeStream;
using common::testing::Lines;
using ::testing::HasSubstr;
using ::testing::Not;

const Usage kUsage{.input = 20, .cache_read = 100, .output = 9, .reasoning = 3, .source = UsageSource::kProvider};

// What a client of Anthropic's makes of the events.
Answer Seen(const std::vector<Event>& events) {
  std::vector<Event> read;
  const auto status = DecodeStream(*Chat().NewDecoder({}), EncodeStream(Chat(), events), read);
  EXPECT_TRUE(status.ok()) << status.error().detail;
  return Collect(read);
}

TEST(AnthropicEncoder, WritesTheGrammarWithEventLines) {
  const std::string stream = EncodeStream(
      Chat(),
      {Started{.id = "chatcmpl-1", .model = "gpt"}, TextDelta{.text = "Hi"}, BlockFinished{},
       ChoiceFinished{.reason = FinishReason::kStopSequence, .stop_sequence = "END"}, UsageReported{kUsage}},
      {.id = "abc", .model = "alias", .estimated_input_tokens = 77});
  EXPECT_EQ(
      Lines(stream),
      R"(message_start {"type":"message_start","message":{"id":"msg_abc","type":"message","role":"assistant","model":"gpt",)"
      R"("content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"usage":{"input_tokens":77,)"
      R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,)"
      R"("ephemeral_1h_input_tokens":0},"output_tokens":0,"output_tokens_details":{"thinking_tokens":0}}}})"
      "\n"
      R"(content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
      "\n"
      R"(content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})"
      "\n"
      R"(content_block_stop {"type":"content_block_stop","index":0})"
      "\n"
      R"(message_delta {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END","stop_details":null},)"
      R"("usage":{"input_tokens":20,"cache_creation_input_tokens":0,"cache_read_input_tokens":100,)"
      R"("cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":12,)"
      R"("output_tokens_details":{"thinking_tokens":3}}})"
      "\n"
      R"(message_stop {"type":"message_stop"})"
      "\n");
}

TEST(AnthropicEncoder, ParallelCallsThatInterleaveNeverOverlap) {
  const std::vector<Event> events = {
      Started{},
      TextDelta{.block = 0, .text = "a"},
      ToolCallStarted{.block = 1, .id = "c1", .name = "f"},
      ToolCallStarted{.block = 2, .id = "c2", .name = "g"},
      ToolCallDelta{.block = 1, .arguments = "{\"x\":"},
      ToolCallDelta{.block = 2, .arguments = "{\"y\":"},
      ToolCallStarted{.block = 3, .id = "c3", .name = "h"},
      ToolCallDelta{.block = 1, .arguments = "1}"},
      TextDelta{.block = 0, .text = "b"},
      ToolCallDelta{.block = 2, .arguments = "2}"},
      BlockFinished{.block = 0},
      BlockFinished{.block = 2},
      BlockFinished{.block = 1},
      BlockFinished{.block = 3},
      ChoiceFinished{.reason = FinishReason::kToolCalls},
  };
  const Answer answer = Seen(events);
  const auto& blocks = answer.choices[0].blocks;
  ASSERT_EQ(blocks.size(), 5U);
  EXPECT_EQ(std::get<TextBlock>(blocks[0]).text, "a");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[1]).arguments, R"({"x":1})");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[2]).arguments, R"({"y":2})");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[3]).id, "c3");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[3]).arguments, "");
  EXPECT_EQ(std::get<TextBlock>(blocks[4]).text, "b");
}

TEST(AnthropicEncoder, CallsThatNeverFinishAreStillWrittenAtTheEnd) {
  const Answer answer = Seen({Started{}, ToolCallStarted{.block = 0, .id = "c1", .name = "f"},
                              ToolCallStarted{.block = 1, .id = "c2", .name = "g"},
                              ToolCallDelta{.block = 1, .arguments = "{}"}, ChoiceFinished{}});
  ASSERT_EQ(answer.choices[0].blocks.size(), 2U);
  EXPECT_EQ(std::get<ToolCallBlock>(answer.choices[0].blocks[1]).arguments, "{}");
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
}

TEST(AnthropicEncoder, TextThatComesBackAfterACallGoesOnInANewBlock) {
  const Answer answer =
      Seen({Started{}, ReasoningDelta{.block = 0, .text = "h"}, TextDelta{.block = 1, .text = "a"},
            ReasoningDelta{.block = 0, .text = "m"}, TextDelta{.block = 1, .text = "b"}, ChoiceFinished{}});
  ASSERT_EQ(answer.choices[0].blocks.size(), 4U);
  EXPECT_EQ(std::get<TextBlock>(answer.choices[0].blocks[3]).text, "b");
}

TEST(AnthropicEncoder, TheSignatureIsTheLastDeltaOfItsBlock) {
  const std::string lines =
      Lines(EncodeStream(Chat(), {Started{}, ReasoningSeal{.signature = "sig", .origin = DialectId::kAnthropic},
                                  ReasoningDelta{.text = "t"}, BlockFinished{}, ChoiceFinished{}}));
  EXPECT_LT(lines.find("thinking_delta"), lines.find("signature_delta"));
  EXPECT_THAT(lines, HasSubstr(R"("delta":{"type":"signature_delta","signature":"sig"})"));
}

TEST(AnthropicEncoder, SealsOfAnotherFamilyComeBackByteForByte) {
  const std::vector<Event> events = {
      Started{},
      ReasoningDelta{.block = 0, .text = "summary"},
      ReasoningSeal{.block = 0, .redacted = "gAAAA+/=", .id = "rs_1", .origin = DialectId::kOpenAiResponses},
      BlockFinished{.block = 0},
      ToolCallStarted{.block = 1, .id = "c1", .name = "f", .signature = "CsQB:x=="},
      BlockFinished{.block = 1},
      ChoiceFinished{.reason = FinishReason::kToolCalls}};
  const std::string body = Chat().EncodeWhole(Seen(events), {});
  codec::json::Document answer;
  ASSERT_TRUE(answer.Parse(body).ok());
  const std::string next = R"({"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":)" +
                           std::string(answer.root()["content"].raw()) + "}]}";
  const auto request = common::testing::Decode(Chat(), next);
  ASSERT_TRUE(request.ok());
  const auto& blocks = request.value().messages[0].blocks;
  ASSERT_EQ(blocks.size(), 2U);
  const auto& reasoning = std::get<ReasoningBlock>(blocks[0]);
  EXPECT_EQ(reasoning.origin, DialectId::kOpenAiResponses);
  EXPECT_EQ(reasoning.redacted, "gAAAA+/=");
  EXPECT_EQ(reasoning.id, "rs_1");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[1]).signature, "CsQB:x==");
}

TEST(AnthropicEncoder, AFailureIsTheLastFrameAndNoEnd) {
  const auto encoder = Chat().NewEncoder({});
  std::string out;
  encoder->Encode(Started{}, out);
  encoder->Encode(TextDelta{.text = "Hi"}, out);
  encoder->Fail({.code = base::ErrorCode::kUnavailable, .public_message = "busy"}, "req_1", out);
  encoder->Encode(TextDelta{.text = "more"}, out);
  encoder->Finish(out);
  const std::string lines = Lines(out);
  EXPECT_THAT(lines,
              ::testing::EndsWith(R"(error {"type":"error","error":{"type":"overloaded_error","message":"busy"},)"
                                  R"("request_id":"req_1"})"
                                  "\n"));
  EXPECT_THAT(lines, Not(HasSubstr("message_stop")));
  EXPECT_THAT(lines, Not(HasSubstr("more")));
}

TEST(AnthropicEncoder, AnAnswerWithoutAReasonIsAFailureNotAnEnd) {
  const std::string lines = Lines(EncodeStream(Chat(), {Started{}, TextDelta{.text = "Hi"}}));
  EXPECT_THAT(lines, HasSubstr("error {"));
  EXPECT_THAT(lines, Not(HasSubstr("end_turn")));
}

TEST(AnthropicEncoder, StopReasonsAreTheDialectsOwn) {
  const std::pair<ChoiceFinished, const char*> cases[] = {
      {{.reason = FinishReason::kStop}, R"("stop_reason":"end_turn")"},
      {{.reason = FinishReason::kLength}, R"("stop_reason":"max_tokens")"},
      {{.reason = FinishReason::kContextWindow}, R"("stop_reason":"model_context_window_exceeded")"},
      {{.reason = FinishReason::kPause}, R"("stop_reason":"pause_turn")"},
      {{.reason = FinishReason::kOther, .detail = "compaction"}, R"("stop_reason":"compaction")"},
      {{.reason = FinishReason::kOther, .detail = "OTHER"}, R"("stop_reason":"end_turn")"},
      {{.reason = FinishReason::kContentFilter, .detail = "no"},
       R"("stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":"no"})"},
  };
  for (const auto& [finished, expected] : cases) {
    EXPECT_THAT(EncodeStream(Chat(), {Started{}, finished}), HasSubstr(expected));
  }
}

TEST(AnthropicEncoder, TooMuchHeldBackIsAFailure) {
  const auto encoder = Chat().NewEncoder({});
  std::string out;
  encoder->Encode(ToolCallStarted{.block = 0, .id = "a", .name = "f"}, out);
  for (int i = 0; i < 9; ++i)
    encoder->Encode(ToolCallDelta{.block = 1, .arguments = std::string(1024 * 1024, 'x')}, out);
  EXPECT_THAT(out, HasSubstr("event: error"));
}

TEST(Seal, TheEnvelopeIsReadOnlyWhereItIsOne) {
  using common::Seal;
  const Seal seal{.origin = DialectId::kGemini, .kind = Seal::Kind::kSignature, .id = "", .payload = "a:b:c"};
  const auto opened = common::UnwrapSeal(common::WrapSeal(seal));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->payload, "a:b:c");
  EXPECT_EQ(opened->origin, DialectId::kGemini);
  for (const std::string_view text : {"", "EqQB", "gatehouse1:", "gatehouse1:gemini.generate:signature:x",
                                      "gatehouse1:nobody:signature::x", "gatehouse1:gemini.generate:other::x"}) {
    EXPECT_FALSE(common::UnwrapSeal(text)) << text;
  }
}

}  // namespace
}  // namespace gatehouse::llm::dialect::anthropic
