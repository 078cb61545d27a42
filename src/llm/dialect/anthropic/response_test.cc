#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/common/dialect_testing.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using common::testing::Collect;
using common::testing::DecodeStream;
using ::testing::HasSubstr;

constexpr std::string_view kStream =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],)"
    R"("model":"claude-opus-5","stop_reason":null,"usage":{"input_tokens":10,"cache_read_input_tokens":5,)"
    R"("cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},)"
    R"("output_tokens":1}}})"
    "\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})"
    "\n\n"
    "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eq+/="}})"
    "\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"RVhQ"}})"
    "\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Grüß "}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"dich"}})"
    "\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":3,"content_block":{"type":"server_tool_use","id":"st","name":"web_search","input":{}}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}})"
    "\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":3}\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":""}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}})"
    "\n\n"
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"1}"}})"
    "\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":4}\n\n"
    "event: content_block_start\n"
    R"(data: {"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"toolu_2","name":"g","input":{}}})"
    "\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":5}\n\n"
    "event: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},)"
    R"("usage":{"output_tokens":40,"output_tokens_details":{"thinking_tokens":15}}})"
    "\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

Answer Read(std::string_view stream, std::size_t piece = std::string_view::npos) {
  std::vector<Event> events;
  const auto status = DecodeStream(*Chat().NewDecoder({}), stream, events, Detail::kFull, piece);
  EXPECT_TRUE(status.ok()) << status.error().detail;
  return Collect(events);
}

TEST(AnthropicStream, EveryKindOfBlockIsRead) {
  const Answer answer = Read(kStream);
  EXPECT_EQ(answer.started.id, "msg_1");
  ASSERT_EQ(answer.choices.size(), 1U);
  const auto& blocks = answer.choices[0].blocks;
  ASSERT_EQ(blocks.size(), 6U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).text, "Hm.");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).signature, "Eq+/=");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[1]).redacted, "RVhQ");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[1]).origin, DialectId::kAnthropic);
  EXPECT_EQ(std::get<TextBlock>(blocks[2]).text, "Grüß dich");
  EXPECT_EQ(std::get<OpaqueBlock>(blocks[3]).json,
            R"({"type":"server_tool_use","id":"st","name":"web_search","input":{"query":"x"}})");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[4]).arguments, R"({"a":1})");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[5]).arguments, "");
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
  const Usage expected{.input = 10,
                       .cache_read = 5,
                       .cache_write_5m = 3,
                       .cache_write_1h = 4,
                       .output = 25,
                       .reasoning = 15,
                       .source = UsageSource::kProvider};
  EXPECT_EQ(answer.usage, expected);
}

TEST(AnthropicStream, AnyCutOfTheBytesReadsTheSame) {
  const std::string whole = Chat().EncodeWhole(Read(kStream), {});
  for (std::size_t piece = 1; piece < 90; ++piece) EXPECT_EQ(Chat().EncodeWhole(Read(kStream, piece), {}), whole);
}

TEST(AnthropicStream, MeteringSeesTheSameUsageAndEnd) {
  std::vector<Event> events;
  ASSERT_TRUE(DecodeStream(*Chat().NewDecoder({}), kStream, events, Detail::kUsage).ok());
  const Answer answer = Collect(events);
  EXPECT_EQ(answer.usage, Read(kStream).usage);
  EXPECT_TRUE(answer.choices[0].finished);
  EXPECT_TRUE(answer.choices[0].blocks.empty());
}

TEST(AnthropicStream, WhatIsReadIsWrittenAgain) {
  std::vector<Event> events;
  ASSERT_TRUE(DecodeStream(*Chat().NewDecoder({}), kStream, events).ok());
  const std::string again = common::testing::EncodeStream(Chat(), events);
  const Answer answer = Read(again);
  EXPECT_EQ(Chat().EncodeWhole(answer, {}), Chat().EncodeWhole(Read(kStream), {}));
  EXPECT_EQ(answer.usage, Read(kStream).usage);
}

TEST(AnthropicStream, AWholeAnswerReadsLikeItsStream) {
  const Answer streamed = Read(kStream);
  std::vector<Event> events;
  ASSERT_TRUE(Chat().NewDecoder({})->DecodeWhole(Chat().EncodeWhole(streamed, {}), Detail::kFull, events).ok());
  const Answer whole = Collect(events);
  EXPECT_EQ(Chat().EncodeWhole(whole, {}), Chat().EncodeWhole(streamed, {}));
  EXPECT_EQ(whole.usage, streamed.usage);
  EXPECT_EQ(std::get<ToolCallBlock>(whole.choices[0].blocks[4]).arguments, R"({"a":1})");
}

TEST(AnthropicStream, ACutStreamIsNoEnd) {
  for (const std::string_view last : {"event: message_stop", "event: message_delta", "event: content_block_stop"}) {
    std::vector<Event> events;
    const auto status = DecodeStream(*Chat().NewDecoder({}), kStream.substr(0, kStream.find(last)), events);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, base::ErrorCode::kBadUpstream);
  }
}

TEST(AnthropicStream, AnErrorEventIsAnError) {
  const auto decoder = Chat().NewDecoder({});
  std::vector<Event> events;
  const auto status = decoder->Decode(
      "error", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", Detail::kFull, events);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(status.error().source, base::ErrorSource::kUpstream);
  EXPECT_EQ(status.error().retry, base::Retry::kSameTarget);
}

TEST(AnthropicStream, UnknownEventsPassThrough) {
  const auto decoder = Chat().NewDecoder({});
  std::vector<Event> events;
  ASSERT_TRUE(decoder->Decode("vitals", R"({"type":"vitals","n":1})", Detail::kFull, events).ok());
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<OpaqueEvent>(events[0]).type, "vitals");
  EXPECT_THAT(common::testing::Lines(common::testing::EncodeStream(Chat(), events)),
              HasSubstr(R"(vitals {"type":"vitals","n":1})"));
}

TEST(AnthropicStream, NonsenseIsRefused) {
  for (const auto& [event, data] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{}})"},
           {"content_block_start", R"({"type":"content_block_start","content_block":{}})"},
           {"message_delta", "{}"},
           {"message_start", "[]"},
           {"message_start", "{"},
           {"", "null"}}) {
    std::vector<Event> events;
    const auto status = Chat().NewDecoder({})->Decode(event, data, Detail::kFull, events);
    ASSERT_FALSE(status.ok()) << event << data;
    EXPECT_EQ(status.error().code, base::ErrorCode::kBadUpstream);
  }
}

TEST(AnthropicUsage, HostsThatReportTheCacheAtTheEndOnly) {
  std::vector<Event> events;
  const auto decoder = Chat().NewDecoder({});
  const auto feed = [&](std::string_view event, std::string_view data) {
    ASSERT_TRUE(decoder->Decode(event, data, Detail::kUsage, events).ok());
  };
  feed("message_start", R"({"message":{"id":"x","usage":{"input_tokens":120,"output_tokens":0}}})");
  feed("message_delta", R"({"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":20,)"
                        R"("cache_read_input_tokens":100,"output_tokens":9}})");
  feed("message_delta", R"({"delta":{},"usage":{"input_tokens":0,"output_tokens":9}})");
  EXPECT_EQ(Collect(events).usage,
            (Usage{.input = 20, .cache_read = 100, .output = 9, .source = UsageSource::kProvider}));
}

TEST(AnthropicErrors, ReadByTypeAndBySpendCode) {
  const auto read = [](std::uint16_t status, std::string_view body) { return Chat().DecodeError(status, body); };
  const auto spend = read(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"limit",)"
                               R"("details":{"error_code":"contract_spend_limit_reached"}}})");
  EXPECT_EQ(spend.code, base::ErrorCode::kPaymentRequired);
  EXPECT_EQ(spend.retry, base::Retry::kOtherTarget);
  const auto rate = read(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})");
  EXPECT_EQ(rate.code, base::ErrorCode::kRateLimited);
  const auto key =
      read(401, R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})");
  EXPECT_EQ(key.code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(key.retry, base::Retry::kOtherTarget);
  EXPECT_THAT(key.public_message, ::testing::Not(HasSubstr("key")));
  EXPECT_THAT(key.detail, HasSubstr("invalid x-api-key"));
  const auto length = read(400, R"({"type":"error","error":{"type":"invalid_request_error",)"
                                R"("message":"prompt is too long: 210000 tokens > 200000 maximum"}})");
  EXPECT_EQ(length.code, base::ErrorCode::kContextLength);
  EXPECT_THAT(length.public_message, HasSubstr("210000"));
  const auto busy = read(529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  EXPECT_EQ(busy.code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(busy.upstream_status, 529);
  EXPECT_EQ(read(502, "<html>").code, base::ErrorCode::kUnavailable);
}

TEST(AnthropicErrors, AreWrittenAsTheClientsKnowThem) {
  const base::Error limit{.code = base::ErrorCode::kBudgetExceeded, .public_message = "The team's budget is used up."};
  const ErrorReply reply = Chat().EncodeError(limit, "req_1");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body,
            R"({"type":"error","error":{"type":"rate_limit_error","message":"The team's budget is used up.",)"
            R"("details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"req_1"})");
  EXPECT_EQ(Chat().EncodeError({.code = base::ErrorCode::kUnavailable}, "").status, 529);
  EXPECT_EQ(Chat().EncodeError(base::InvalidRequest("x: no"), "").body,
            R"({"type":"error","error":{"type":"invalid_request_error","message":"x: no"},"request_id":null})");
}

}  // namespace
}  // namespace gatehouse::llm::dialect::anthropic
