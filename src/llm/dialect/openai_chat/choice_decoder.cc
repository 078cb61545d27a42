#include "llm/dialect/openai_chat/choice_decoder.h"

#include <algorithm>
#include <utility>

#include "llm/dialect/common/media.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/openai/url_citation.h"
#include "llm/dialect/openai_chat/finish.h"
#include "llm/dialect/openai_chat/messages.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using base::Ok;
using base::Status;
using codec::json::Value;

constexpr std::size_t kMaxCalls = 1024;
constexpr std::int64_t kLegacyIndex = -2;  // the one call of the retired function_call

// An index that tells calls apart; servers that do not number send -1 or nothing.
std::optional<std::int64_t> IndexOf(Value entry) {
  const auto index = entry["index"].AsInteger();
  return index && *index >= 0 ? index : std::nullopt;
}

// Arguments as text; some servers send the object itself.
std::string_view ArgumentsOf(Value function, ToolKind kind) {
  const Value arguments = function[kind == ToolKind::kCustom ? "input" : "arguments"];
  return arguments.IsObject() ? arguments.raw() : arguments.string();
}

bool HasText(Value details) {
  for (const auto entry : details) {
    const ReasoningDetail detail = ReadDetail(entry.value);
    const bool readable = detail.kind == ReasoningDetail::Kind::kText || detail.kind == ReasoningDetail::Kind::kSummary;
    if (readable && !detail.text.empty()) return true;
  }
  return false;
}

}  // namespace

void ChoiceDecoder::CloseBlock(std::optional<std::uint32_t>& block, std::vector<Event>& events) {
  if (!block) return;
  events.emplace_back(BlockFinished{number_, *block});
  block.reset();
}

void ChoiceDecoder::CloseReasoning(std::vector<Event>& events) {
  CloseBlock(reasoning_, events);
  reasoning_text_.clear();
  detail_index_.reset();
  seal_ = Seal::kOpen;
}

void ChoiceDecoder::ClosePlainBlocks(std::vector<Event>& events) {
  CloseReasoning(events);
  CloseBlock(text_, events);
  CloseBlock(refusal_, events);
}

std::uint32_t ChoiceDecoder::OpenText(std::vector<Event>& events) {
  CloseReasoning(events);
  if (!text_) last_text_ = text_ = next_block_++;
  return *text_;
}

std::uint32_t ChoiceDecoder::OpenReasoning(std::vector<Event>& events) {
  CloseBlock(text_, events);
  if (!reasoning_) reasoning_ = next_block_++;
  return *reasoning_;
}

void ChoiceDecoder::AddText(std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return;
  const std::uint32_t block = OpenText(events);
  events.emplace_back(TextDelta{number_, block, std::string(text)});
}

void ChoiceDecoder::AddReasoningText(std::string_view text, std::vector<Event>& events) {
  if (text.empty()) return;
  if (seal_ == Seal::kSealed) CloseReasoning(events);
  const std::uint32_t block = OpenReasoning(events);
  reasoning_text_ += text;
  events.emplace_back(ReasoningDelta{number_, block, std::string(text)});
}

// Details with text say the same as the plain field, and which block it belongs to.
void ChoiceDecoder::AddReasoning(Value delta, std::vector<Event>& events) {
  const Value details = delta["reasoning_details"];
  if (!HasText(details)) {
    const Value content = delta["reasoning_content"];
    AddReasoningText(content.IsString() ? content.string() : delta["reasoning"].string(), events);
  }
  for (const auto entry : details) AddDetail(ReadDetail(entry.value), events);
}

void ChoiceDecoder::AddDetail(const ReasoningDetail& detail, std::vector<Event>& events) {
  if (detail.kind == ReasoningDetail::Kind::kUnknown) return;
  const bool known = detail.index && detail_index_;
  const bool other = known ? *detail.index != *detail_index_ : seal_ == Seal::kSealed;
  if (other) CloseReasoning(events);
  const bool encrypted = detail.kind == ReasoningDetail::Kind::kEncrypted;
  const bool repeats = detail.place && detail.text == reasoning_text_;
  if (!encrypted && !repeats) AddReasoningText(detail.text, events);
  const bool seals = encrypted || !detail.signature.empty();
  if (!seals && !reasoning_) return;
  const std::uint32_t block = OpenReasoning(events);
  detail_index_ = detail.index;
  if (!seals) return;
  seal_ = Seal::kSealed;
  events.emplace_back(ReasoningSeal{number_, block, std::string(detail.signature),
                                    std::string(encrypted ? detail.text : std::string_view()), std::string(detail.id),
                                    detail.origin});
}

// A string, or (Mistral) an array of text and thinking parts.
void ChoiceDecoder::AddContent(Value content, std::vector<Event>& events) {
  AddText(content.string(), events);
  if (!content.IsArray()) return;
  for (const auto part : content) {
    const Value thinking = part.value["thinking"];
    AddReasoningText(thinking.string(), events);
    for (const auto piece : thinking) AddReasoningText(piece.value["text"].string(), events);
    AddText(part.value["text"].string(), events);
  }
}

void ChoiceDecoder::Start(Call& call, std::string_view signature, std::string_view call_seed,
                          std::vector<Event>& events) {
  ClosePlainBlocks(events);
  call.block = next_block_++;
  call.state = Call::State::kStarted;
  if (call.id.empty()) call.id = common::SyntheticCallId(call_seed, number_, call.block);
  events.emplace_back(ToolCallStarted{number_, call.block, call.id, call.name, call.kind, std::string(signature)});
  if (!call.held_arguments.empty()) {
    events.emplace_back(ToolCallDelta{number_, call.block, std::exchange(call.held_arguments, {})});
  }
}

// The call that an entry goes on with: by index, else by id, else the last one. A new one where the entry names another
// id together with a function: some servers give every parallel call the same index.
base::Result<ChoiceDecoder::Call*> ChoiceDecoder::FindCall(Value entry, std::string_view name) {
  const auto index = IndexOf(entry);
  const std::string_view id = entry["id"].string();
  auto found = calls_.rend();
  if (index) {
    found = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& call) { return call.index == index; });
  } else if (!id.empty()) {
    found = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& call) { return call.id == id; });
  } else if (name.empty()) {
    found = calls_.rbegin();
  }
  if (found != calls_.rend()) {
    const bool another = !id.empty() && !name.empty() && !found->id.empty() && found->id != id;
    if (!another) return &*found;
  }
  if (calls_.size() >= kMaxCalls) return common::BadUpstream("more than 1024 tool calls in one choice");
  Call call;
  call.index = index;
  call.id = id;
  calls_.push_back(std::move(call));
  return &calls_.back();
}

Status ChoiceDecoder::AddCall(Value entry, std::string_view call_seed, std::vector<Event>& events) {
  if (!entry.IsObject()) return common::BadUpstream("a tool call that is not an object");
  const bool custom = entry["custom"].IsObject();
  const Value function = entry[custom ? "custom" : "function"];
  const std::string_view name = function["name"].string();
  GH_TRY(Call * call, FindCall(entry, name));
  if (call->state == Call::State::kUnnamed) {
    call->kind = custom ? ToolKind::kCustom : ToolKind::kFunction;
    call->name = name;
    if (call->id.empty()) call->id = entry["id"].string();
  }
  const std::string_view arguments = ArgumentsOf(function, call->kind);
  if (call->state == Call::State::kUnnamed) {
    call->held_arguments += arguments;
    if (!call->name.empty()) Start(*call, ReadThoughtSignature(entry), call_seed, events);
  } else if (!arguments.empty()) {
    events.emplace_back(ToolCallDelta{number_, call->block, std::string(arguments)});
  }
  return Ok();
}

Status ChoiceDecoder::AddLegacyCall(Value function, std::string_view call_seed, std::vector<Event>& events) {
  if (!function.IsObject()) return Ok();
  auto found = std::ranges::find(calls_, std::optional(kLegacyIndex), &Call::index);
  if (found == calls_.end()) {
    Call call;
    call.index = kLegacyIndex;
    call.name = function["name"].string();
    calls_.push_back(std::move(call));
    found = std::prev(calls_.end());
    if (found->name.empty()) return common::BadUpstream("a function call without a name");
    Start(*found, {}, call_seed, events);
  }
  const std::string_view arguments = ArgumentsOf(function, ToolKind::kFunction);
  if (!arguments.empty()) events.emplace_back(ToolCallDelta{number_, found->block, std::string(arguments)});
  return Ok();
}

Status ChoiceDecoder::AddDelta(Value delta, std::string_view call_seed, std::vector<Event>& events) {
  AddReasoning(delta, events);
  AddContent(delta["content"], events);
  if (const auto signature = ReadThoughtSignature(delta); !signature.empty()) {
    const std::uint32_t block = OpenText(events);
    events.emplace_back(TextDelta{number_, block, {}, std::string(signature)});
  }
  if (const auto refusal = delta["refusal"].string(); !refusal.empty()) {
    CloseReasoning(events);
    if (!refusal_) refusal_ = next_block_++;
    events.emplace_back(RefusalDelta{number_, *refusal_, std::string(refusal)});
  }
  for (const auto annotation : delta["annotations"]) {
    const std::uint32_t block = last_text_ ? *last_text_ : OpenText(events);
    Annotated annotated{number_, block, DialectId::kOpenAiChat, std::string(annotation.value.raw())};
    if (auto url = openai::ReadUrlCitation(annotation.value["url_citation"])) annotated.urls.push_back(*std::move(url));
    events.emplace_back(std::move(annotated));
  }
  for (const auto image : delta["images"]) AddImage(image.value, events);
  if (const Value audio = delta["audio"]; audio.IsObject()) {
    events.emplace_back(OpaqueEvent{DialectId::kOpenAiChat, "audio", std::string(audio.raw()), number_});
  }
  for (const auto entry : delta["tool_calls"]) GH_CHECK_OK(AddCall(entry.value, call_seed, events));
  return AddLegacyCall(delta["function_call"], call_seed, events);
}

// OpenRouter's and Gemini's extension, which others have taken over: {"type":"image_url","image_url":{"url"}}.
void ChoiceDecoder::AddImage(Value image, std::vector<Event>& events) {
  const auto url = image["image_url"]["url"].string();
  if (url.empty()) return;
  ClosePlainBlocks(events);
  const std::uint32_t block = next_block_++;
  events.emplace_back(ImageAdded{
      number_, block, {.source = common::SourceFromUrl(url), .signature = std::string(ReadThoughtSignature(image))}});
  events.emplace_back(BlockFinished{number_, block});
}

void ChoiceDecoder::AddExtras(Value choice, std::vector<Event>& events) {
  const Value logprobs = choice["logprobs"]["content"];
  if (logprobs.IsArray() && !logprobs.empty()) {
    events.emplace_back(LogprobsReported{number_, DialectId::kOpenAiChat, std::string(logprobs.raw())});
  }
  if (const Value refusal = choice["logprobs"]["refusal"]; !refusal.empty() && refusal.IsArray()) {
    events.emplace_back(
        LogprobsReported{number_, DialectId::kOpenAiChat, std::string(refusal.raw()), LogprobsReported::Of::kRefusal});
  }
  if (const Value own = choice["logprobs"]; own["tokens"].IsArray()) {  // a text completion's
    events.emplace_back(
        LogprobsReported{number_, DialectId::kOpenAiCompletions, std::string("[").append(own.raw()).append("]")});
  }
  const Value filter = choice["content_filter_results"];  // Azure
  if (filter.IsObject() && !filter.empty()) {
    events.emplace_back(
        OpaqueEvent{DialectId::kOpenAiChat, "content_filter_results", std::string(filter.raw()), number_});
  }
}

void ChoiceDecoder::NoteFinish(Value choice) {
  if (const auto word = choice["finish_reason"].string(); !word.empty()) finish_ = word;
}

// A choice of a stream has a `delta`; Azure's filter chunks have none. A whole answer's has a `message`, a text
// completion's a `text`.
Status ChoiceDecoder::Add(Value choice, std::string_view call_seed, std::vector<Event>& events) {
  const Value delta = choice["delta"];
  GH_CHECK_OK(AddDelta(delta.IsObject() ? delta : choice["message"], call_seed, events));
  AddText(choice["text"].string(), events);
  AddExtras(choice, events);
  NoteFinish(choice);
  return Ok();
}

Status ChoiceDecoder::Close(Detail detail, std::vector<Event>& events) {
  ClosePlainBlocks(events);
  bool calls = false;
  for (const Call& call : calls_) {
    if (call.state == Call::State::kUnnamed) return common::BadUpstream("a tool call without a name");
    events.emplace_back(BlockFinished{number_, call.block});
    calls = true;
  }
  // A stream that ended properly without the word; at low detail nobody knows whether it called tools.
  const FinishReason unsaid = detail == Detail::kFull ? FinishReason::kStop : FinishReason::kOther;
  FinishReason reason = finish_.empty() ? unsaid : FinishFromWord(finish_);
  // Servers that know no word for it stop when they call.
  if (calls && reason == FinishReason::kStop) reason = FinishReason::kToolCalls;
  events.emplace_back(
      ChoiceFinished{number_, reason, {}, reason == FinishReason::kOther ? std::exchange(finish_, {}) : std::string()});
  return Ok();
}

}  // namespace gatehouse::llm::dialect::openai_chat
