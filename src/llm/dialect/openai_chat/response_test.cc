#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/sse/sse.h"
#include "llm/dialect/openai_chat/dialect.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Decoded {
  std::vector<Event> events;
  base::Status status = base::Ok();
  Answer answer;
};

Decoded Collect(Decoded decoded) {
  Collector collector;
  for (const Event& event : decoded.events) collector.Add(event);
  decoded.answer = std::move(collector).Take();
  return decoded;
}

enum class End : std::uint8_t { kDone, kCut };

// `chunks` are the data of frames; kDone adds [DONE].
Decoded Stream(const std::vector<std::string>& chunks, End end = End::kDone, Detail detail = Detail::kFull) {
  Decoded decoded;
  const auto decoder = Dialect().NewDecoder({});
  for (const std::string& chunk : chunks) {
    decoded.status = decoder->Decode("", chunk, detail, decoded.events);
    if (!decoded.status.ok()) return decoded;
  }
  if (end == End::kDone) decoded.status = decoder->Decode("", "[DONE]", detail, decoded.events);
  if (decoded.status.ok()) decoded.status = decoder->Finish(detail, decoded.events);
  return Collect(std::move(decoded));
}

Decoded Whole(std::string_view body, Detail detail = Detail::kFull) {
  Decoded decoded;
  decoded.status = Dialect().NewDecoder({})->DecodeWhole(body, detail, decoded.events);
  return Collect(std::move(decoded));
}

std::string Chunk(std::string_view delta, std::string_view finish = "null") {
  return std::string(R"({"id":"chatcmpl-1","created":7,"model":"m","choices":[{"index":0,"delta":)")
      .append(delta)
      .append(",\"finish_reason\":")
      .append(finish)
      .append("}]}");
}

const std::vector<Block>& BlocksOf(const Decoded& decoded) { return decoded.answer.choices.at(0).blocks; }
template <class T>
const T& At(const Decoded& decoded, std::size_t index) {
  return std::get<T>(BlocksOf(decoded).at(index));
}

// Every block that began ends, once, before its choice.
void ExpectGrammar(const std::vector<Event>& events) {
  std::vector<std::uint32_t> finished;
  bool choice_finished = false;
  for (const Event& event : events) {
    if (const auto* block = std::get_if<BlockFinished>(&event)) {
      EXPECT_FALSE(choice_finished);
      EXPECT_THAT(finished, Not(testing::Contains(block->block)));
      finished.push_back(block->block);
    }
    if (std::holds_alternative<ChoiceFinished>(event)) {
      EXPECT_FALSE(choice_finished);
      choice_finished = true;
    }
  }
  EXPECT_TRUE(choice_finished);
}

TEST(OpenAiChatStream, TextAndUsage) {
  const Decoded decoded =
      Stream({Chunk(R"({"role":"assistant","content":""})"), Chunk(R"({"content":"Hel"})"),
              Chunk(R"({"content":"lo"})"), Chunk("{}", "\"stop\""),
              R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,)"
              R"("prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3},)"
              R"("completion_tokens_details":{"reasoning_tokens":2}}})"});
  ASSERT_TRUE(decoded.status.ok());
  ExpectGrammar(decoded.events);
  EXPECT_EQ(decoded.answer.started.id, "chatcmpl-1");
  EXPECT_EQ(decoded.answer.started.created_seconds, 7);
  EXPECT_EQ(At<TextBlock>(decoded, 0).text, "Hello");
  EXPECT_EQ(decoded.answer.choices[0].reason, FinishReason::kStop);
  EXPECT_EQ(decoded.answer.usage, (Usage{.input = 3,
                                         .cache_read = 4,
                                         .cache_write_5m = 3,
                                         .output = 3,
                                         .reasoning = 2,
                                         .source = UsageSource::kProvider}));
}

TEST(OpenAiChatStream, AzureBeginsWithoutChoicesAndFiltersWithoutDelta) {
  const Decoded decoded =
      Stream({R"({"id":"","model":"","created":0,"choices":[],"prompt_filter_results":[{"prompt_index":0}]})",
              Chunk(R"({"content":"x"})"),
              R"({"id":"","model":"","choices":[{"index":0,"finish_reason":null,"content_filter_results":{"hate":{}},)"
              R"("content_filter_offsets":{"check_offset":1}}]})",
              Chunk("{}", "\"stop\"")});
  ASSERT_TRUE(decoded.status.ok());
  ASSERT_TRUE(std::holds_alternative<Started>(decoded.events[0]));
  EXPECT_EQ(decoded.answer.started.model, "m");
  ASSERT_EQ(decoded.answer.opaque.size(), 2U);
  EXPECT_EQ(decoded.answer.opaque[0].type, "prompt_filter_results");
  EXPECT_EQ(decoded.answer.opaque[1].type, "content_filter_results");
  EXPECT_EQ(At<TextBlock>(decoded, 0).text, "x");
}

TEST(OpenAiChatStream, GroqPutsUsageAndErrorsAside) {
  const Decoded decoded = Stream(
      {Chunk(R"({"content":"x"})"),
       R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":)"
       R"({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}})"});
  EXPECT_EQ(decoded.answer.usage.output, 2U);
  const Decoded failed =
      Stream({Chunk(R"({"content":"x"})"), R"({"id":"1","choices":[],"x_groq":{"error":"over capacity"}})"});
  ASSERT_FALSE(failed.status.ok());
  EXPECT_EQ(failed.status.error().source, base::ErrorSource::kUpstream);
  EXPECT_THAT(failed.status.error().detail, HasSubstr("over capacity"));
}

TEST(OpenAiChatStream, ReasoningInAnyField) {
  for (const std::string field : {"reasoning", "reasoning_content"}) {
    const Decoded decoded = Stream({Chunk("{\"" + field + "\":\"ha\"}"), Chunk("{\"" + field + "\":\"ha\"}"),
                                    Chunk(R"({"content":"text"})"), Chunk("{}", "\"stop\"")});
    EXPECT_EQ(At<ReasoningBlock>(decoded, 0).text, "haha");
    EXPECT_EQ(At<TextBlock>(decoded, 1).text, "text");
    ExpectGrammar(decoded.events);
  }
}

TEST(OpenAiChatStream, DetailsRepeatThePlainFieldOnlyOnce) {
  const Decoded decoded = Stream(
      {Chunk(R"({"reasoning":"ha","reasoning_details":[{"type":"reasoning.text","text":"ha","index":0}]})"),
       Chunk(R"({"reasoning":"ha","reasoning_details":[{"type":"reasoning.text","text":"ha","index":0}]})"),
       Chunk(
           R"({"reasoning_details":[{"type":"reasoning.text","signature":"S","format":"anthropic-claude-v1","index":0}]})"),
       Chunk(R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"D","index":1}]})"),
       Chunk(R"({"content":"t"})"), Chunk("{}", "\"stop\"")});
  ASSERT_EQ(BlocksOf(decoded).size(), 3U);
  EXPECT_EQ(At<ReasoningBlock>(decoded, 0).text, "haha");
  EXPECT_EQ(At<ReasoningBlock>(decoded, 0).signature, "S");
  EXPECT_EQ(At<ReasoningBlock>(decoded, 0).origin, DialectId::kAnthropic);
  EXPECT_EQ(At<ReasoningBlock>(decoded, 1).redacted, "D");
  ExpectGrammar(decoded.events);
}

TEST(OpenAiChatStream, MistralSendsParts) {
  const Decoded decoded =
      Stream({Chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]})"),
              Chunk(R"({"content":[{"type":"text","text":"yes"}]})"), Chunk(R"({"content":"!"})", "\"model_length\"")});
  EXPECT_EQ(At<ReasoningBlock>(decoded, 0).text, "hm");
  EXPECT_EQ(At<TextBlock>(decoded, 1).text, "yes!");
  EXPECT_EQ(decoded.answer.choices[0].reason, FinishReason::kContextWindow);
}

TEST(OpenAiChatStream, ParallelCallsInterleave) {
  const Decoded decoded = Stream(
      {Chunk(R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}},)"
             R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}}]})"),
       Chunk(
           R"({"tool_calls":[{"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":"{\"x\":1}"}}]})"),
       Chunk("{}", "\"tool_calls\"")});
  EXPECT_EQ(At<ToolCallBlock>(decoded, 0).arguments, R"({"x":1})");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).arguments, "{}");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).id, "b");
  ExpectGrammar(decoded.events);
}

TEST(OpenAiChatStream, CallsWithoutIndexIdOrName) {
  const Decoded decoded =
      Stream({Chunk(R"({"tool_calls":[{"index":-1,"id":"a","function":{"name":"f","arguments":"{"}}]})"),
              Chunk(R"({"tool_calls":[{"index":-1,"function":{"arguments":"}"}}]})"),
              Chunk(R"({"tool_calls":[{"function":{"name":"g","arguments":"{}"}}]})"), Chunk("{}", "\"stop\"")});
  ASSERT_EQ(BlocksOf(decoded).size(), 2U);
  EXPECT_EQ(At<ToolCallBlock>(decoded, 0).arguments, "{}");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).name, "g");
  EXPECT_THAT(At<ToolCallBlock>(decoded, 1).id, testing::StartsWith("call_"));
  EXPECT_EQ(decoded.answer.choices[0].reason, FinishReason::kToolCalls);
}

TEST(OpenAiChatStream, CallsThatAllHaveOneIndex) {
  const Decoded decoded =
      Stream({Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"),
              Chunk(R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"n\":2}"}}]})"),
              Chunk("{}", "\"tool_calls\"")});
  ASSERT_EQ(BlocksOf(decoded).size(), 2U);
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).arguments, R"({"n":2})");
}

TEST(OpenAiChatStream, NameAfterTheArgumentsAndArgumentsAsAnObject) {
  const Decoded decoded =
      Stream({Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\":"}}]})"),
              Chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"1}"}}]})"),
              Chunk(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":{"y": 2}}}]})"),
              Chunk("{}", "\"tool_calls\"")});
  EXPECT_EQ(At<ToolCallBlock>(decoded, 0).arguments, R"({"x":1})");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).arguments, R"({"y": 2})");
  EXPECT_FALSE(Stream({Chunk(R"({"tool_calls":[{"index":0,"id":"a"}]})"), Chunk("{}", "\"stop\"")}).status.ok());
}

TEST(OpenAiChatStream, TextAndCallInOneChunk) {
  const Decoded decoded =
      Stream({Chunk(R"({"content":"t","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},)"
                    R"("extra_content":{"google":{"thought_signature":"SIG"}}}]})",
                    "\"tool_calls\"")});
  EXPECT_EQ(At<TextBlock>(decoded, 0).text, "t");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).name, "f");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 1).signature, "SIG");
  ExpectGrammar(decoded.events);
}

TEST(OpenAiChatStream, FinishReasonNeverEarlyOrAlways) {
  const Decoded never = Stream({Chunk(R"({"content":"x"})")});
  ASSERT_TRUE(never.status.ok());
  EXPECT_EQ(never.answer.choices[0].reason, FinishReason::kStop);
  const Decoded always = Stream({Chunk(R"({"content":"x"})", "\"stop\""), Chunk(R"({"content":"y"})", "\"length\"")});
  EXPECT_EQ(At<TextBlock>(always, 0).text, "xy");
  EXPECT_EQ(always.answer.choices[0].reason, FinishReason::kLength);
  ExpectGrammar(always.events);
  const Decoded empty = Stream({Chunk(R"({"content":"x"})", "\"\""), Chunk("{}", "\"stop\"")});
  EXPECT_EQ(empty.answer.choices[0].reason, FinishReason::kStop);
}

TEST(OpenAiChatStream, ACutStreamIsNoAnswer) {
  EXPECT_EQ(Stream({Chunk(R"({"content":"x"})")}, End::kCut).status.error().code, base::ErrorCode::kBadUpstream);
  EXPECT_EQ(Stream({}, End::kCut).status.error().code, base::ErrorCode::kBadUpstream);
  EXPECT_EQ(Stream({}, End::kDone).status.error().code, base::ErrorCode::kBadUpstream);
  EXPECT_TRUE(Stream({Chunk("{}", "\"stop\"")}, End::kCut).status.ok());
  EXPECT_EQ(Stream({"{\"id\":"}).status.error().code, base::ErrorCode::kBadUpstream);
}

TEST(OpenAiChatStream, ErrorsInBand) {
  const Decoded decoded = Stream(
      {Chunk(R"({"content":"x"})"), R"({"error":{"message":"secret backend","type":"server_error","code":null}})"});
  ASSERT_FALSE(decoded.status.ok());
  EXPECT_EQ(decoded.status.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(decoded.status.error().public_message, Not(HasSubstr("secret")));
  const Decoded vllm = Stream({R"({"object":"error","message":"too long","type":"BadRequestError","code":400})"});
  EXPECT_EQ(vllm.status.error().code, base::ErrorCode::kInvalidRequest);
}

TEST(OpenAiChatStream, LowDetailGivesUsageAndEndsOnly) {
  const Decoded decoded =
      Stream({Chunk(R"({"content":"say \"usage\": 5"})"), Chunk(R"({"content":"caf\u00e9"})"),
              Chunk("{}", "\"length\""), R"({"choices":[],"usage": {"prompt_tokens":1,"completion_tokens":2}})"},
             End::kDone, Detail::kUsage);
  ASSERT_TRUE(decoded.status.ok());
  ASSERT_EQ(decoded.events.size(), 3U);
  EXPECT_EQ(decoded.answer.usage.output, 2U);
  EXPECT_EQ(decoded.answer.choices[0].reason, FinishReason::kLength);
  const Decoded escaped = Stream({Chunk("{}", "\"stop\""), R"({"choices":[],"\u0075sage":{"prompt_tokens":9}})"},
                                 End::kDone, Detail::kUsage);
  EXPECT_EQ(escaped.answer.usage.input, 9U);
  EXPECT_FALSE(Stream({Chunk("{}"), R"({"error" : {"message":"x"}})"}, End::kDone, Detail::kUsage).status.ok());
  EXPECT_EQ(Stream({Chunk("{}"), R"({"choices":[],"usage":null})"}, End::kDone, Detail::kUsage).answer.usage.source,
            UsageSource::kNone);
}

TEST(OpenAiChatStream, AUsageFrameOfItsOwnCountsEachTime) {
  // Groq says it twice; the second time has a frame of its own.
  const Decoded twice = Stream(
      {R"({"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":1}}})",
       R"({"choices":[],"usage":{"prompt_tokens":1}})"},
      End::kDone, Detail::kUsage);
  EXPECT_EQ(
      std::ranges::count_if(twice.events, [](const Event& e) { return std::holds_alternative<UsageReported>(e); }), 2);
}

TEST(OpenAiChatStream, SeveralChoicesWithLogprobs) {
  const Decoded decoded = Stream(
      {R"({"id":"1","model":"m","choices":[{"index":1,"delta":{"content":"b"},"logprobs":{"content":[{"token":"b"}]}}]})",
       R"({"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"},)"
       R"({"index":1,"delta":{"refusal":"no"},"finish_reason":"content_filter"}]})"});
  ASSERT_EQ(decoded.answer.choices.size(), 2U);
  EXPECT_EQ(decoded.answer.choices[1].logprobs, R"([{"token":"b"}])");
  EXPECT_EQ(std::get<RefusalBlock>(decoded.answer.choices[1].blocks[1]).text, "no");
  EXPECT_EQ(decoded.answer.choices[1].reason, FinishReason::kContentFilter);
  EXPECT_FALSE(Stream({R"({"id":"1","choices":[{"index":4000000000,"delta":{}}]})"}).status.ok());
}

TEST(OpenAiChatWhole, ReadsEveryMember) {
  const Decoded decoded = Whole(
      R"({"id":"chatcmpl-9","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"t","refusal":null,"reasoning_content":"r","annotations":[{"type":"url_citation"}],)"
      R"("tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},)"
      R"({"id":"b","type":"custom","custom":{"name":"c","input":"free"}}]},"finish_reason":"tool_calls","logprobs":null}],)"
      R"("usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":12,"completion_tokens_details":)"
      R"({"reasoning_tokens":4}},"service_tier":"priority"})");
  ASSERT_TRUE(decoded.status.ok());
  ExpectGrammar(decoded.events);
  EXPECT_EQ(At<ReasoningBlock>(decoded, 0).text, "r");
  EXPECT_EQ(At<TextBlock>(decoded, 1).citations, R"([{"type":"url_citation"}])");
  EXPECT_EQ(At<ToolCallBlock>(decoded, 3).kind, ToolKind::kCustom);
  EXPECT_EQ(At<ToolCallBlock>(decoded, 3).arguments, "free");
  EXPECT_EQ(decoded.answer.usage.output, 3U);  // this server counts reasoning beside the completion
  EXPECT_EQ(decoded.answer.usage.reasoning, 4U);
}

TEST(OpenAiChatWhole, AnErrorOrNothingIsNoAnswer) {
  EXPECT_FALSE(Whole(R"({"error":{"message":"x"}})").status.ok());
  EXPECT_FALSE(Whole(R"({"id":"1","choices":[]})").status.ok());
  EXPECT_FALSE(Whole("<html>").status.ok());
  EXPECT_FALSE(Whole("[]").status.ok());
}

// Events -> bytes.

std::string EncodeAll(const std::vector<Event>& events, AnswerContext context = {.id = "x", .model = "public"}) {
  std::string out;
  const auto encoder = Dialect().NewEncoder(context);
  for (const Event& event : events) encoder->Encode(event, out);
  encoder->Finish(out);
  return out;
}

std::vector<std::string> DataOf(const std::string& stream) {
  codec::sse::Parser parser;
  parser.Feed(stream);
  std::vector<std::string> data;
  codec::sse::Frame frame;
  while (true) {
    auto outcome = parser.Next(frame);
    if (!outcome.ok() || outcome.value() != codec::sse::Parser::Outcome::kFrame) return data;
    data.emplace_back(frame.data);
  }
}

constexpr std::string_view kHead =
    R"({"id":"chatcmpl-x","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":)";

TEST(OpenAiChatEncoder, RoleFirstOneFinishUsageThenDone) {
  AnswerContext context{.id = "x", .model = "public", .include_usage = true};
  const auto data = DataOf(
      EncodeAll({Started{"msg_1", "m", 7}, TextDelta{0, 0, "Hi"},
                 UsageReported{Usage{.input = 2, .cache_read = 3, .output = 1, .source = UsageSource::kProvider}},
                 BlockFinished{0, 0}, ChoiceFinished{0, FinishReason::kStopSequence, "END"},
                 ChoiceFinished{0, FinishReason::kLength}},
                context));
  const std::string head(kHead);
  ASSERT_EQ(data.size(), 5U);
  EXPECT_EQ(data[0], head + R"({"role":"assistant","content":""},"finish_reason":null}],"usage":null})");
  EXPECT_EQ(data[1], head + R"({"content":"Hi"},"finish_reason":null}],"usage":null})");
  EXPECT_EQ(data[2], head + R"({},"finish_reason":"stop"}],"usage":null})");
  EXPECT_THAT(data[3], HasSubstr(R"("choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6)"));
  EXPECT_EQ(data[4], "[DONE]");
}

TEST(OpenAiChatEncoder, NoUsageUnlessAsked) {
  const std::string out = EncodeAll({Started{}, UsageReported{Usage{.input = 2, .source = UsageSource::kProvider}},
                                     ChoiceFinished{0, FinishReason::kStop}});
  EXPECT_THAT(out, Not(HasSubstr("usage")));
}

TEST(OpenAiChatEncoder, NumbersCallsDenselyAndNeverLeavesArgumentsEmpty) {
  const auto data =
      DataOf(EncodeAll({Started{"", "m", 7}, TextDelta{0, 0, "t"}, ToolCallStarted{0, 1, "a", "f"},
                        ToolCallStarted{0, 4, "b", "g", ToolKind::kFunction, "SIG"}, ToolCallDelta{0, 4, "{}"},
                        BlockFinished{0, 1}, BlockFinished{0, 4}, ChoiceFinished{0, FinishReason::kToolCalls}}));
  ASSERT_EQ(data.size(), 8U);
  EXPECT_THAT(
      data[2],
      HasSubstr(R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})"));
  EXPECT_THAT(data[3], HasSubstr(R"("index":1,"id":"b")"));
  EXPECT_THAT(data[3], HasSubstr(R"("extra_content":{"google":{"thought_signature":"SIG"}})"));
  EXPECT_THAT(data[4], HasSubstr(R"({"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]})"));
  EXPECT_THAT(data[5], HasSubstr(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})"));
  EXPECT_THAT(data[6], HasSubstr(R"("finish_reason":"tool_calls")"));
}

TEST(OpenAiChatEncoder, AFailureIsAnErrorFrameAndNoEnd) {
  const auto encoder = Dialect().NewEncoder({.id = "x", .model = "m"});
  std::string out;
  encoder->Encode(Started{}, out);
  out.clear();
  encoder->Fail(base::Error{.code = base::ErrorCode::kBadUpstream, .public_message = "broken", .detail = "secret"},
                "req", out);
  EXPECT_EQ(out,
            "data: {\"error\":{\"message\":\"broken\",\"type\":\"server_error\",\"param\":null,"
            "\"code\":\"bad_upstream\",\"request_id\":\"req\"}}\n\n");
}

TEST(OpenAiChatEncoder, RetiredFunctionsGetRetiredAnswers) {
  ChatRequest request;
  request.tool_style = ChatRequest::ToolStyle::kLegacyFunctions;
  const AnswerContext context{.id = "x", .model = "m", .request = &request};
  const std::vector<Event> events = {Started{}, ToolCallStarted{0, 0, "a", "f"}, ToolCallDelta{0, 0, "{}"},
                                     BlockFinished{0, 0}, ChoiceFinished{0, FinishReason::kToolCalls}};
  const std::string stream = EncodeAll(events, context);
  EXPECT_THAT(stream, HasSubstr(R"({"function_call":{"name":"f","arguments":""}})"));
  EXPECT_THAT(stream, HasSubstr(R"("finish_reason":"function_call")"));
  Collector collector;
  for (const Event& event : events) collector.Add(event);
  EXPECT_THAT(Dialect().EncodeWhole(std::move(collector).Take(), context),
              HasSubstr(R"("function_call":{"name":"f","arguments":"{}"})"));
}

// Signatures survive the way to a client and back, streamed or whole, and through another gateway of this kind.
TEST(OpenAiChatEncoder, SealedReasoningSurvivesTheRoundTrip) {
  const std::vector<Event> events = {
      Started{"chatcmpl-1", "m", 7}, ReasoningDelta{0, 0, "thin"},
      ReasoningDelta{0, 0, "king"},  ReasoningSeal{0, 0, "SIG+/==", "", "", DialectId::kAnthropic},
      BlockFinished{0, 0},           ReasoningSeal{0, 1, "", "REDACTED", "rs_1", DialectId::kAnthropic},
      BlockFinished{0, 1},           TextDelta{0, 2, "text"},
      BlockFinished{0, 2},           ChoiceFinished{0, FinishReason::kStop}};
  Collector collector;
  for (const Event& event : events) collector.Add(event);
  const Answer answer = std::move(collector).Take();
  const AnswerContext context{.id = "x", .model = "m"};

  auto stream = DataOf(EncodeAll(events, context));
  stream.pop_back();
  const Decoded streamed = Stream(stream);
  const Decoded whole = Whole(Dialect().EncodeWhole(answer, context));
  for (const Decoded* decoded : {&streamed, &whole}) {
    ASSERT_TRUE(decoded->status.ok());
    ASSERT_EQ(BlocksOf(*decoded).size(), 3U);
    EXPECT_EQ(At<ReasoningBlock>(*decoded, 0).text, "thinking");
    EXPECT_EQ(At<ReasoningBlock>(*decoded, 0).signature, "SIG+/==");
    EXPECT_EQ(At<ReasoningBlock>(*decoded, 0).origin, DialectId::kAnthropic);
    EXPECT_EQ(At<ReasoningBlock>(*decoded, 1).redacted, "REDACTED");
    EXPECT_EQ(At<ReasoningBlock>(*decoded, 1).id, "rs_1");
    EXPECT_EQ(At<TextBlock>(*decoded, 2).text, "text");
  }
}

TEST(OpenAiChatErrors, DecodesWhatServersSay) {
  struct Case {
    std::uint16_t status;
    std::string_view body;
    base::ErrorCode code;
    base::Retry retry;
  };
  const Case cases[] = {
      {429, R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",
       base::ErrorCode::kPaymentRequired, base::Retry::kOtherTarget},
      {429, R"({"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}})", base::ErrorCode::kRateLimited,
       base::Retry::kSameTarget},
      {429, R"({"error":{"message":"m","type":"server_error"}})", base::ErrorCode::kRateLimited,
       base::Retry::kSameTarget},
      {400, R"({"error":{"message":"m","code":"context_length_exceeded"}})", base::ErrorCode::kContextLength,
       base::Retry::kNever},
      {400, R"({"object":"error","message":"This model's maximum context length is 5","code":400})",
       base::ErrorCode::kContextLength, base::Retry::kNever},
      {400, R"({"error":{"message":"m","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
       base::ErrorCode::kContentFiltered, base::Retry::kNever},
      {401, R"({"error":{"message":"Incorrect API key provided: sk-12","code":"invalid_api_key"}})",
       base::ErrorCode::kUnavailable, base::Retry::kOtherTarget},
      {404, R"({"error":{"message":"The model x does not exist","code":"model_not_found"}})",
       base::ErrorCode::kNotFound, base::Retry::kOtherTarget},
      {422, R"({"detail":"bad"})", base::ErrorCode::kInvalidRequest, base::Retry::kNever},
      {500, "not json", base::ErrorCode::kUnavailable, base::Retry::kSameTarget},
      {503, R"({"error":"overloaded"})", base::ErrorCode::kUnavailable, base::Retry::kSameTarget},
  };
  for (const Case& c : cases) {
    const base::Error error = Dialect().DecodeError(c.status, c.body);
    EXPECT_EQ(error.code, c.code) << c.body;
    EXPECT_EQ(error.retry, c.retry) << c.body;
    EXPECT_THAT(error.public_message, Not(HasSubstr("sk-12")));
    EXPECT_FALSE(error.public_message.empty());
    EXPECT_EQ(error.upstream_status, c.status);
  }
  EXPECT_EQ(Dialect().DecodeError(422, R"({"detail":"bad"})").public_message, "bad");
}

TEST(OpenAiChatErrors, EncodesOurs) {
  const auto reply = Dialect().EncodeError(base::InvalidRequest("wrong", "messages[0]"), "");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body,
            R"({"error":{"message":"wrong","type":"invalid_request_error","param":"messages[0]","code":null}})");
  const auto budget =
      Dialect().EncodeError(base::Error{.code = base::ErrorCode::kBudgetExceeded, .public_message = "b"}, "");
  EXPECT_EQ(budget.status, 429);
  EXPECT_THAT(budget.body, HasSubstr("insufficient_quota"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai_chat
