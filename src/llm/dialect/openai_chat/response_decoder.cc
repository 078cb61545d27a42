#include "llm/dialect/openai_chat/response_decoder.h"

#include <array>
#include <utility>

#include "codec/json/skim.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai/usage.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using base::Ok;
using base::Status;
using codec::json::Value;

constexpr std::uint32_t kMaxChoices = 128;
constexpr std::string_view kDone = "[DONE]";

// The names without which a chunk says nothing about usage, an end or an error.
constexpr std::array<std::string_view, 3> kTelling = {"finish_reason", "usage", "error"};

// Members of an answer beside its choices that are worth keeping; `citations` is Perplexity's.
constexpr std::array<std::string_view, 3> kAnswerMembers = {"service_tier", "system_fingerprint", "citations"};

base::Error CutOff() {
  base::Error error = common::BadUpstream("the answer ended before its end");
  error.public_message = "The provider's answer broke off. Try again.";
  return error;
}

void AddOpaque(Value root, std::string_view member, std::vector<Event>& events) {
  const Value value = root[member];
  if (value.IsNullish() || (value.IsArray() && value.empty())) return;
  events.emplace_back(OpaqueEvent{DialectId::kOpenAiChat, std::string(member), std::string(value.raw())});
}

}  // namespace

// The members that every chunk is asked for.
struct Decoder::Chunk {
  static constexpr std::array<std::string_view, 8> kNames = {"id",      "model", "created", "prompt_filter_results",
                                                             "choices", "usage", "x_groq",  "error"};
  explicit Chunk(const std::array<Value, 8>& values)
      : id(values[0]),
        model(values[1]),
        created(values[2]),
        prompt_filter(values[3]),
        choices(values[4]),
        usage(values[5]),
        groq(values[6]),
        error(values[7]) {}

  Value id, model, created, prompt_filter, choices, usage, groq, error;
};

// The first chunk of Azure has an empty id and model, and only the filter's results; the next one tells.
void Decoder::NoteStart(Value root, const Chunk& chunk, Detail detail, std::vector<Event>& events) {
  if (state_ != State::kBefore) return;
  if (chunk.prompt_filter.IsArray()) prompt_filter_ = chunk.prompt_filter.raw();
  const std::string_view id = chunk.id.string();
  const std::string_view model = chunk.model.string();
  if (id.empty() && model.empty() && chunk.choices.empty()) return;
  state_ = State::kStarted;
  call_seed_.insert(0, id);
  events.emplace_back(Started{std::string(id), std::string(model), chunk.created.AsInteger().value_or(0)});
  if (detail == Detail::kUsage) return;
  if (!prompt_filter_.empty()) {
    events.emplace_back(
        OpaqueEvent{DialectId::kOpenAiChat, "prompt_filter_results", std::exchange(prompt_filter_, {})});
  }
  for (const std::string_view member : kAnswerMembers) AddOpaque(root, member, events);
}

// Groq repeats the usage under x_groq; some servers send it with every chunk.
void Decoder::NoteUsage(const Chunk& chunk, std::vector<Event>& events) {
  const Usage usage = openai::DecodeUsage(chunk.usage.IsObject() ? chunk.usage : chunk.groq["usage"]);
  // A frame of its own counts again: whoever passes frames on has to recognise it.
  const bool repeated = usage == usage_ && !chunk.choices.empty();
  if (usage.source == UsageSource::kNone || repeated) return;
  usage_ = usage;
  events.emplace_back(UsageReported{usage});
}

base::Result<ChoiceDecoder*> Decoder::ChoiceAt(Value choice) {
  const std::int64_t index = choice["index"].AsInteger().value_or(0);
  if (!choice.IsObject() || index < 0 || index >= kMaxChoices) return common::BadUpstream("a choice out of bounds");
  const auto number = static_cast<std::uint32_t>(index);
  while (choices_.size() <= number) choices_.emplace_back(static_cast<std::uint32_t>(choices_.size()));
  return &choices_[number];
}

Status Decoder::DecodeChoices(Value choices, Detail detail, std::vector<Event>& events) {
  for (const auto member : choices) {
    GH_TRY(ChoiceDecoder * choice, ChoiceAt(member.value));
    if (detail == Detail::kFull) {
      GH_CHECK_OK(choice->Add(member.value, call_seed_, events));
    } else {
      choice->NoteFinish(member.value);
    }
  }
  return Ok();
}

Status Decoder::DecodeChunk(Value root, Detail detail, std::vector<Event>& events) {
  if (!root.IsObject()) return common::BadUpstream("a chunk that is not an object");
  const Chunk chunk(root.Members(Chunk::kNames));
  const bool may_be_error = !chunk.error.IsNullish() || !chunk.groq.IsMissing() || chunk.choices.IsMissing();
  if (may_be_error && !openai::FindInBand(root).IsMissing()) return openai::DecodeInBand(root);
  NoteStart(root, chunk, detail, events);
  GH_CHECK_OK(DecodeChoices(chunk.choices, detail, events));
  NoteUsage(chunk, events);
  return Ok();
}

Status Decoder::Decode(std::string_view event, std::string_view data, Detail detail, std::vector<Event>& events) {
  if (data.empty() || state_ == State::kDone) return Ok();
  if (data.starts_with(kDone)) return Close(detail, events);
  // Metering looks no further into the bulk than whether it is JSON, so that nothing broken is passed on.
  if (detail == Detail::kUsage && state_ == State::kStarted && event != "error") {
    document_.Release();  // few chunks need it, and there are thousands of streams
    const auto skimmed = codec::json::Skim(data, kTelling);
    if (skimmed == codec::json::Skimmed::kBroken) return common::BadUpstream(data);
    if (skimmed == codec::json::Skimmed::kPlain) return Ok();
  }
  if (!document_.Parse(data).ok()) return common::BadUpstream(data);
  if (event == "error") return openai::DecodeInBand(document_.root());
  return DecodeChunk(document_.root(), detail, events);
}

Status Decoder::Close(Detail detail, std::vector<Event>& events) {
  if (state_ == State::kBefore || choices_.empty()) return CutOff();
  state_ = State::kDone;
  for (ChoiceDecoder& choice : choices_) GH_CHECK_OK(choice.Close(detail, events));
  return Ok();
}

Status Decoder::Finish(Detail detail, std::vector<Event>& events) {
  if (state_ == State::kDone) return Ok();
  for (const ChoiceDecoder& choice : choices_) {
    if (!choice.has_finish()) return CutOff();
  }
  return Close(detail, events);
}

Status Decoder::DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) {
  if (!document_.Parse(body).ok()) return common::BadUpstream(body);
  GH_CHECK_OK(DecodeChunk(document_.root(), detail, events));
  if (!document_.root()["choices"].IsArray()) return common::BadUpstream(body);
  return Close(detail, events);
}

}  // namespace gatehouse::llm::dialect::openai_chat
