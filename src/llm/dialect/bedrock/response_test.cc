#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/eventstream/eventstream.h"
#include "codec/json/document.h"
#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/bedrock/usage.h"
#include "llm/dialect/common/dialect_testing.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using common::testing::Collect;
using testing::HasSubstr;

using Messages = std::vector<std::pair<std::string_view, std::string_view>>;

base::Status Decode(const Messages& messages, std::vector<Event>& events, Detail detail = Detail::kFull) {
  const auto decoder = Chat().NewDecoder({});
  for (const auto& [event, payload] : messages) GH_CHECK_OK(decoder->Decode(event, payload, detail, events));
  return decoder->Finish(detail, events);
}

Answer Decoded(const Messages& messages) {
  std::vector<Event> events;
  const auto status = Decode(messages, events);
  EXPECT_TRUE(status.ok()) << status.error().detail;
  return Collect(events);
}

Usage UsageOf(std::string_view json) {
  codec::json::Document document;
  EXPECT_TRUE(document.Parse(json).ok());
  return ReadUsage(document.root());
}

const Messages kStream = {
    {"messageStart", R"({"role":"assistant"})"},
    {"contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}})"},
    {"contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"si"}}})"},
    {"contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"g"}}})"},
    {"contentBlockStop", R"({"contentBlockIndex":0})"},
    {"contentBlockDelta", R"({"contentBlockIndex":1,"delta":{"text":"Hel"}})"},
    {"contentBlockDelta", R"({"contentBlockIndex":1,"delta":{"text":"lo"}})"},
    {"contentBlockStop", R"({"contentBlockIndex":1})"},
    {"contentBlockStart", R"({"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}})"},
    {"contentBlockDelta", R"({"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"a\":"}}})"},
    {"contentBlockDelta", R"({"contentBlockIndex":2,"delta":{"toolUse":{"input":"1}"}}})"},
    {"contentBlockStop", R"({"contentBlockIndex":2})"},
    {"contentBlockStart", R"({"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"t2","name":"g"}}})"},
    {"contentBlockStop", R"({"contentBlockIndex":3})"},
    {"messageStop", R"({"stopReason":"tool_use"})"},
    {"metadata", R"({"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12},"metrics":{"latencyMs":9}})"},
};

TEST(BedrockAnswer, DecodesAStreamWithoutStartsOfTextBlocks) {
  const auto answer = Decoded(kStream);
  const auto& blocks = answer.choices.at(0).blocks;
  ASSERT_EQ(blocks.size(), 4U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).text, "hm");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).signature, "sig");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).origin, DialectId::kAnthropic);
  EXPECT_EQ(std::get<TextBlock>(blocks[1]).text, "Hello");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[2]).arguments, R"({"a":1})");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[3]).id, "t2");
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
  EXPECT_EQ(answer.usage.Total(), 12U);
}

TEST(BedrockAnswer, TheUsageAfterMessageStopCounts) {
  std::vector<Event> events;
  ASSERT_TRUE(Decode(kStream, events, Detail::kUsage).ok());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<ChoiceFinished>(events[0]));
  EXPECT_EQ(std::get<UsageReported>(events[1]).usage.output, 7U);
}

TEST(BedrockAnswer, EveryBlockEndsOnceAndBeforeTheChoice) {
  std::vector<Event> events;
  ASSERT_TRUE(Decode({{"messageStart", "{}"},
                      {"contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"a"}})"},
                      {"messageStop", R"({"stopReason":"max_tokens"})"}},
                     events)
                  .ok());
  ASSERT_EQ(events.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<BlockFinished>(events[2]));
  EXPECT_EQ(std::get<ChoiceFinished>(events[3]).reason, FinishReason::kLength);
}

TEST(BedrockAnswer, ExceptionsAndCutsAreErrors) {
  std::vector<Event> events;
  const auto throttled = Decode({{"messageStart", "{}"}, {"throttlingException", R"({"message":"slow"})"}}, events);
  ASSERT_FALSE(throttled.ok());
  EXPECT_EQ(throttled.error().code, base::ErrorCode::kRateLimited);
  const auto model = Decode({{"modelStreamErrorException", R"({"message":"x","originalStatusCode":500})"}}, events);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.error().code, base::ErrorCode::kUnavailable);
  const auto cut = Decode({{"messageStart", "{}"}}, events);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, base::ErrorCode::kBadUpstream);
}

TEST(BedrockAnswer, DecodesAWholeAnswer) {
  std::vector<Event> events;
  ASSERT_TRUE(
      Chat()
          .NewDecoder({})
          ->DecodeWhole(R"({"output":{"message":{"role":"assistant","content":[)"
                        R"({"reasoningContent":{"redactedContent":"UkVE"}},{"text":"x"},)"
                        R"({"toolUse":{"toolUseId":"t","name":"f","input":{"a":[1]}}}]}},)"
                        R"("stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"END"},)"
                        R"("usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}})",
                        Detail::kFull, events)
          .ok());
  const auto answer = Collect(events);
  const auto& blocks = answer.choices.at(0).blocks;
  EXPECT_EQ(std::get<ReasoningBlock>(blocks.at(0)).redacted, "UkVE");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks.at(0)).origin, DialectId::kBedrock);
  EXPECT_EQ(std::get<ToolCallBlock>(blocks.at(2)).arguments, R"({"a":[1]})");
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kStopSequence);
  EXPECT_EQ(answer.choices[0].stop_sequence, "END");
}

TEST(BedrockUsage, CachedTokensAreBesideTheInput) {
  const auto usage = UsageOf(
      R"({"inputTokens":10,"outputTokens":5,"totalTokens":45,"cacheReadInputTokens":20,"cacheWriteInputTokens":10,)"
      R"("cacheReadInputTokenCount":20,"cacheWriteInputTokenCount":10})");
  EXPECT_EQ(usage.input, 10U);
  EXPECT_EQ(usage.cache_read, 20U);
  EXPECT_EQ(usage.cache_write_5m, 10U);
  EXPECT_EQ(usage.Total(), 45U);
}

TEST(BedrockUsage, InputThatHoldsTheCachedTokensIsPutRight) {
  const auto usage = UsageOf(R"({"inputTokens":30,"outputTokens":5,"totalTokens":35,"cacheReadInputTokens":20})");
  EXPECT_EQ(usage.input, 10U);
  EXPECT_EQ(usage.cache_read, 20U);
  EXPECT_EQ(usage.Total(), 35U);
}

TEST(BedrockUsage, DoubledWritesArePutRight) {
  const auto usage = UsageOf(R"({"inputTokens":3,"outputTokens":5,"totalTokens":58,"cacheWriteInputTokens":100})");
  EXPECT_EQ(usage.cache_write_5m, 50U);
  EXPECT_EQ(usage.Total(), 58U);
}

TEST(BedrockUsage, WritesAreItemisedByLifetime) {
  const auto usage = UsageOf(R"({"inputTokens":3,"outputTokens":5,"totalTokens":38,"cacheWriteInputTokens":30,)"
                             R"("cacheDetails":[{"ttl":"5m","inputTokens":10},{"ttl":"1h","inputTokens":20}]})");
  EXPECT_EQ(usage.cache_write_5m, 10U);
  EXPECT_EQ(usage.cache_write_1h, 20U);
}

// What the encoder writes, the decoder reads, cut anywhere.
TEST(BedrockAnswer, AStreamSurvivesTheTripThroughFrames) {
  const auto answer = Decoded(kStream);
  const auto bytes = common::testing::EncodeStream(Chat(), ToEvents(answer));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    codec::eventstream::Decoder frames;
    std::vector<Event> events;
    const auto decoder = Chat().NewDecoder({});
    codec::eventstream::Message message;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      frames.Feed(std::string_view(bytes).substr(at, piece));
      while (true) {
        const auto outcome = frames.Next(message);
        ASSERT_TRUE(outcome.ok());
        if (outcome.value() == codec::eventstream::Decoder::Outcome::kNeedMore) break;
        EXPECT_EQ(message.Text(":message-type"), "event");
        ASSERT_TRUE(decoder->Decode(message.Text(":event-type"), message.payload, Detail::kFull, events).ok());
      }
    }
    ASSERT_TRUE(frames.Finish().ok());
    ASSERT_TRUE(decoder->Finish(Detail::kFull, events).ok());
    EXPECT_EQ(Chat().EncodeWhole(Collect(events), {}), Chat().EncodeWhole(answer, {}));
  }
}

TEST(BedrockAnswer, AFailureIsAnExceptionMessage) {
  std::string out;
  Chat().NewEncoder({})->Fail({.code = base::ErrorCode::kRateLimited, .public_message = "Slow down."}, "r", out);
  codec::eventstream::Decoder frames;
  codec::eventstream::Message message;
  frames.Feed(out);
  ASSERT_TRUE(frames.Next(message).ok());
  EXPECT_EQ(message.Text(":message-type"), "exception");
  EXPECT_EQ(message.Text(":exception-type"), "throttlingException");
  EXPECT_EQ(message.payload, R"({"message":"Slow down."})");
}

TEST(BedrockError, TheHeaderNamesTheError) {
  const auto error = Chat().DecodeTypedError(429, "ThrottlingException:http://internal.amazon.com/coral/",
                                             R"({"message":"Too many requests"})");
  EXPECT_EQ(error.code, base::ErrorCode::kRateLimited);
  EXPECT_EQ(error.retry, base::Retry::kSameTarget);
  EXPECT_EQ(Chat().DecodeError(429, R"({"__type":"com.amazon#ModelNotReadyException"})").code,
            base::ErrorCode::kUnavailable);
}

TEST(BedrockError, ARefusedCredentialIsOurFault) {
  for (const auto* type : {"AccessDeniedException", "ExpiredTokenException", "InvalidSignatureException"}) {
    const auto error = Chat().DecodeTypedError(403, type, R"({"message":"arn:aws:iam::1:user/x is not authorized"})");
    EXPECT_EQ(error.code, base::ErrorCode::kUnavailable) << type;
    EXPECT_EQ(error.public_message.find("arn"), std::string::npos);
  }
}

TEST(BedrockError, AValidationExceptionMayMeanOtherThings) {
  const auto code = [](std::string_view message) {
    return Chat().DecodeTypedError(400, "ValidationException", "{\"message\":\"" + std::string(message) + "\"}").code;
  };
  EXPECT_EQ(code("Input is too long for requested model."), base::ErrorCode::kContextLength);
  EXPECT_EQ(code("The provided model identifier is invalid."), base::ErrorCode::kNotFound);
  EXPECT_EQ(code("messages.0: bad"), base::ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace gatehouse::llm::dialect::bedrock
