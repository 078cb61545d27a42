#include "llm/dialect/openai_responses/ladder.h"

#include <algorithm>
#include <utility>

#include "codec/json/document.h"
#include "codec/sse/sse.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/logprobs.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/common/seal.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Writer;

constexpr std::size_t kMaxProgress = 256;  // events that wait for their items
constexpr std::string_view kContentIndex = "content_index";
constexpr std::string_view kSummaryIndex = "summary_index";
// The arguments of a call that has none.
constexpr std::string_view kNoArguments = "{}";

// What ended the answer early; "" for an answer that is complete.
std::string_view IncompleteReason(FinishReason reason) {
  switch (reason) {
    case FinishReason::kLength:
    case FinishReason::kContextWindow: return "max_output_tokens";
    case FinishReason::kContentFilter: return "content_filter";
    default: return {};
  }
}

bool IsCall(OutputItem::Kind kind) {
  return kind == OutputItem::Kind::kFunctionCall || kind == OutputItem::Kind::kCustomCall;
}

}  // namespace

template <class Members>
void Ladder::Send(std::string_view type, const Members& members) {
  json_.clear();
  Writer writer(json_);
  writer.BeginObject().Field("type", type).Field("sequence_number", sequence_++);
  members(writer);
  writer.EndObject();
  codec::sse::AppendFrame(*out_, type, json_);
}

template <class Members>
void Ladder::SendOfItem(std::string_view type, const Members& members) {
  Send(type, [&](Writer& writer) {
    writer.Field("item_id", item().id).Field("output_index", output_.size() - 1);
    members(writer);
  });
}

template <class Members>
void Ladder::SendOfPart(std::string_view type, std::string_view index_name, const Members& members) {
  const std::size_t index = index_name == kContentIndex ? item().parts.size() - 1 : 0;
  SendOfItem(type, [&](Writer& writer) {
    writer.Field(index_name, index);
    members(writer);
  });
}

ResponseState Ladder::StateNow() const { return {.context = &context_, .started = &started_}; }

ResponseState Ladder::FinalState() const {
  ResponseState state = StateNow();
  state.output = &output_;
  if (usage_.source != UsageSource::kNone) state.usage = &usage_;
  state.incomplete_reason = finished_ ? IncompleteReason(finished_->reason) : std::string_view();
  state.status = state.incomplete_reason.empty() ? "completed" : "incomplete";
  return state;
}

void Ladder::SendResponse(std::string_view type, const ResponseState& state) {
  Send(type, [&](Writer& writer) {
    writer.Key("response");
    WriteResponse(writer, state);
  });
}

void Ladder::Begin() {
  if (state_ != State::kBegin) return;
  state_ = State::kRunning;
  SendResponse("response.created", StateNow());
  SendResponse("response.in_progress", StateNow());
}

void Ladder::Encode(const Event& event, std::string& out) {
  if (!custom_calls_.any()) return Add(event, out);
  for (const Event& translated : custom_calls_.Translate(event)) Add(translated, out);
}

void Ladder::Add(const Event& event, std::string& out) {
  if (state_ == State::kFailed) return;
  out_ = &out;
  if (const auto ref = common::BlockOf(event)) {
    if (ref->choice != 0) return;  // this dialect has one answer
    Begin();
    if (auto status = sequencer_.Add(event, *this); !status.ok()) Fail(status.error(), {}, out);
  } else if (const auto* started = std::get_if<Started>(&event)) {
    started_ = *started;
    Begin();
  } else if (const auto* usage = std::get_if<UsageReported>(&event)) {
    usage_ = usage->usage;
  } else if (const auto* logprobs = std::get_if<LogprobsReported>(&event)) {
    AddLogprobs(*logprobs);
  } else if (const auto* opaque = std::get_if<OpaqueEvent>(&event)) {
    Add(*opaque);
  } else if (const auto* finished = std::get_if<ChoiceFinished>(&event); finished != nullptr && finished->choice == 0) {
    finished_ = *finished;
  }
}

void Ladder::AddLogprobs(const LogprobsReported& event) {
  if (event.choice != 0 || event.of != LogprobsReported::Of::kText) return;
  const JsonText entries = common::OpenAiLogprobs(event.origin, event.json);
  if (entries.empty()) return;
  const bool in_text = level_ == Level::kPart && item().parts.back().kind == OutputPart::Kind::kText;
  AppendElements(in_text ? item().parts.back().logprobs : logprobs_, entries);
}

void Ladder::OnBlockEvent(const Event& event) {
  std::visit([this](const auto& e) { Write(e); }, event);
}

bool Ladder::IsOpen(OutputItem::Kind kind) const { return level_ != Level::kNone && output_.back().kind == kind; }

// An item that is open is a message whose last part is done: other blocks end with their items.
void Ladder::OpenItem(OutputItem fresh, std::string_view id_prefix) {
  CloseItem(OutputItem::Status::kCompleted);
  if (fresh.id.empty()) {
    fresh.id.append(id_prefix).append(context_.id).append("_").append(std::to_string(output_.size()));
  }
  output_.push_back(std::move(fresh));
  level_ = Level::kItem;
  Send("response.output_item.added", [&](Writer& writer) {
    writer.Field("output_index", output_.size() - 1).Key("item");
    WriteItem(writer, item());
  });
}

void Ladder::CloseItem(OutputItem::Status status) {
  if (level_ == Level::kNone) return;
  ClosePart();
  if (IsCall(item().kind)) CloseCall();
  if (item().kind == OutputItem::Kind::kReasoning) CloseReasoning();
  item().status = status;
  level_ = Level::kNone;
  Send("response.output_item.done", [&](Writer& writer) {
    writer.Field("output_index", output_.size() - 1).Key("item");
    WriteItem(writer, item());
  });
}

void Ladder::OpenPart(OutputPart::Kind kind) {
  if (level_ == Level::kPart && item().parts.back().kind == kind) return;
  ClosePart();
  if (!IsOpen(OutputItem::Kind::kMessage)) OpenItem({.kind = OutputItem::Kind::kMessage, .id = {}}, "msg_");
  item().parts.push_back({.kind = kind, .text = {}});
  level_ = Level::kPart;
  SendOfPart("response.content_part.added", kContentIndex, [&](Writer& writer) {
    writer.Key("part");
    WritePart(writer, item().parts.back());
  });
  if (kind == OutputPart::Kind::kText) item().parts.back().logprobs = std::exchange(logprobs_, "[]");
}

void Ladder::ClosePart() {
  if (level_ != Level::kPart) return;
  AddUrls();
  level_ = Level::kItem;
  const OutputPart& part = item().parts.back();
  const bool refusal = part.kind == OutputPart::Kind::kRefusal;
  SendOfPart(refusal ? "response.refusal.done" : "response.output_text.done", kContentIndex, [&](Writer& writer) {
    writer.Field(refusal ? "refusal" : "text", part.text);
    if (!refusal) writer.RawField("logprobs", part.logprobs);
  });
  SendOfPart("response.content_part.done", kContentIndex, [&](Writer& writer) {
    writer.Key("part");
    WritePart(writer, part);
  });
}

void Ladder::Write(const TextDelta& event) {
  if (event.text.empty()) return;
  OpenPart(OutputPart::Kind::kText);
  text_block_ = event.block;
  item().parts.back().text += event.text;
  SendOfPart("response.output_text.delta", kContentIndex,
             [&](Writer& writer) { writer.Field("delta", event.text).Key("logprobs").BeginArray().EndArray(); });
}

void Ladder::Write(const RefusalDelta& event) {
  if (event.text.empty()) return;
  OpenPart(OutputPart::Kind::kRefusal);
  item().parts.back().text += event.text;
  SendOfPart("response.refusal.delta", kContentIndex, [&](Writer& writer) { writer.Field("delta", event.text); });
}

void Ladder::Write(const Annotated& event) {
  if (event.origin != DialectId::kOpenAiResponses) {
    if (event.urls.empty()) common::LoseOfAnswer(context_, kTarget, common::kCitations);
    urls_.Add(event);
    return;
  }
  codec::json::Document document;
  if (!document.Parse(event.json).ok()) return;
  OpenPart(OutputPart::Kind::kText);
  if (!document.root().IsArray()) return AddAnnotation(event.json);
  for (const auto annotation : document.root()) AddAnnotation(JsonText(annotation.value.raw()));
}

void Ladder::AddAnnotation(JsonText annotation) {
  auto& annotations = item().parts.back().annotations;
  annotations.push_back(std::move(annotation));
  SendOfPart("response.output_text.annotation.added", kContentIndex, [&](Writer& writer) {
    writer.Field("annotation_index", annotations.size() - 1).RawField("annotation", annotations.back());
  });
}

void Ladder::AddUrls() {
  if (item().parts.back().kind != OutputPart::Kind::kText) return;
  for (const UrlCitation& url : urls_.Take(text_block_)) AddAnnotation(AnnotationOf(url, item().parts.back().text));
}

void Ladder::OpenReasoning() {
  if (!IsOpen(OutputItem::Kind::kReasoning)) OpenItem({.kind = OutputItem::Kind::kReasoning, .id = {}}, "rs_");
}

void Ladder::Write(const ReasoningDelta& event) {
  if (event.text.empty()) return;
  OpenReasoning();
  if (item().text.empty()) {
    SendOfPart("response.reasoning_summary_part.added", kSummaryIndex, [](Writer& writer) {
      writer.Key("part").BeginObject().Field("type", "summary_text").Field("text", "").EndObject();
    });
  }
  item().text += event.text;
  SendOfPart("response.reasoning_summary_text.delta", kSummaryIndex,
             [&](Writer& writer) { writer.Field("delta", event.text); });
}

void Ladder::Write(const ReasoningSeal& event) {
  std::string seal =
      common::SealFor(DialectId::kOpenAiResponses, event.origin, event.id, event.signature, event.redacted);
  const bool own_id = event.origin == DialectId::kOpenAiResponses && !event.id.empty();
  if (seal.empty() && !own_id) return;
  if (own_id && !IsOpen(OutputItem::Kind::kReasoning)) {
    OpenItem({.kind = OutputItem::Kind::kReasoning, .id = event.id}, "rs_");
  }
  OpenReasoning();
  if (!seal.empty()) item().seal = std::move(seal);
}

void Ladder::CloseReasoning() {
  if (item().text.empty()) return;
  SendOfPart("response.reasoning_summary_text.done", kSummaryIndex,
             [&](Writer& writer) { writer.Field("text", item().text); });
  SendOfPart("response.reasoning_summary_part.done", kSummaryIndex, [&](Writer& writer) {
    writer.Key("part").BeginObject().Field("type", "summary_text").Field("text", item().text).EndObject();
  });
}

void Ladder::Write(const ToolCallStarted& event) {
  if (level_ != Level::kNone && IsCall(item().kind)) return;  // a host that repeats the start
  if (!event.signature.empty()) {
    OpenItem({.kind = OutputItem::Kind::kReasoning,
              .id = {},
              .seal = common::WrapSeal({.origin = DialectId::kGemini,
                                        .kind = common::Seal::Kind::kToolCall,
                                        .id = {},
                                        .payload = event.signature})},
             "rs_");
    CloseItem(OutputItem::Status::kCompleted);
  }
  const bool custom = event.kind == ToolKind::kCustom;
  OpenItem({.kind = custom ? OutputItem::Kind::kCustomCall : OutputItem::Kind::kFunctionCall,
            .id = {},
            .call_id = event.id,
            .name = event.name},
           custom ? "ctc_" : "fc_");
}

void Ladder::Write(const ToolCallDelta& event) {
  if (event.arguments.empty() || level_ == Level::kNone || !IsCall(item().kind)) return;
  item().text += event.arguments;
  const bool custom = item().kind == OutputItem::Kind::kCustomCall;
  SendOfItem(custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
             [&](Writer& writer) { writer.Field("delta", event.arguments); });
}

void Ladder::CloseCall() {
  if (item().kind == OutputItem::Kind::kCustomCall) {
    SendOfItem("response.custom_tool_call_input.done", [&](Writer& writer) { writer.Field("input", item().text); });
    return;
  }
  if (item().text.empty()) Write(ToolCallDelta{.arguments = std::string(kNoArguments)});
  SendOfItem("response.function_call_arguments.done",
             [&](Writer& writer) { writer.Field("name", item().name).Field("arguments", item().text); });
}

// An image is the result of a tool here.
void Ladder::Write(const ImageAdded& event) {
  const auto* media = std::get_if<InlineMedia>(&event.image.source);
  if (media == nullptr) return common::LoseOfAnswer(context_, kTarget, common::kImage);
  const std::string id = "ig_" + context_.id + "_" + std::to_string(output_.size());
  JsonText json;
  Writer writer(json);
  writer.BeginObject().Field("type", "image_generation_call").Field("id", id).Field("status", "completed");
  writer.Field("output_format", common::Subtype(media->media_type)).Field("result", media->base64).EndObject();
  OpenItem({.kind = OutputItem::Kind::kOpaque, .id = id, .original = std::move(json)}, {});
}

void Ladder::Write(const OpaqueBlockAdded& event) {
  if (event.content.origin != DialectId::kOpenAiResponses) {
    return common::LoseOfAnswer(context_, kTarget, event.content.type);
  }
  codec::json::Document document;
  if (!document.Parse(event.content.json).ok()) return;
  OpenItem({.kind = OutputItem::Kind::kOpaque,
            .id = std::string(document.root()["id"].string()),
            .original = event.content.json},
           "item_");
  SendProgress(item().id);
}

void Ladder::Add(const OpaqueEvent& event) {
  if (event.origin != DialectId::kOpenAiResponses) return common::LoseOfAnswer(context_, kTarget, event);
  if (progress_.size() >= kMaxProgress) SendProgress({});
  progress_.push_back(event);
}

void Ladder::SendProgress(std::string_view item_id) {
  std::erase_if(progress_, [&](const OpaqueEvent& event) {
    codec::json::Document document;
    if (!document.Parse(event.json).ok()) return true;
    if (!item_id.empty() && document.root()["item_id"].string() != item_id) return false;
    Send(event.type, [&](Writer& writer) {
      for (const auto member : document.root()) {
        if (member.key == "type" || member.key == "sequence_number") continue;
        const bool place = member.key == "output_index" && !item_id.empty();
        place ? writer.Field(member.key, output_.size() - 1) : writer.RawField(member.key, member.value.raw());
      }
    });
    return true;
  });
}

// A message goes on: the next text is its next part.
void Ladder::Write(const BlockFinished&) {
  ClosePart();
  if (!IsOpen(OutputItem::Kind::kMessage)) CloseItem(OutputItem::Status::kCompleted);
}

void Ladder::End() {
  sequencer_.Finish(*this);
  SendProgress({});
  const ResponseState state = FinalState();
  if (!urls_.empty()) common::LoseOfAnswer(context_, kTarget, common::kCitations);
  const bool complete = state.incomplete_reason.empty();
  CloseItem(complete ? OutputItem::Status::kCompleted : OutputItem::Status::kIncomplete);
  SendResponse(complete ? "response.completed" : "response.incomplete", state);
}

void Ladder::Finish(std::string& out) {
  if (state_ == State::kFailed) return;
  if (!finished_) return Fail(common::BadUpstream("the answer ended without a reason"), {}, out);
  out_ = &out;
  Begin();
  End();
}

void Ladder::Fail(const base::Error& error, std::string_view request_id, std::string& out) {
  if (state_ == State::kFailed) return;
  out_ = &out;
  const bool begun = state_ == State::kRunning;
  state_ = State::kFailed;
  if (begun) {
    // What was not finished is not part of it.
    if (level_ != Level::kNone) output_.pop_back();
    ResponseState state = FinalState();
    state.incomplete_reason = {};
    state.status = "failed";
    state.error = &error;
    state.request_id = request_id;
    SendResponse("response.failed", state);
    return;
  }
  Send("error", [&](Writer& writer) {
    writer.Key("error");
    openai::WriteError(writer, error, request_id);
  });
}

std::string EncodeWhole(const Answer& answer, const AnswerContext& context) {
  Ladder ladder(context);
  std::string frames;
  for (const Event& event : ToEvents(answer)) {
    ladder.Encode(event, frames);
    frames.clear();
  }
  ladder.out_ = &frames;
  ladder.End();
  std::string body;
  Writer writer(body);
  WriteResponse(writer, ladder.FinalState());
  return body;
}

}  // namespace gatehouse::llm::dialect::openai_responses
