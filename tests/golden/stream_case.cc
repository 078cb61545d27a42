#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "case.h"
#include "codec/eventstream/eventstream.h"
#include "codec/sse/sse.h"
#include "frames.h"
#include "llm/dialect.h"
#include "render.h"

// A provider's answer, decoded and encoded for every surface, streamed and whole. A stream is also cut at every byte:
// the events stay the same.
namespace gatehouse::golden {
namespace {

using llm::Detail;

struct Decoded {
  std::vector<llm::Event> events;
  std::optional<base::Error> error;
};

std::string Render(const Decoded& decoded) {
  return golden::Render(decoded.events).append(decoded.error ? golden::Render(*decoded.error) : std::string());
}

// The pieces of a stream, as they come from the network, on their way through the framing into one decoder.
class Reader {
 public:
  Reader(const llm::ChatDialect& dialect, Detail detail) : decoder_(dialect.NewDecoder({})), detail_(detail) {
    framing_ = dialect.framing();
  }

  void Feed(std::string_view bytes) {
    if (framing_ == llm::Framing::kEventStream) return FeedEventStream(bytes);
    sse_.Feed(bytes);
    while (!result_.error) {
      auto outcome = sse_.Next(frame_);
      if (!outcome.ok()) return Fail(std::move(outcome).TakeError());
      if (outcome.value() == codec::sse::Parser::Outcome::kNeedMore) return;
      Note(decoder_->Decode(frame_.event, frame_.data, detail_, result_.events));
    }
  }

  Decoded Finish() {
    if (framing_ == llm::Framing::kEventStream) Note(messages_.Finish());
    if (framing_ == llm::Framing::kSse && !result_.error) {
      auto last = sse_.Finish(frame_);
      if (last.ok() && last.value() == codec::sse::Parser::Outcome::kFrame) {
        Note(decoder_->Decode(frame_.event, frame_.data, detail_, result_.events));
      }
    }
    if (!result_.error) Note(decoder_->Finish(detail_, result_.events));
    return std::move(result_);
  }

 private:
  void FeedEventStream(std::string_view bytes) {
    messages_.Feed(bytes);
    while (!result_.error) {
      auto outcome = messages_.Next(message_);
      if (!outcome.ok()) return Fail(std::move(outcome).TakeError());
      if (outcome.value() == codec::eventstream::Decoder::Outcome::kNeedMore) return;
      const std::string_view exception = message_.Text(":exception-type");
      const std::string_view type = exception.empty() ? message_.Text(":event-type") : exception;
      Note(decoder_->Decode(type, message_.payload, detail_, result_.events));
    }
  }
  void Note(base::Status status) {
    if (!status.ok()) Fail(std::move(status).TakeError());
  }
  void Fail(base::Error error) { result_.error = std::move(error); }

  std::unique_ptr<llm::ResponseDecoder> decoder_;
  Detail detail_;
  llm::Framing framing_ = llm::Framing::kSse;
  codec::sse::Parser sse_;
  codec::sse::Frame frame_;
  codec::eventstream::Decoder messages_;
  codec::eventstream::Message message_;
  Decoded result_;
};

Decoded DecodeStream(const llm::ChatDialect& dialect, std::string_view bytes, Detail detail, std::size_t cut) {
  Reader reader(dialect, detail);
  reader.Feed(bytes.substr(0, cut));
  reader.Feed(bytes.substr(cut));
  return reader.Finish();
}

Decoded DecodeBytewise(const llm::ChatDialect& dialect, std::string_view bytes) {
  Reader reader(dialect, Detail::kFull);
  for (std::size_t i = 0; i < bytes.size(); ++i) reader.Feed(bytes.substr(i, 1));
  return reader.Finish();
}

Decoded DecodeWhole(const llm::ChatDialect& dialect, std::string_view body, Detail detail) {
  Decoded decoded;
  auto status = dialect.NewDecoder({})->DecodeWhole(body, detail, decoded.events);
  if (!status.ok()) decoded.error = std::move(status).TakeError();
  return decoded;
}

void ExpectTheSameAtEveryCut(const llm::ChatDialect& dialect, std::string_view bytes, const std::string& expected) {
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    ASSERT_EQ(Render(DecodeStream(dialect, bytes, Detail::kFull, cut)), expected) << "cut at byte " << cut;
  }
  EXPECT_EQ(Render(DecodeBytewise(dialect, bytes)), expected) << "byte by byte";
}

llm::Usage UsageOf(const Decoded& decoded) {
  llm::Usage usage;
  for (const llm::Event& event : decoded.events) {
    if (const auto* reported = std::get_if<llm::UsageReported>(&event)) usage = reported->usage;
  }
  return usage;
}

// What pass-through meters is what a full decode would have.
void ExpectTheSameUsage(const Decoded& full, const Decoded& metered) {
  EXPECT_EQ(golden::Render(UsageOf(full)), golden::Render(UsageOf(metered)));
  // An answer that its maker calls malformed is an error to others, and passes as it is to its own clients.
  if (full.error && full.error->public_message.find("malformed") != std::string::npos) return;
  EXPECT_EQ(full.error.has_value(), metered.error.has_value());
}

llm::Answer Collect(const std::vector<llm::Event>& events) {
  llm::Collector collector;
  for (const llm::Event& event : events) collector.Add(event);
  return std::move(collector).Take();
}

// A stream that collects to the same answer as the answer's own events do.
void ExpectCollectable(const Decoded& decoded) {
  if (decoded.error) return;
  const llm::Answer answer = Collect(decoded.events);
  const auto events = llm::ToEvents(answer);
  EXPECT_EQ(golden::Render(llm::ToEvents(Collect(events))), golden::Render(events));
}

// Under which name clients of openai.chat find reasoning: the configuration's choice.
std::string_view ReasoningField(const Case& golden_case) {
  return golden_case.name.ends_with("_named_reasoning") ? "reasoning" : "reasoning_content";
}

// What the client asked.
llm::ChatRequest RequestOf(const Case& golden_case) {
  llm::ChatRequest request;
  request.model = "public-model";
  request.messages.push_back({.blocks = {llm::TextBlock{"question"}}, .source = "messages[0]"});
  if (golden_case.name.ends_with("_called_as_function")) {
    request.tools.push_back({.kind = llm::ToolKind::kCustom, .name = "patch"});
  }
  return request;
}

bool Names(const std::vector<llm::Loss>& losses, std::string_view field) {
  return std::ranges::find(losses, field, &llm::Loss::field) != losses.end();
}

// Encodes for one surface; returns what the surface has no place for.
std::string EncodeTo(const Case& golden_case, const Decoded& decoded, const llm::ChatDialect& surface) {
  const llm::ChatRequest request = RequestOf(golden_case);
  std::vector<llm::Loss> losses;
  std::vector<llm::Loss> whole_losses;
  llm::AnswerContext context{.id = "golden",
                             .model = "public-model",
                             .created_seconds = 1'700'000'000,
                             .include_usage = true,
                             .estimated_input_tokens = 11,
                             .request = &request,
                             .reasoning_field = ReasoningField(golden_case),
                             .losses = &losses};
  std::string stream;
  const auto encoder = surface.NewEncoder(context);
  for (const llm::Event& event : decoded.events) encoder->Encode(event, stream);
  decoded.error ? encoder->Fail(*decoded.error, "request-1", stream) : encoder->Finish(stream);
  const std::string name(ToString(surface.id()));
  const bool binary = surface.framing() == llm::Framing::kEventStream;
  ExpectGolden(golden_case, name + (binary ? ".frames" : ".sse"), binary ? LinesOf(stream) : stream);
  context.losses = &whole_losses;
  const std::string whole = decoded.error ? surface.EncodeError(*decoded.error, "request-1").body
                                          : surface.EncodeWhole(Collect(decoded.events), context);
  ExpectGolden(golden_case, name + ".json", Pretty(whole));
  if (decoded.error || surface.framing() != llm::Framing::kSse) return {};
  // What we say in a dialect, its own decoder understands.
  const Decoded again = DecodeStream(surface, stream, Detail::kFull, 0);
  EXPECT_FALSE(again.error.has_value()) << name << ": " << (again.error ? again.error->detail : "");
  // A stream cannot go back to a text that has ended; it loses nothing else that a whole answer keeps.
  for (const llm::Loss& loss : losses) {
    EXPECT_TRUE(Names(whole_losses, loss.field) || loss.field == "citations") << name << ": " << loss.field;
  }
  for (const llm::Loss& loss : whole_losses) {
    EXPECT_TRUE(Names(losses, loss.field)) << name << ": " << loss.field;
  }
  return losses.empty() ? std::string() : name + "\n" + golden::Render(losses);
}

}  // namespace

void RunStreamCase(const Case& golden_case) {
  const bool frames = golden_case.input.extension() == ".frames";
  const std::string text = ReadFile(golden_case.input);
  const std::string bytes = frames ? EventStreamOf(text) : text;
  const llm::ChatDialect* origin = llm::FindChatDialect(golden_case.origin);
  ASSERT_NE(origin, nullptr) << "no dialect for " << golden_case.input;
  const bool whole = golden_case.input.extension() == ".json";
  const Decoded decoded =
      whole ? DecodeWhole(*origin, bytes, Detail::kFull) : DecodeStream(*origin, bytes, Detail::kFull, 0);
  ExpectGolden(golden_case, "events", Render(decoded));
  ExpectTheSameUsage(
      decoded, whole ? DecodeWhole(*origin, bytes, Detail::kUsage) : DecodeStream(*origin, bytes, Detail::kUsage, 0));
  ExpectCollectable(decoded);
  if (!whole && CurrentMode() == Mode::kCompare) ExpectTheSameAtEveryCut(*origin, bytes, Render(decoded));
  std::string losses;
  for (const llm::DialectId id : kSurfaces) {
    const llm::ChatDialect* surface = llm::FindChatDialect(id);
    if (surface != nullptr) losses += EncodeTo(golden_case, decoded, *surface);
  }
  if (!losses.empty()) ExpectGolden(golden_case, "losses.txt", losses);
}

}  // namespace gatehouse::golden
