#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/usage.h"
#include "net/task.h"

// The answer of a chat call as a stream of events; a whole answer is a stream that was collected.
//
// Grammar: Started, then any order of deltas, UsageReported and ChoiceFinished, then the end. A block is numbered
// densely per choice, in the order of first appearance; blocks of one choice may interleave (OpenAI sends parallel tool
// calls so). A block ends with BlockFinished, at the latest before its choice's ChoiceFinished. Usage may come after
// ChoiceFinished. An upstream's in-band error is an Error of Pull, not an event.
namespace gatehouse::llm {

enum class FinishReason : std::uint8_t {
  kStop,  // the model came to its end
  kStopSequence,
  kLength,
  kToolCalls,
  kContentFilter,  // refusal, safety, guardrail
  kPause,          // Anthropic pause_turn
  kContextWindow,
  kOther,  // the provider's word is in `detail`
};

// "stop", "length" ...: the word for logs and metrics (gen_ai.response.finish_reasons).
std::string_view ToString(FinishReason reason);

struct Started {
  std::string id;     // the provider's
  std::string model;  // as the provider reports it
  std::int64_t created_seconds = 0;
};
struct TextDelta {
  std::uint32_t choice = 0, block = 0;
  std::string text;
  std::string signature = {};  // Gemini thoughtSignature of the whole block; may come with an empty text
};
struct RefusalDelta {
  std::uint32_t choice = 0, block = 0;
  std::string text;
};
struct ReasoningDelta {
  std::uint32_t choice = 0, block = 0;
  std::string text;
};
// The seal of a reasoning block, or its redacted content; comes before the block's end.
struct ReasoningSeal {
  std::uint32_t choice = 0, block = 0;
  std::string signature;
  std::string redacted;
  std::string id;
  DialectId origin = DialectId::kOpenAiChat;
};
struct ToolCallStarted {
  std::uint32_t choice = 0, block = 0;
  std::string id;  // synthesised where the provider gives none
  std::string name;
  ToolKind kind = ToolKind::kFunction;
  std::string signature = {};
};
struct ToolCallDelta {
  std::uint32_t choice = 0, block = 0;
  std::string arguments;  // a fragment
};
struct BlockFinished {
  std::uint32_t choice = 0, block = 0;
};
// Citations, url annotations: JSON of the origin's shape, attached to a text block.
struct Annotated {
  std::uint32_t choice = 0, block = 0;
  DialectId origin;
  JsonText json;
  std::vector<UrlCitation> urls = {};  // the same in neutral words, where it names pages
};
struct LogprobsReported {
  std::uint32_t choice = 0;
  DialectId origin;
  JsonText json;  // an array of the origin's token entries; the arrays of a choice follow one another
  enum class Of : std::uint8_t { kText, kRefusal } of = Of::kText;
};
struct UsageReported {
  Usage usage;  // cumulative: replaces what was reported before
};
struct ChoiceFinished {
  std::uint32_t choice = 0;
  FinishReason reason = FinishReason::kStop;
  std::string stop_sequence = {};
  std::string detail = {};  // the provider's own word, or why it refused
};
// A whole image that the model made, in its place among the blocks; BlockFinished follows.
struct ImageAdded {
  std::uint32_t choice = 0, block = 0;
  ImageBlock image;
};
// A whole block that only its origin understands (a server tool's call or its result), in its place among the blocks;
// BlockFinished follows.
struct OpaqueBlockAdded {
  std::uint32_t choice = 0, block = 0;
  OpaqueBlock content;
};
// What only the origin dialect understands and is no part of the content (prompt filter results, unknown events).
struct OpaqueEvent {
  DialectId origin;
  std::string type;
  JsonText json;
  std::uint32_t choice = 0;  // where the type belongs to a choice
};

using Event = std::variant<Started, TextDelta, RefusalDelta, ReasoningDelta, ReasoningSeal, ToolCallStarted,
                           ToolCallDelta, BlockFinished, ImageAdded, OpaqueBlockAdded, Annotated, LogprobsReported,
                           UsageReported, ChoiceFinished, OpaqueEvent>;

// One wire frame (an SSE event, an event-stream message, a whole body) and the events it meant.
struct Frame {
  std::string_view raw;           // as it came, framing included; valid until the next Pull
  std::uint32_t first_event = 0;  // into Batch::events
  std::uint32_t event_count = 0;
};

// What one upstream read brought. Owned and reused by the consumer.
struct Batch {
  std::vector<Frame> frames;
  std::vector<Event> events;
  // What a whole body, the one frame, was parsed to: its source's, like the frame's bytes, and valid as long. Null
  // where nobody has kept that.
  const codec::json::Document* document = nullptr;
  // False once a stage changed `events`: the raw bytes then no longer say the same, and the surface encodes the events.
  bool raw_is_current = true;

  // That document, if it is one of the bytes that the batch has now: a stage may have put others in their place.
  const codec::json::Document* Parsed() const {
    if (document == nullptr || frames.size() != 1) return nullptr;
    const std::string_view raw = frames.front().raw;
    return document->text().data() == raw.data() && document->text().size() == raw.size() ? document : nullptr;
  }

  void Clear() {
    frames.clear();
    events.clear();
    document = nullptr;
    raw_is_current = true;
  }
};

// How much of an answer is decoded: usage and finish reasons only, or every event. Pass-through needs only the former.
enum class Detail : std::uint8_t { kUsage, kFull };

// The answer as a pull stream. The consumer's pull is the backpressure; dropping the source aborts the upstream call.
class EventSource {
 public:
  virtual ~EventSource() = default;

  enum class Outcome : std::uint8_t { kBatch, kEnd };
  // Fills `batch` (cleared first) with what came, waiting for at least one frame. Not to be called again after kEnd or
  // an error. `batch` must outlive the task.
  virtual net::Task<base::Result<Outcome>> Pull(Batch& batch) = 0;
  // The one batch, of one frame, that is all of the answer, where it has come already and nobody has pulled it: the
  // source's, until somebody does. Who uses it need not pull. nullptr: pull.
  virtual Batch* Whole() { return nullptr; }
};

// A choice collected from its events, in the order of its blocks.
struct Choice {
  std::vector<Block> blocks;
  FinishReason reason = FinishReason::kOther;
  std::string stop_sequence;
  std::string detail;
  JsonText logprobs;  // array of the origin's token entries
  JsonText refusal_logprobs = {};
  DialectId logprobs_origin = DialectId::kOpenAiChat;
  bool finished = false;
};

// A whole answer.
struct Answer {
  Started started;
  std::vector<Choice> choices;
  Usage usage;
  std::vector<OpaqueEvent> opaque;
};

// Collects events into an Answer. One answer, one collector, one thread.
class Collector {
 public:
  void Add(const Event& event);
  Answer Take() &&;

 private:
  Choice& ChoiceAt(std::uint32_t index);
  Block& BlockAt(std::uint32_t choice, std::uint32_t block, Block fresh);

  Answer answer_;
};

// Appends the elements of the array `more` to those of `array`; both are JSON texts, "" is an empty one.
void AppendElements(JsonText& array, std::string_view more);

// The events that collect to `answer`: how a whole answer becomes a stream.
std::vector<Event> ToEvents(const Answer& answer);

}  // namespace gatehouse::llm
