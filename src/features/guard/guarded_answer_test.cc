#include "features/guard/guarded_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "codec/json/writer.h"
#include "codec/sse/sse.h"
#include "features/guard/test_guard.h"

namespace gatehouse::features::guard {
namespace {

namespace json = codec::json;
using inspect::Category;
using testing::Bench;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Rule;

std::string Quoted(std::string_view text) {
  std::string out;
  json::AppendQuoted(out, text);
  return out;
}

std::string Sse(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

// A stream of scripted frames, some to a batch, and its end or a failure.
class Script final : public llm::EventSource {
 public:
  explicit Script(std::vector<std::string> frames, std::size_t per_batch = 1, std::optional<base::Error> failure = {})
      : frames_(std::move(frames)), per_batch_(per_batch), failure_(std::move(failure)) {}

  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (at_ == frames_.size()) {
      if (failure_) co_return *failure_;
      co_return Outcome::kEnd;
    }
    for (std::size_t i = 0; i < per_batch_ && at_ < frames_.size(); ++i)
      batch.frames.push_back({.raw = frames_[at_++]});
    co_return Outcome::kBatch;
  }

 private:
  std::vector<std::string> frames_;
  std::size_t per_batch_;
  std::optional<base::Error> failure_;
  std::size_t at_ = 0;
};

struct Received {
  std::vector<std::string> frames;
  std::string error;                // its public message
  std::vector<std::size_t> counts;  // of frames, by pull
};

Received Drain(Bench& bench, llm::EventSource& source) {
  Received received;
  for (;;) {
    llm::Batch batch;
    auto outcome = bench.loop().Await(source.Pull(batch));
    if (!outcome) ADD_FAILURE() << "it waits";
    if (!outcome || (outcome->ok() && outcome->value() == llm::EventSource::Outcome::kEnd)) return received;
    if (!outcome->ok()) {
      received.error = outcome->error().public_message;
      return received;
    }
    received.counts.push_back(batch.frames.size());
    for (const auto& frame : batch.frames) received.frames.emplace_back(frame.raw);
  }
}

// How a dialect writes a piece of text, and the end of it.
struct Wire {
  llm::DialectId dialect;
  std::string (*text)(std::string_view piece);
  std::string (*arguments)(std::string_view piece);
  std::string (*end)();
};

const Wire kWires[] = {
    {llm::DialectId::kOpenAiChat,
     [](std::string_view piece) {
       return Sse(R"({"id":"c1","unknown":7,"choices":[{"index":0,"delta":{"content":)" + Quoted(piece) + "}}]}");
     },
     [](std::string_view piece) {
       return Sse(R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":)" +
                  Quoted(piece) + "}}]}}]}");
     },
     [] { return Sse(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"); }},
    {llm::DialectId::kAnthropic,
     [](std::string_view piece) {
       return "event: content_block_delta\n" +
              Sse(R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":)" + Quoted(piece) +
                  "}}");
     },
     [](std::string_view piece) {
       return "event: content_block_delta\n" +
              Sse(R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":)" +
                  Quoted(piece) + "}}");
     },
     [] { return "event: content_block_stop\n" + Sse(R"({"type":"content_block_stop","index":1})"); }},
    {llm::DialectId::kOpenAiResponses,
     [](std::string_view piece) {
       return Sse(R"({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":)" +
                  Quoted(piece) + "}");
     },
     [](std::string_view piece) {
       return Sse(R"({"type":"response.function_call_arguments.delta","output_index":0,"delta":)" + Quoted(piece) +
                  "}");
     },
     [] { return Sse(R"({"type":"response.content_part.done","output_index":0,"content_index":0})"); }},
    {llm::DialectId::kGemini,
     [](std::string_view piece) {
       return Sse(R"({"candidates":[{"content":{"role":"model","parts":[{"text":)" + Quoted(piece) + "}]}}]}");
     },
     nullptr, [] { return Sse(R"({"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]})"); }},
};

// What the pieces in frames say together.
std::string TextOf(llm::DialectId dialect, const std::vector<std::string>& frames) {
  std::string text;
  for (const std::string& raw : frames) {
    codec::sse::Parser parser;
    parser.Feed(raw);
    codec::sse::Frame frame;
    EXPECT_EQ(parser.Next(frame).value(), codec::sse::Parser::Outcome::kFrame) << raw;
    json::Document document;
    EXPECT_TRUE(document.Parse(frame.data).ok()) << raw;
    FrameDeltas deltas;
    ReadDeltas(dialect, document.root(), deltas);
    for (const auto& piece : deltas.pieces) text += piece.text;
  }
  return text;
}

std::vector<GuardRule> MaskAll() {
  return {Rule("pii", Category::kPii, Measure::kMask), Rule("secrets", Category::kSecret, Measure::kMask),
          Rule("injection", Category::kInjection, Measure::kDeny)};
}

class GuardedStreams : public ::testing::TestWithParam<Wire> {
 protected:
  Received Run(std::vector<std::string> frames, std::size_t per_batch = 1, std::optional<base::Error> failure = {}) {
    GuardedFrames guarded(bench_.NewInspection(), std::make_unique<Script>(std::move(frames), per_batch, failure),
                          GetParam().dialect);
    return Drain(bench_, guarded);
  }

  Bench bench_{testing::Settings(MaskAll())};
};

INSTANTIATE_TEST_SUITE_P(Dialects, GuardedStreams, ::testing::ValuesIn(kWires), [](const auto& test) {
  std::string name(llm::ToString(test.param.dialect));
  std::ranges::replace(name, '.', '_');
  return name;
});

TEST_P(GuardedStreams, LeaveFramesAsTheyCameWhereNothingIsFound) {
  std::vector<std::string> frames;
  for (const char* piece : {"The", " quick", " brown ", "fox\n", "jumps over 12", " dogs."}) {
    frames.push_back(GetParam().text(piece));
  }
  frames.push_back(GetParam().end());
  EXPECT_EQ(Run(frames).frames, frames);
  EXPECT_EQ(Run(frames, 3).frames, frames);
}

TEST_P(GuardedStreams, ComeToTheSameHoweverTheTextIsCut) {
  constexpr std::string_view kText = "Write to mail#17 or, for é key#4711 users, to Mr. mail#2; not mail# or mail#x.";
  constexpr std::string_view kWanted =
      "Write to [EMAIL_ADDRESS] or, for é [test-key] users, to Mr. [EMAIL_ADDRESS]; not mail# or mail#x.";
  for (std::size_t first = 0; first <= kText.size(); ++first) {
    for (const std::size_t width : {std::size_t{1}, std::size_t{7}, kText.size()}) {
      std::vector<std::string> pieces = {std::string(kText.substr(0, first))};
      for (std::size_t at = first; at < kText.size(); at += width) pieces.emplace_back(kText.substr(at, width));
      std::vector<std::string> frames;
      std::string held;  // no provider cuts a character
      for (const std::string& piece : pieces) {
        held += piece;
        if (static_cast<unsigned char>(held.empty() ? 'a' : held.back()) == 0xC3) continue;
        frames.push_back(GetParam().text(std::exchange(held, {})));
      }
      frames.push_back(GetParam().end());
      const Received received = Run(frames);
      ASSERT_EQ(TextOf(GetParam().dialect, received.frames), kWanted) << first << " " << width;
      // What is left of a long last piece has a frame of its own.
      ASSERT_LE(received.frames.size(), frames.size() + 1);
      ASSERT_GE(received.frames.size(), frames.size());
      ASSERT_EQ(received.error, "");
    }
  }
}

TEST_P(GuardedStreams, HoldBackAWordAndNoMore) {
  std::vector<std::string> frames;
  for (const char* piece : {"one ", "two", " three ", "mail#", "1", "2", " four "}) {
    frames.push_back(GetParam().text(piece));
  }
  const Received received = Run(frames);
  // "two" waits for its end; of a word that begins like something to be found, nothing leaves.
  EXPECT_THAT(received.counts, ElementsAre(1, 2, 3 + 1));
  EXPECT_EQ(TextOf(GetParam().dialect, received.frames), "one two three [EMAIL_ADDRESS] four ");
}

TEST_P(GuardedStreams, DoNotHoldALongPieceForItsLastWord) {
  const std::string piece = "forty bytes and more of plain words, mail#1 among them, and the la";
  const std::string wanted = "forty bytes and more of plain words, [EMAIL_ADDRESS] among them, and the last.";
  for (const std::string& end : {GetParam().end(), GetParam().text("st.")}) {
    std::vector<std::string> frames = {GetParam().text(piece)};
    const bool ends = end == GetParam().end();
    if (ends) frames.push_back(GetParam().text("st."));
    frames.push_back(end);
    const Received received = Run(frames);
    EXPECT_EQ(TextOf(GetParam().dialect, received.frames), wanted);
    EXPECT_EQ(received.frames.size(), frames.size());
    if (GetParam().dialect == llm::DialectId::kOpenAiResponses) continue;  // its frames are numbered
    EXPECT_EQ(TextOf(GetParam().dialect, {received.frames[0]}),
              "forty bytes and more of plain words, [EMAIL_ADDRESS] among them, and the ");
  }
  // Where no further piece comes, the rest has a frame of its own, before what follows.
  const Received alone = Run({GetParam().text(piece), GetParam().end()});
  EXPECT_EQ(TextOf(GetParam().dialect, alone.frames), wanted.substr(0, wanted.size() - 3));
  EXPECT_EQ(alone.frames.back(), GetParam().end());
  const Received cut = Run({GetParam().text(piece)}, 1, base::Internal("x"));
  EXPECT_EQ(TextOf(GetParam().dialect, cut.frames), wanted.substr(0, wanted.size() - 3));
}

TEST_P(GuardedStreams, AreCutWhereARuleDenies) {
  std::vector<std::string> frames;
  for (const char* piece : {"so far ", "so good. ", "evil", "#1", " and more"}) {
    frames.push_back(GetParam().text(piece));
  }
  const Received received = Run(frames);
  EXPECT_EQ(TextOf(GetParam().dialect, received.frames), "so far so good. ");
  EXPECT_THAT(received.error,
              HasSubstr("The answer was withheld: it holds INSTRUCTION (output). (guard rule 'injection')"));
  EXPECT_EQ(bench_.exchange().decisions.back().rule, "injection");
  EXPECT_EQ(bench_.exchange().decisions.back().phase, pipeline::Phase::kResponse);
}

TEST_P(GuardedStreams, GiveWhatWaitedBeforeAFailureOfTheUpstream) {
  const Received received = Run({GetParam().text("the last word mail#3")}, 1, base::Internal("x"));
  EXPECT_EQ(TextOf(GetParam().dialect, received.frames), "the last word [EMAIL_ADDRESS]");
  const Received whole = Run({GetParam().text("the last word")});
  EXPECT_EQ(TextOf(GetParam().dialect, whole.frames), "the last word");
}

TEST_P(GuardedStreams, KeepArgumentsOfToolsValid) {
  if (GetParam().arguments == nullptr) GTEST_SKIP() << "its arguments come whole";
  constexpr std::string_view kArguments = R"({"to":["mail#17","x\nmail#18"],"mail#19":1,"note":"é \"key#1\""})";
  constexpr std::string_view kWanted =
      R"({"to":["[EMAIL_ADDRESS]","x\n[EMAIL_ADDRESS]"],"[EMAIL_ADDRESS]":1,"note":"é \"[test-key]\""})";
  for (const std::size_t width : {1, 2, 5, 200}) {
    std::vector<std::string> frames;
    std::string held;
    for (std::size_t at = 0; at < kArguments.size(); at += width) {
      held += kArguments.substr(at, width);
      if (static_cast<unsigned char>(held.back()) == 0xC3) continue;
      frames.push_back(GetParam().arguments(std::exchange(held, {})));
    }
    frames.push_back(GetParam().end());
    const Received received = Run(frames);
    EXPECT_EQ(TextOf(GetParam().dialect, received.frames), kWanted);
    EXPECT_EQ(received.frames.size(), frames.size());
    EXPECT_EQ(received.counts.size(), 1U) << "a call is withheld until it is decided about";
  }
}

TEST_P(GuardedStreams, RestoreTokens) {
  auto settings = testing::Settings({Rule("pii", Category::kPii, Measure::kTokenise)});
  Bench bench(settings);
  auto inspection = bench.NewInspection();
  std::vector<TextEdit> edits;
  ASSERT_TRUE(inspection->Look({.text = "I am mail#17."}, edits).ok());
  ASSERT_EQ(edits.size(), 1U);
  const std::string token = edits[0].replacement;
  ASSERT_THAT(token, ::testing::MatchesRegex(R"(\[\[EMAILADDRESS_[0-9A-Z]{4}\]\])"));
  const std::string text = "Dear " + token + ", [[EMAILADDRESS_0000]] is not \\[\\[" + token.substr(2) + " or [[x";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Bench again(settings);
    auto fresh = again.NewInspection();
    edits.clear();
    ASSERT_TRUE(fresh->Look({.text = "I am mail#17."}, edits).ok());
    GuardedFrames guarded(std::move(fresh),
                          std::make_unique<Script>(std::vector{GetParam().text(text.substr(0, cut)),
                                                               GetParam().text(text.substr(cut)), GetParam().end()}),
                          GetParam().dialect);
    const Received received = Drain(again, guarded);
    EXPECT_EQ(TextOf(GetParam().dialect, received.frames), "Dear mail#17, [[EMAILADDRESS_0000]] is not mail#17 or [[x");
    EXPECT_EQ(again.report().restored, 2U);
  }
}

TEST_P(GuardedStreams, AskPoliciesAgainWhenSomethingIsFound) {
  const testing::ScriptedRules rules({pipeline::Phase::kResponse}, [](const pipeline::ContentQuestion& question) {
    return question.findings.size() < 2 ? pipeline::ContentVerdict() : testing::Refuse("two");
  });
  Bench bench(testing::Settings({}));
  std::vector<std::string> frames;
  for (const char* piece : {"one ", "mail#1 ", "two ", "site#2", " and ", "more "}) {
    frames.push_back(GetParam().text(piece));
  }
  GuardedFrames guarded(bench.NewInspection(&rules), std::make_unique<Script>(frames), GetParam().dialect);
  const Received received = Drain(bench, guarded);
  EXPECT_EQ(TextOf(GetParam().dialect, received.frames), "one mail#1 two ");
  EXPECT_EQ(received.error, "Refused by two.");
  EXPECT_THAT(rules.asked, ElementsAre("response", "response again EMAIL_ADDRESS@output",
                                       "response again EMAIL_ADDRESS@output LINK@output"));
}

TEST_P(GuardedStreams, DoWhatPoliciesOrderFromThenOn) {
  pipeline::ContentMeasure mask{.measure = Measure::kMask, .categories = {}, .entities = {"EMAIL_ADDRESS"}};
  const testing::ScriptedRules rules({pipeline::Phase::kResponse}, [&](const pipeline::ContentQuestion& question) {
    pipeline::ContentVerdict verdict;
    if (question.findings.size() > 1) verdict.orders.push_back({.rule = "mask", .measure = &mask});
    return verdict;
  });
  Bench bench(testing::Settings({}));
  std::vector<std::string> frames;
  for (const char* piece : {"mail#1 ", "and so on ", "key#2 ", "mail#", "3", " end "})
    frames.push_back(GetParam().text(piece));
  GuardedFrames guarded(bench.NewInspection(&rules), std::make_unique<Script>(frames), GetParam().dialect);
  EXPECT_EQ(TextOf(GetParam().dialect, Drain(bench, guarded).frames), "mail#1 and so on key#2 [EMAIL_ADDRESS] end ");
}

TEST_P(GuardedStreams, AskPoliciesAboutCalls) {
  if (GetParam().arguments == nullptr) GTEST_SKIP() << "its arguments come whole";
  const testing::ScriptedRules rules({pipeline::Phase::kToolCall}, [](const pipeline::ContentQuestion& question) {
    return question.findings.empty() ? pipeline::ContentVerdict() : testing::Refuse("keys");
  });
  Bench bench(testing::Settings({}));
  const std::vector<std::string> frames = {GetParam().arguments(R"({"a":"key#)"), GetParam().arguments(R"(1"})"),
                                           GetParam().end()};
  GuardedFrames guarded(bench.NewInspection(&rules), std::make_unique<Script>(frames), GetParam().dialect);
  const Received received = Drain(bench, guarded);
  EXPECT_THAT(received.frames, ElementsAre());
  EXPECT_EQ(received.error, "Refused by keys.");
  EXPECT_THAT(rules.asked, ElementsAre("tool_call test-key@tool_arguments"));
}

TEST(GuardedFrames, LeaveSignedReasoningAlone) {
  Bench bench(testing::Settings(MaskAll()));
  const std::vector<std::string> frames = {
      Sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"mail#1 said"}})"),
      Sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"mail#1"}})"),
      Sse(R"({"type":"content_block_stop","index":0})")};
  GuardedFrames guarded(bench.NewInspection(), std::make_unique<Script>(frames), llm::DialectId::kAnthropic);
  EXPECT_EQ(Drain(bench, guarded).frames, frames);
  ASSERT_EQ(bench.report().notes.size(), 1U);
  EXPECT_EQ(bench.report().notes[0].measure, "sealed");
}

TEST(GuardedFrames, ChangeWhatARepetitionSaysAsWell) {
  Bench bench(testing::Settings(MaskAll()));
  const auto frame = [](std::string_view text) {
    return std::vector<std::string>{
        Sse(R"({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":)" + Quoted(text) + "}"),
        Sse(R"({"type":"response.output_text.done","output_index":0,"content_index":0,"text":)" + Quoted(text) + "}"),
        Sse(R"({"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":)" +
            Quoted(text) + "}]}]}}")};
  };
  GuardedFrames guarded(bench.NewInspection(), std::make_unique<Script>(frame("to mail#1 now")),
                        llm::DialectId::kOpenAiResponses);
  EXPECT_EQ(Drain(bench, guarded).frames, frame("to [EMAIL_ADDRESS] now"));
}

TEST(GuardedFrames, TakeTheProbabilitiesOfAChangedTextAway) {
  Bench bench(testing::Settings(MaskAll()));
  const auto frame = [](std::string_view text, std::string_view logprobs) {
    return Sse(R"({"choices":[{"index":0,"delta":{"content":)" + Quoted(text) + R"(},"logprobs":)" +
               std::string(logprobs) + "}]}");
  };
  GuardedFrames guarded(bench.NewInspection(),
                        std::make_unique<Script>(std::vector{frame("well ", R"({"content":[{"token":"well "}]})"),
                                                             frame("mail#1 ", R"({"content":[{"token":"mail#1"}]})")}),
                        llm::DialectId::kOpenAiChat);
  EXPECT_THAT(Drain(bench, guarded).frames,
              ElementsAre(frame("well ", R"({"content":[{"token":"well "}]})"), frame("[EMAIL_ADDRESS] ", "null")));
}

TEST(GuardedFrames, RefuseArgumentsThatAreTooLongToWait) {
  auto settings = testing::Settings(MaskAll());
  settings->longest_arguments = 100;
  Bench bench(settings);
  GuardedFrames guarded(bench.NewInspection(),
                        std::make_unique<Script>(std::vector<std::string>(30, kWires[0].arguments("12345"))),
                        llm::DialectId::kOpenAiChat);
  const Received received = Drain(bench, guarded);
  EXPECT_THAT(received.frames, ElementsAre());
  EXPECT_THAT(received.error, HasSubstr("too long"));
}

TEST(GuardedFrames, HoldNoMoreThanTheyMay) {
  Bench bench(testing::Settings(MaskAll()));
  // Behind a word that goes on nothing leaves, however much of something else comes.
  std::vector<std::string> frames = {kWires[0].text("wor")};
  const std::string other = Sse(R"({"choices":[],"system_fingerprint":")" + std::string(1U << 20U, 'x') + "\"}");
  for (std::size_t held = 0; held <= AnswerTexts::kMostHeld; held += other.size()) frames.push_back(other);
  GuardedFrames guarded(bench.NewInspection(), std::make_unique<Script>(std::move(frames), 8),
                        llm::DialectId::kOpenAiChat);
  const Received received = Drain(bench, guarded);
  EXPECT_THAT(received.frames, ElementsAre());
  EXPECT_THAT(received.error, HasSubstr("too much of it waits"));
}

TEST(GuardedFrames, KeepWhatWaitsOverManyBatches) {
  Bench bench(testing::Settings(MaskAll()));
  std::vector<std::string> frames = {kWires[0].text("mail#1")};
  for (int i = 0; i < 40; ++i) frames.push_back(kWires[0].arguments(i == 0 ? "{\"n\":1" : "2"));
  frames.push_back(kWires[0].arguments("}"));
  frames.push_back(kWires[0].end());
  for (const std::size_t per_batch : {1, 3, 7, 100}) {
    Bench again(testing::Settings(MaskAll()));
    GuardedFrames guarded(again.NewInspection(), std::make_unique<Script>(frames, per_batch),
                          llm::DialectId::kOpenAiChat);
    const Received received = Drain(again, guarded);
    EXPECT_EQ(received.error, "");
    EXPECT_EQ(received.frames.size(), frames.size());
    EXPECT_THAT(TextOf(llm::DialectId::kOpenAiChat, received.frames), ::testing::StartsWith("[EMAIL_ADDRESS]"));
  }
}

TEST(GuardedFrames, RefuseWhatIsNotJson) {
  Bench bench(testing::Settings(MaskAll()));
  GuardedFrames guarded(bench.NewInspection(), std::make_unique<Script>(std::vector{Sse("{oops")}),
                        llm::DialectId::kOpenAiChat);
  EXPECT_THAT(Drain(bench, guarded).error, HasSubstr("cannot be inspected"));
}

// Whole bodies, and events of another dialect.

class OneBatch final : public llm::EventSource {
 public:
  explicit OneBatch(std::string raw, std::vector<llm::Event> events = {})
      : raw_(std::move(raw)), events_(std::move(events)) {}
  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (std::exchange(done_, true)) co_return Outcome::kEnd;
    batch.events = events_;
    batch.frames.push_back({.raw = raw_, .event_count = static_cast<std::uint32_t>(events_.size())});
    co_return Outcome::kBatch;
  }

 private:
  std::string raw_;
  std::vector<llm::Event> events_;
  bool done_ = false;
};

TEST(GuardedBody, ChangesWhatMustChangeAndNoMore) {
  Bench bench(testing::Settings(MaskAll()));
  const auto body = [](std::string_view mail, std::string_view key) {
    return R"({ "id" : "x", "new_field": [1.50], "choices":[{"index":0,"message":{"content":"to )" + std::string(mail) +
           R"( \u00e9","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\")" + std::string(key) +
           R"(\"}"}}]}}]})";
  };
  GuardedBody guarded(bench.NewInspection(), std::make_unique<OneBatch>(body("mail#1", "key#2")),
                      llm::DialectId::kOpenAiChat);
  const std::string wanted =
      R"({ "id" : "x", "new_field": [1.50], "choices":[{"index":0,"message":{"content":"to [EMAIL_ADDRESS] é",)"
      R"("tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"[test-key]\"}"}}]}}]})";
  EXPECT_THAT(Drain(bench, guarded).frames, ElementsAre(wanted));
  GuardedBody same(bench.NewInspection(), std::make_unique<OneBatch>(body("mail", "key")), llm::DialectId::kOpenAiChat);
  EXPECT_THAT(Drain(bench, same).frames, ElementsAre(body("mail", "key")));
}

TEST(GuardedEvents, ChangeTheirTexts) {
  Bench bench(testing::Settings(MaskAll()));
  std::vector<llm::Event> events = {
      llm::Started{},
      llm::TextDelta{.text = "to mai"},
      llm::TextDelta{.text = "l#1 now"},
      llm::BlockFinished{},
      llm::ToolCallStarted{.block = 1, .name = "f"},
      llm::ToolCallDelta{.block = 1, .arguments = R"({"a":"key)"},
      llm::ToolCallDelta{.block = 1, .arguments = R"(#2"})"},
      llm::BlockFinished{.block = 1},
      llm::ChoiceFinished{},
  };
  GuardedEvents guarded(bench.NewInspection(), std::make_unique<OneBatch>("", std::move(events)),
                        llm::DialectId::kGemini);
  std::string text;
  std::string arguments;
  std::size_t count = 0;
  for (;;) {
    llm::Batch batch;
    const auto outcome = bench.loop().Await(guarded.Pull(batch));
    ASSERT_TRUE(outcome && outcome->ok());
    if (outcome->value() == llm::EventSource::Outcome::kEnd) break;
    EXPECT_FALSE(batch.raw_is_current);
    for (const llm::Event& event : batch.events) {
      ++count;
      if (const auto* delta = std::get_if<llm::TextDelta>(&event)) text += delta->text;
      if (const auto* delta = std::get_if<llm::ToolCallDelta>(&event)) arguments += delta->arguments;
    }
  }
  EXPECT_EQ(text, "to [EMAIL_ADDRESS] now");
  EXPECT_EQ(arguments, R"({"a":"[test-key]"})");
  EXPECT_EQ(count, 9U);
}

}  // namespace
}  // namespace gatehouse::features::guard
