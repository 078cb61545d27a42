#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llm/dialect/common/dialect_testing.h"
#include "llm/dialect/openai_responses/dialect.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Document;
using codec::json::Value;
using common::testing::Collect;
using common::testing::DecodeStream;
using common::testing::EncodeStream;
using common::testing::Lines;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Usage kUsage{
    .input = 20, .cache_read = 100, .cache_write_5m = 5, .output = 9, .reasoning = 3, .source = UsageSource::kProvider};
const AnswerContext kContext{.id = "abc", .model = "alias", .created_seconds = 7};

// Reads the ladder as a strict client does: numbers without a gap, items that do not overlap, every part and run of
// deltas closed by what it said, and a terminal event that repeats the items.
class StrictReader {
 public:
  void Read(std::string_view stream) {
    codec::sse::Parser parser;
    codec::sse::Frame frame;
    parser.Feed(stream);
    while (parser.Next(frame).value() == codec::sse::Parser::Outcome::kFrame) {
      Document document;
      ASSERT_TRUE(document.Parse(frame.data).ok());
      ASSERT_EQ(document.root()["type"].string(), frame.event);
      Step(frame.event, document.root());
    }
  }

  std::vector<std::string> types;
  std::vector<std::string> done;
  std::string terminal;

 private:
  void Step(std::string_view type, Value root) {
    EXPECT_EQ(root["sequence_number"].AsInteger(), static_cast<std::int64_t>(types.size()));
    EXPECT_TRUE(terminal.empty()) << type << " after the terminal event";
    types.emplace_back(type);
    if (root["response"].IsObject() && types.size() > 2) return End(root["response"]);
    if (type == "response.output_item.added") return Open(root);
    if (type == "response.output_item.done") return Close(root);
    if (root["item_id"].IsString()) Inside(type, root);
  }
  void Open(Value root) {
    EXPECT_TRUE(open_.empty()) << "items overlap";
    EXPECT_EQ(root["output_index"].AsInteger(), static_cast<std::int64_t>(done.size()));
    open_ = root["item"]["id"].string();
    EXPECT_FALSE(open_.empty());
  }
  void Close(Value root) {
    EXPECT_EQ(root["item"]["id"].string(), open_);
    EXPECT_EQ(parts_, 0);
    EXPECT_TRUE(deltas_.empty()) << "a run of deltas is not closed";
    done.emplace_back(root["item"].raw());
    open_.clear();
  }
  void Inside(std::string_view type, Value root) {
    EXPECT_EQ(root["item_id"].string(), open_);
    EXPECT_EQ(root["output_index"].AsInteger(), static_cast<std::int64_t>(done.size()));
    if (type.ends_with("part.added")) ++parts_;
    if (type.ends_with("part.done")) --parts_;
    if (type.ends_with(".delta")) deltas_ += root["delta"].string();
    if (!type.ends_with(".done") || type.ends_with("part.done")) return;
    for (const char* member : {"text", "arguments", "input", "refusal"}) {
      if (root[member].IsString()) EXPECT_EQ(root[member].string(), deltas_);
    }
    deltas_.clear();
  }
  void End(Value response) {
    EXPECT_TRUE(open_.empty());
    terminal = response.raw();
    std::vector<std::string> output;
    for (const auto item : response["output"]) output.emplace_back(item.value.raw());
    EXPECT_EQ(output, done);
  }

  std::string open_;
  std::string deltas_;
  int parts_ = 0;
};

std::vector<Event> Everything() {
  return {Started{.id = "chatcmpl-1", .model = "m"},
          ReasoningDelta{.block = 0, .text = "think"},
          ReasoningSeal{.block = 0, .signature = "EqQB", .origin = DialectId::kAnthropic},
          BlockFinished{.block = 0},
          TextDelta{.block = 1, .text = "Hello "},
          TextDelta{.block = 1, .text = "you"},
          Annotated{.block = 1, .origin = DialectId::kOpenAiChat, .json = "[{}]", .urls = {{.url = "u", .title = "t"}}},
          ToolCallStarted{.block = 2, .id = "c1", .name = "f"},
          ToolCallStarted{.block = 3, .id = "c2", .name = "g"},
          ToolCallDelta{.block = 2, .arguments = "{\"a\":"},
          ToolCallDelta{.block = 3, .arguments = "{}"},
          ToolCallDelta{.block = 2, .arguments = "1}"},
          ToolCallStarted{.block = 4, .id = "c3", .name = "patch", .kind = ToolKind::kCustom},
          ToolCallDelta{.block = 4, .arguments = "***"},
          ToolCallStarted{.block = 5, .id = "c4", .name = "none", .signature = "CsQ"},
          BlockFinished{.block = 1},
          BlockFinished{.block = 2},
          BlockFinished{.block = 3},
          RefusalDelta{.block = 6, .text = "No."},
          ChoiceFinished{.reason = FinishReason::kToolCalls},
          UsageReported{kUsage}};
}

TEST(ResponsesLadder, IsCompleteAndInOrder) {
  StrictReader reader;
  reader.Read(EncodeStream(Chat(), Everything(), kContext));
  EXPECT_EQ(reader.done.size(), 8U);
  EXPECT_EQ(reader.types.back(), "response.completed");
  EXPECT_THAT(reader.terminal, HasSubstr(R"("id":"resp_abc","object":"response","created_at":7,"status":"completed")"));
  EXPECT_THAT(
      reader.terminal,
      HasSubstr(R"("annotations":[{"type":"url_citation","start_index":0,"end_index":9,"title":"t","url":"u"}])"));
  EXPECT_THAT(
      reader.terminal,
      HasSubstr(R"("usage":{"input_tokens":125,"input_tokens_details":{"cached_tokens":100,"cache_write_tokens":5},)"
                R"("output_tokens":12,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":137})"));
}

TEST(ResponsesLadder, OfATextIsExact) {
  StrictReader reader;
  reader.Read(EncodeStream(Chat(), {Started{}, TextDelta{.text = "a"}, TextDelta{.text = "b"}, BlockFinished{},
                                    ChoiceFinished{.reason = FinishReason::kStop}}));
  EXPECT_THAT(reader.types,
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                          "response.output_text.done", "response.content_part.done", "response.output_item.done",
                          "response.completed"));
}

TEST(ResponsesLadder, OfReasoningAndACallIsExact) {
  StrictReader reader;
  reader.Read(
      EncodeStream(Chat(), {Started{}, ReasoningDelta{.text = "t"}, ToolCallStarted{.block = 1, .id = "c", .name = "f"},
                            ChoiceFinished{.reason = FinishReason::kToolCalls}}));
  EXPECT_THAT(
      reader.types,
      ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                  "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
                  "response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
                  "response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta",
                  "response.function_call_arguments.done", "response.output_item.done", "response.completed"));
  EXPECT_THAT(reader.done[1], HasSubstr(R"("call_id":"c","name":"f","arguments":"{}")"));
}

TEST(ResponsesLadder, TextsOfOneRunArePartsOfOneMessage) {
  StrictReader reader;
  reader.Read(EncodeStream(Chat(), {Started{}, TextDelta{.block = 0, .text = "a"}, BlockFinished{.block = 0},
                                    TextDelta{.block = 1, .text = "b"}, BlockFinished{.block = 1},
                                    ChoiceFinished{.reason = FinishReason::kStop}}));
  ASSERT_EQ(reader.done.size(), 1U);
  EXPECT_THAT(reader.done[0], HasSubstr(R"("content":[{"type":"output_text","text":"a")"));
}

TEST(ResponsesLadder, AnAnswerThatWasCutIsIncomplete) {
  const std::pair<FinishReason, const char*> cases[] = {{FinishReason::kLength, "max_output_tokens"},
                                                        {FinishReason::kContextWindow, "max_output_tokens"},
                                                        {FinishReason::kContentFilter, "content_filter"}};
  for (const auto& [reason, word] : cases) {
    StrictReader reader;
    reader.Read(EncodeStream(Chat(), {Started{}, TextDelta{.text = "a"}, ChoiceFinished{.reason = reason}}));
    EXPECT_EQ(reader.types.back(), "response.incomplete");
    EXPECT_THAT(reader.terminal, HasSubstr(std::string(R"("incomplete_details":{"reason":")") + word));
    EXPECT_THAT(reader.done[0], HasSubstr(R"("status":"incomplete")"));
  }
}

TEST(ResponsesLadder, RepeatsWhatWasAsked) {
  const auto request = common::testing::Decode(
      Chat(), R"({"model":"m","input":"x","instructions":"i","max_output_tokens":64,"tools":[{"type":"function",)"
              R"("name":"f","parameters":{},"strict":null}],"tool_choice":"required","temperature":0.5,"store":true,)"
              R"("text":{"verbosity":"low"},"reasoning":{"effort":"low"},"metadata":{"k":"v"},)"
              R"("previous_response_id":"resp_1"})");
  ASSERT_TRUE(request.ok());
  AnswerContext context = kContext;
  context.request = &request.value();
  StrictReader reader;
  reader.Read(EncodeStream(Chat(), {Started{}, ChoiceFinished{.reason = FinishReason::kStop}}, context));
  EXPECT_THAT(reader.terminal,
              HasSubstr(R"("instructions":"i","max_output_tokens":64,"max_tool_calls":null,"metadata":{"k":"v"},)"
                        R"("tools":[{"type":"function","name":"f","parameters":{},"strict":null}],)"
                        R"("tool_choice":"required","parallel_tool_calls":true,"previous_response_id":"resp_1",)"
                        R"("prompt_cache_key":null,"reasoning":{"effort":"low"},"text":{"verbosity":"low"},)"
                        R"("safety_identifier":null,"service_tier":null,"store":true,"temperature":0.5,)"
                        R"("top_logprobs":null,"top_p":null,"truncation":"disabled")"));
}

TEST(ResponsesLadder, AFailureIsTheEnd) {
  const auto encoder = Chat().NewEncoder(kContext);
  std::string out;
  encoder->Encode(Started{}, out);
  encoder->Encode(TextDelta{.text = "Hi"}, out);
  encoder->Fail({.code = base::ErrorCode::kUnavailable, .public_message = "busy"}, "req_1", out);
  encoder->Finish(out);
  const std::string lines = Lines(out);
  EXPECT_THAT(lines, HasSubstr("response.failed {"));
  EXPECT_THAT(lines, HasSubstr(R"("status":"failed")"));
  EXPECT_THAT(lines, HasSubstr(R"("error":{"message":"busy","type":"server_error")"));
  EXPECT_THAT(lines, Not(HasSubstr("response.completed")));
  std::vector<Event> events;
  EXPECT_FALSE(DecodeStream(*Chat().NewDecoder({}), out, events).ok());
}

TEST(ResponsesLadder, AFailureBeforeTheBeginIsAnErrorEvent) {
  std::string out;
  Chat().NewEncoder(kContext)->Fail({.public_message = "busy"}, "", out);
  EXPECT_THAT(Lines(out),
              ::testing::StartsWith(R"(error {"type":"error","sequence_number":0,"error":{"message":"busy")"));
}

TEST(ResponsesLadder, AnAnswerWithoutAReasonIsAFailureNotAnEnd) {
  EXPECT_THAT(EncodeStream(Chat(), {Started{}, TextDelta{.text = "Hi"}}), HasSubstr("event: response.failed"));
}

TEST(ResponsesDecoder, ReadsItsOwnLadder) {
  std::vector<Event> events;
  const auto status = DecodeStream(*Chat().NewDecoder({}), EncodeStream(Chat(), Everything(), kContext), events);
  ASSERT_TRUE(status.ok()) << status.error().detail;
  const Answer answer = Collect(events);
  EXPECT_EQ(answer.started.id, "resp_abc");
  EXPECT_EQ(answer.usage, kUsage);
  ASSERT_EQ(answer.choices.size(), 1U);
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
  const auto& blocks = answer.choices[0].blocks;
  ASSERT_EQ(blocks.size(), 8U);
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).text, "think");
  EXPECT_EQ(std::get<ReasoningBlock>(blocks[0]).redacted, "gatehouse1:anthropic.messages:signature::EqQB");
  EXPECT_EQ(std::get<TextBlock>(blocks[1]).text, "Hello you");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[2]).arguments, R"({"a":1})");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[3]).id, "c2");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[4]).kind, ToolKind::kCustom);
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[4]).arguments, "***");
  EXPECT_EQ(std::get<ToolCallBlock>(blocks[6]).arguments, "{}");
  EXPECT_EQ(std::get<RefusalBlock>(blocks[7]).text, "No.");
}

TEST(ResponsesDecoder, AnyCutOfTheBytesReadsTheSame) {
  const std::string stream = EncodeStream(Chat(), Everything(), kContext);
  std::string whole;
  for (std::size_t piece = 1; piece < 60; ++piece) {
    std::vector<Event> events;
    ASSERT_TRUE(DecodeStream(*Chat().NewDecoder({}), stream, events, Detail::kFull, piece).ok());
    const std::string body = Chat().EncodeWhole(Collect(events), kContext);
    if (whole.empty()) whole = body;
    EXPECT_EQ(body, whole);
  }
}

TEST(ResponsesDecoder, AWholeAnswerReadsLikeItsStream) {
  std::vector<Event> streamed;
  ASSERT_TRUE(DecodeStream(*Chat().NewDecoder({}), EncodeStream(Chat(), Everything(), kContext), streamed).ok());
  const std::string body = Chat().EncodeWhole(Collect(streamed), kContext);
  std::vector<Event> events;
  ASSERT_TRUE(Chat().NewDecoder({})->DecodeWhole(body, Detail::kFull, events).ok());
  EXPECT_EQ(Chat().EncodeWhole(Collect(events), kContext), body);
  EXPECT_EQ(Collect(events).usage, kUsage);
}

TEST(ResponsesDecoder, MeteringSeesTheUsageAndTheEnd) {
  std::vector<Event> events;
  ASSERT_TRUE(
      DecodeStream(*Chat().NewDecoder({}), EncodeStream(Chat(), Everything(), kContext), events, Detail::kUsage).ok());
  const Answer answer = Collect(events);
  EXPECT_EQ(answer.usage, kUsage);
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
  EXPECT_TRUE(answer.choices[0].blocks.empty());
}

TEST(ResponsesDecoder, HostsThatSendOnlyTheTerminalEvent) {
  std::vector<Event> events;
  const auto decoder = Chat().NewDecoder({});
  ASSERT_TRUE(decoder
                  ->Decode("",
                           R"({"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[)"
                           R"({"type":"message","id":"m","role":"assistant","content":[{"type":"output_text",)"
                           R"("text":"hi","annotations":[]}]},{"type":"web_search_call","id":"ws"},)"
                           R"({"type":"function_call","name":"f","arguments":"{}"}]}})",
                           Detail::kFull, events)
                  .ok());
  ASSERT_TRUE(decoder->Finish(Detail::kFull, events).ok());
  const Answer answer = Collect(events);
  ASSERT_EQ(answer.choices[0].blocks.size(), 3U);
  EXPECT_EQ(std::get<TextBlock>(answer.choices[0].blocks[0]).text, "hi");
  EXPECT_EQ(std::get<OpaqueBlock>(answer.choices[0].blocks[1]).json, R"({"type":"web_search_call","id":"ws"})");
  EXPECT_THAT(std::get<ToolCallBlock>(answer.choices[0].blocks[2]).id, ::testing::StartsWith("call_"));
  EXPECT_EQ(answer.choices[0].reason, FinishReason::kToolCalls);
}

TEST(ResponsesDecoder, FailuresAreErrors) {
  const std::pair<const char*, base::ErrorCode> cases[] = {
      {R"({"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}})",
       base::ErrorCode::kUnavailable},
      {R"({"type":"error","code":"rate_limit_exceeded","message":"slow","param":null})", base::ErrorCode::kRateLimited},
      {R"({"type":"error","error":{"code":"context_length_exceeded","message":"long"}})",
       base::ErrorCode::kContextLength},
      {R"({"type":"response.completed"})", base::ErrorCode::kBadUpstream},
      {"[]", base::ErrorCode::kBadUpstream},
  };
  for (const auto& [data, code] : cases) {
    std::vector<Event> events;
    const auto status = Chat().NewDecoder({})->Decode("", data, Detail::kFull, events);
    ASSERT_FALSE(status.ok()) << data;
    EXPECT_EQ(status.error().code, code) << data;
    EXPECT_EQ(status.error().source, base::ErrorSource::kUpstream);
  }
  std::vector<Event> events;
  EXPECT_FALSE(Chat()
                   .NewDecoder({})
                   ->DecodeWhole(R"({"status":"failed","error":{"code":"server_error"}})", Detail::kFull, events)
                   .ok());
  EXPECT_FALSE(Chat().NewDecoder({})->DecodeWhole(R"({"object":"response"})", Detail::kFull, events).ok());
}

TEST(ResponsesDecoder, ACutStreamIsNoEnd) {
  const std::string stream = EncodeStream(Chat(), Everything(), kContext);
  std::vector<Event> events;
  const auto status = DecodeStream(
      *Chat().NewDecoder({}), std::string_view(stream).substr(0, stream.find("event: response.completed")), events);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kBadUpstream);
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai_responses
