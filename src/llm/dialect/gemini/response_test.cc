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

struct Decoding {
  std::vector<Event> events;
  base::Status status = base::Ok();
};

Decoding DecodeStream(const std::vector<std::string>& chunks, Detail detail = Detail::kFull) {
  Decoding decoding;
  const auto decoder = Chat().NewDecoder({});
  for (const auto& chunk : chunks) {
    decoding.status = decoder->Decode("", chunk, detail, decoding.events);
    if (!decoding.status.ok()) return decoding;
  }
  decoding.status = decoder->Finish(detail, decoding.events);
  return decoding;
}

Answer Collect(const Decoding& decoding) {
  EXPECT_TRUE(decoding.status.ok()) << decoding.status.error().detail;
  Collector collector;
  for (const auto& event : decoding.events) collector.Add(event);
  return std::move(collector).Take();
}

Answer Whole(std::string_view body) {
  Decoding decoding;
  decoding.status = Chat().NewDecoder({})->DecodeWhole(body, Detail::kFull, decoding.events);
  return Collect(decoding);
}

std::string Stream(const Answer& answer, const AnswerContext& context) {
  std::string out;
  const auto encoder = Chat().NewEncoder(context);
  for (const auto& event : ToEvents(answer)) encoder->Encode(event, out);
  encoder->Finish(out);
  return out;
}

constexpr std::string_view kToolChunk =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},)"
    R"({"functionCall":{"name":"f","args":{"city":"Bern"}},"thoughtSignature":"c2ln"},)"
    R"({"functionCall":{"name":"g"}}]},"finishReason":"STOP","index":0}],)"
    R"("usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,)"
    R"("thoughtsTokenCount":3,"totalTokenCount":18},"modelVersion":"gemini-3-pro","responseId":"r1"})";

TEST(GeminiDecodeAnswer, WholeCallsInOneChunkAreCallsAndStopBecomesToolCalls) {
  const auto answer = Collect(DecodeStream({std::string(kToolChunk)}));
  ASSERT_EQ(answer.choices.size(), 1U);
  const auto& blocks = answer.choices[0].blocks;
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).text, "hm");
  const auto& first = std::get<ToolCallBlock>(blocks[1]);
  const auto& second = std::get<ToolCallBlock>(blocks[2]);
  EXPECT_EQ(first.arguments, R"({"city":"Bern"})");
  EXPECT_EQ(first.signature, "c2ln");
  EXPECT_EQ(second.arguments, "{}");
  EXPECT_NE(first.id, second.id);
  EXPECT_FALSE(first.id.empty());
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
  EXPECT_EQ(answer.started.model, "gemini-3-pro");
}

TEST(GeminiDecodeAnswer, UsageIsDisjointAndDerivedFromTheTotal) {
  const auto usage = Whole(kToolChunk).usage;
  EXPECT_EQ(usage.input, 6U);
  EXPECT_EQ(usage.cache_read, 4U);
  EXPECT_EQ(usage.reasoning, 3U);
  EXPECT_EQ(usage.output, 5U);
  EXPECT_EQ(usage.Total(), 18U);
  const auto inside = Whole(
      R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":8,)"
      R"("thoughtsTokenCount":3,"toolUsePromptTokenCount":2,"totalTokenCount":20,)"
      R"("promptTokensDetails":[{"modality":"TEXT","tokenCount":4},{"modality":"AUDIO","tokenCount":6}]}})");
  EXPECT_EQ(inside.usage.output, 5U);
  EXPECT_EQ(inside.usage.reasoning, 3U);
  EXPECT_EQ(inside.usage.tool_input, 2U);
  EXPECT_EQ(inside.usage.input_audio, 6U);
  EXPECT_EQ(inside.usage.input, 4U);
}

TEST(GeminiDecodeAnswer, UsageDetailSeesUsageAndFinishOnly) {
  const auto decoding = DecodeStream({std::string(kToolChunk)}, Detail::kUsage);
  ASSERT_EQ(decoding.events.size(), 2U);
  EXPECT_EQ(std::get<UsageReported>(decoding.events[0]).usage.Total(), 18U);
  EXPECT_EQ(std::get<ChoiceFinished>(decoding.events[1]).reason, FinishReason::kToolCalls);
}

TEST(GeminiDecodeAnswer, ABlockedPromptIsAFilteredChoice) {
  const auto answer = Whole(
      R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}})");
  ASSERT_EQ(answer.choices.size(), 1U);
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kContentFilter);
  EXPECT_EQ(answer.choices[0].detail, "PROHIBITED_CONTENT");
  EXPECT_EQ(answer.usage.input, 3U);
  EXPECT_EQ(Whole(R"({"promptFeedback":{"blockReason":"OTHER"}})").choices[0].reason, FinishReason::kContentFilter);
}

TEST(GeminiDecodeAnswer, AFinishReasonOnEveryChunkIsOneEnd) {
  const auto decoding =
      DecodeStream({R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]})",
                    R"({"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"MAX_TOKENS"}]})"});
  const auto answer = Collect(decoding);
  EXPECT_EQ(std::get<TextBlock>(answer.choices[0].blocks[0]).text, "ab");
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kLength);
  EXPECT_EQ(
      std::ranges::count_if(decoding.events, [](const Event& e) { return std::holds_alternative<ChoiceFinished>(e); }),
      1);
}

TEST(GeminiDecodeAnswer, AnUnknownWordAfterACallIsACall) {
  const auto answer =
      Whole(R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"FUNCTION_CALL"}]})");
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
  const auto text = Whole(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"NEW_WORD"}]})");
  EXPECT_EQ(text.choices[0].reason, FinishReason::kOther);
}

TEST(GeminiDecodeAnswer, ACutStreamIsNoEnd) {
  const auto cut = DecodeStream({R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})"});
  ASSERT_FALSE(cut.status.ok());
  EXPECT_EQ(cut.status.error().code, base::ErrorCode::kBadUpstream);
  EXPECT_FALSE(DecodeStream({}).status.ok());
}

TEST(GeminiDecodeAnswer, AnErrorChunkIsAnError) {
  const auto failed = DecodeStream({R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})",
                                    R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})"});
  ASSERT_FALSE(failed.status.ok());
  EXPECT_EQ(failed.status.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(failed.status.error().source, base::ErrorSource::kUpstream);
}

TEST(GeminiDecodeAnswer, SignaturesStayWithTheirPart) {
  const auto answer = Collect(DecodeStream(
      {R"({"candidates":[{"content":{"parts":[{"text":"th","thought":true}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"ink","thought":true,"thoughtSignature":"AAA="}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"te"}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"BBB="}]},"finishReason":"STOP"}]})"}));
  const auto& blocks = answer.choices[0].blocks;
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).text, "think");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).signature, "AAA=");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).origin, DialectId::kGemini);
  EXPECT_EQ(std::get<TextBlock>(blocks[1]).signature, "BBB=");
}

TEST(GeminiDecodeAnswer, AnArrayOfChunksIsAnAnswerToo) {
  const auto answer = Whole(R"([{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},
                                {"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}])");
  EXPECT_EQ(std::get<TextBlock>(answer.choices[0].blocks[0]).text, "ab");
}

TEST(GeminiEncodeAnswer, AWholeAnswerSurvivesTheTripBack) {
  EXPECT_EQ(
      Chat().EncodeWhole(Whole(kToolChunk), {}),
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},)"
      R"({"functionCall":{"id":"call_)" +
          std::get<ToolCallBlock>(Whole(kToolChunk).choices[0].blocks[1]).id.substr(5) +
          R"(","name":"f","args":{"city":"Bern"}},"thoughtSignature":"c2ln"},)"
          R"({"functionCall":{"id":"call_)" +
          std::get<ToolCallBlock>(Whole(kToolChunk).choices[0].blocks[2]).id.substr(5) +
          R"(","name":"g","args":{}}}],"role":"model"},"finishReason":"STOP","index":0}],)"
          R"("usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":18,)"
          R"("cachedContentTokenCount":4,"thoughtsTokenCount":3},"modelVersion":"gemini-3-pro","responseId":"r1"})");
}

TEST(GeminiEncodeAnswer, FragmentsOfACallLeaveAsOneCall) {
  std::string out;
  const auto encoder = Chat().NewEncoder({.id = "id", .model = "m"});
  encoder->Encode(ToolCallStarted{0, 0, "c1", "f"}, out);
  encoder->Encode(ToolCallStarted{0, 1, "c2", "g"}, out);
  encoder->Encode(ToolCallDelta{0, 0, R"({"a")"}, out);
  encoder->Encode(ToolCallDelta{0, 1, ""}, out);
  encoder->Encode(ToolCallDelta{0, 0, ":1}"}, out);
  EXPECT_EQ(out, "");
  encoder->Encode(BlockFinished{0, 0}, out);
  EXPECT_THAT(out, HasSubstr(R"({"functionCall":{"id":"c1","name":"f","args":{"a":1}}})"));
  encoder->Encode(ChoiceFinished{0, FinishReason::kToolCalls}, out);
  EXPECT_THAT(out, HasSubstr(R"({"functionCall":{"id":"c2","name":"g","args":{}}})"));
  encoder->Finish(out);
  EXPECT_THAT(out, HasSubstr(R"("finishReason":"STOP")"));
}

TEST(GeminiEncodeAnswer, BrokenArgumentsAreAMalformedCall) {
  std::string out;
  const auto encoder = Chat().NewEncoder({});
  encoder->Encode(ToolCallStarted{0, 0, "c1", "f"}, out);
  encoder->Encode(ToolCallDelta{0, 0, "{\"a\":"}, out);
  encoder->Encode(ChoiceFinished{0, FinishReason::kToolCalls}, out);
  encoder->Finish(out);
  EXPECT_THAT(out, HasSubstr(R"("finishReason":"MALFORMED_FUNCTION_CALL")"));
  EXPECT_THAT(out, testing::Not(HasSubstr("functionCall\"")));
}

TEST(GeminiEncodeAnswer, CutsForBothWaysOfStreaming) {
  const Answer answer{.started = {"r", "m", 0},
                      .choices = {{.blocks = {TextBlock{"hi"}},
                                   .reason = FinishReason::kLength,
                                   .stop_sequence = {},
                                   .detail = {},
                                   .logprobs = {},
                                   .finished = true}},
                      .usage = {.input = 1, .output = 1, .source = UsageSource::kProvider},
                      .opaque = {}};
  const std::string first =
      R"({"candidates":[{"content":{"parts":[{"text":"hi"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"})";
  const std::string last =
      R"({"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"MAX_TOKENS","index":0}],)"
      R"("usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2},"modelVersion":"m","responseId":"r"})";
  EXPECT_EQ(Stream(answer, {}), "data: " + first + "\r\n\r\ndata: " + last + "\r\n\r\n");
}

// Arguments and opaque parts keep their bytes, but a data line ends where a line ends.
TEST(GeminiEncodeAnswer, ChunksAreOneLineWhateverTheUpstreamsLayout) {
  const Answer answer{
      .started = {},
      .choices = {Choice{.blocks = {ToolCallBlock{.id = "c", .name = "f", .arguments = "{\n  \"a\": 1\r\n}"}},
                         .reason = FinishReason::kToolCalls,
                         .stop_sequence = {},
                         .detail = {},
                         .logprobs = {},
                         .finished = true}},
      .usage = {},
      .opaque = {}};
  EXPECT_THAT(Stream(answer, {}), HasSubstr(R"("args":{   "a": 1  }}}])"));
}

TEST(GeminiEncodeAnswer, AFailureIsAnErrorChunkAndNoEnd) {
  const base::Error error{.code = base::ErrorCode::kUnavailable, .public_message = "Try again later."};
  std::string out;
  Chat().NewEncoder({})->Fail(error, "req-1", out);
  EXPECT_THAT(out,
              testing::StartsWith(R"(data: {"error":{"code":503,"message":"Try again later.","status":"UNAVAILABLE")"));
  EXPECT_THAT(out, testing::Not(HasSubstr("finishReason")));
}

TEST(GeminiError, ReadsStatusAndRetryDelay) {
  const auto error =
      Chat().DecodeError(429, R"([{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[)"
                              R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"13.2s"}]}}])");
  EXPECT_EQ(error.code, base::ErrorCode::kRateLimited);
  EXPECT_EQ(error.retry_after_seconds, 14U);
  EXPECT_EQ(error.upstream_status, 429);
}

TEST(GeminiError, AnInvalidKeyIsOurFaultNotTheCallers) {
  const auto error = Chat().DecodeError(
      400, R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[)"
           R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})");
  EXPECT_EQ(error.code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(error.retry, base::Retry::kOtherTarget);
  EXPECT_THAT(error.public_message, testing::Not(HasSubstr("key")));
}

TEST(GeminiError, KnowsALongPrompt) {
  const auto error = Chat().DecodeError(
      400,
      R"({"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}})");
  EXPECT_EQ(error.code, base::ErrorCode::kContextLength);
}

TEST(GeminiError, TellsTheClientInItsOwnWords) {
  const auto reply = Chat().EncodeError(
      {.code = base::ErrorCode::kRateLimited, .public_message = "Slow down.", .retry_after_seconds = 7}, "r-1");
  EXPECT_EQ(reply.status, 429);
  EXPECT_THAT(reply.body, HasSubstr(R"("status":"RESOURCE_EXHAUSTED")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("retryDelay":"7s")"));
  EXPECT_EQ(Chat().DecodeError(reply.status, reply.body).retry_after_seconds, 7U);
}

}  // namespace
}  // namespace gatehouse::llm::dialect::gemini
