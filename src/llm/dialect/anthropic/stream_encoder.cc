#include "llm/dialect/anthropic/stream_encoder.h"

#include <algorithm>
#include <utility>

#include "codec/json/document.h"
#include "codec/sse/sse.h"
#include "llm/dialect/anthropic/errors.h"
#include "llm/dialect/anthropic/message.h"
#include "llm/dialect/anthropic/usage.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Writer;

// What may wait behind an open tool call; an upstream that interleaves more is refused.
constexpr std::size_t kMaxHeldBytes = 8 * 1024 * 1024;
constexpr std::size_t kEventOverhead = 64;

constexpr std::string_view kEmptyText = R"({"type":"text","text":""})";
constexpr std::string_view kEmptyThinking = R"({"type":"thinking","thinking":"","signature":""})";

struct TextSize {
  std::size_t operator()(const TextDelta& e) const { return e.text.size(); }
  std::size_t operator()(const RefusalDelta& e) const { return e.text.size(); }
  std::size_t operator()(const ReasoningDelta& e) const { return e.text.size(); }
  std::size_t operator()(const ReasoningSeal& e) const { return e.signature.size() + e.redacted.size(); }
  std::size_t operator()(const ToolCallDelta& e) const { return e.arguments.size(); }
  std::size_t operator()(const Annotated& e) const { return e.json.size(); }
  std::size_t operator()(const OpaqueBlockAdded& e) const { return e.content.json.size(); }
  std::size_t operator()(const auto&) const { return 0; }
};

template <class E>
concept OfBlock = requires(const E& event) { event.block; };

}  // namespace

void MessageEncoder::Frame(std::string_view event, std::string& out) {
  codec::sse::AppendFrame(out, event, json_);
  json_.clear();
}

Usage MessageEncoder::UsageNow() const {
  if (usage_.source != UsageSource::kNone) return usage_;
  return Usage{.input = context_.estimated_input_tokens, .source = UsageSource::kEstimated};
}

void MessageEncoder::Begin(std::string& out) {
  if (state_ != State::kBegin) return;
  state_ = State::kMessage;
  Writer writer(json_);
  writer.BeginObject().Field("type", "message_start").Key("message");
  BeginMessage(writer, started_, context_);
  writer.Key("content").BeginArray().EndArray();
  writer.Key("stop_reason").Null().Key("stop_sequence").Null().Key("stop_details").Null().Key("usage");
  WriteUsage(writer, UsageNow());
  writer.EndObject().EndObject();
  Frame("message_start", out);
}

void MessageEncoder::Encode(const Event& event, std::string& out) {
  if (state_ == State::kFailed) return;
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, Started>) {
          started_ = e;
        } else if constexpr (std::is_same_v<E, UsageReported>) {
          usage_ = e.usage;
        } else if constexpr (std::is_same_v<E, ChoiceFinished>) {
          if (e.choice == 0) finished_ = e;
        } else if constexpr (std::is_same_v<E, OpaqueEvent>) {
          if (e.origin != DialectId::kAnthropic) return;
          Begin(out);
          codec::sse::AppendFrame(out, e.type, e.json);
        } else if constexpr (OfBlock<E>) {
          if (e.choice != 0) return;  // this dialect has one answer
          Begin(out);
          Place(e, out);
        }
      },
      event);
}

MessageEncoder::HeldBlock* MessageEncoder::FindHeld(std::uint32_t number) {
  const auto found = std::ranges::find(held_, number, &HeldBlock::number);
  return found == held_.end() ? nullptr : &*found;
}

template <class E>
void MessageEncoder::Place(const E& event, std::string& out) {
  if (HeldBlock* held = FindHeld(event.block)) return Hold(*held, event, out);
  const bool busy = open_ && open_->kind == Kind::kToolUse && open_->number != event.block;
  if (!busy) {
    Write(event, out);
  } else if constexpr (!std::is_same_v<E, BlockFinished>) {
    Hold(held_.emplace_back(event.block, std::vector<Event>()), event, out);
  }
}

void MessageEncoder::Hold(HeldBlock& held, const Event& event, std::string& out) {
  held_bytes_ += std::visit(TextSize(), event) + kEventOverhead;
  held.events.push_back(event);
  if (held_bytes_ > kMaxHeldBytes) Fail(common::BadUpstream("parallel tool calls interleave over the limit"), {}, out);
}

// The tool call is over: what waited follows, up to the next tool call that is still growing.
void MessageEncoder::ReleaseHeld(std::string& out) {
  while (!held_.empty() && !(open_ && open_->kind == Kind::kToolUse)) {
    const HeldBlock next = std::move(held_.front());
    held_.erase(held_.begin());
    for (const Event& event : next.events) {
      std::visit([&](const auto& e) { Write(e, out); }, event);
    }
  }
  if (held_.empty()) held_bytes_ = 0;
}

void MessageEncoder::StartBlock(std::string_view content_block, std::string& out) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_start").Field("index", next_index_);
  writer.RawField("content_block", content_block).EndObject();
  Frame("content_block_start", out);
}

void MessageEncoder::StopBlock(std::string& out) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_stop").Field("index", next_index_++).EndObject();
  Frame("content_block_stop", out);
}

void MessageEncoder::CloseBlock(std::string& out) {
  if (!open_) return;
  if (!open_->signature.empty()) WriteDelta("signature_delta", "signature", open_->signature, out);
  open_.reset();
  StopBlock(out);
}

void MessageEncoder::EnsureBlock(std::uint32_t number, Kind kind, std::string_view content_block, std::string& out) {
  if (open_ && open_->number == number && open_->kind == kind) return;
  CloseBlock(out);
  open_ = OpenBlock{.number = number, .kind = kind};
  StartBlock(content_block, out);
}

void MessageEncoder::WriteDelta(std::string_view type, std::string_view key, std::string_view text, std::string& out) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_delta").Field("index", next_index_).Key("delta").BeginObject();
  writer.Field("type", type).Field(key, text).EndObject().EndObject();
  Frame("content_block_delta", out);
}

void MessageEncoder::WriteText(std::uint32_t number, std::string_view text, std::string& out) {
  if (text.empty()) return;
  EnsureBlock(number, Kind::kText, kEmptyText, out);
  WriteDelta("text_delta", "text", text, out);
}

void MessageEncoder::Write(const TextDelta& event, std::string& out) { WriteText(event.block, event.text, out); }
void MessageEncoder::Write(const RefusalDelta& event, std::string& out) { WriteText(event.block, event.text, out); }

void MessageEncoder::Write(const ReasoningDelta& event, std::string& out) {
  if (event.text.empty()) return;
  EnsureBlock(event.block, Kind::kThinking, kEmptyThinking, out);
  WriteDelta("thinking_delta", "thinking", event.text, out);
}

void MessageEncoder::Write(const ReasoningSeal& event, std::string& out) {
  const ShownSeal seal = ShowSeal(event.origin, event.id, event.signature, event.redacted);
  if (seal.place == SealPlace::kNone) return;
  if (seal.place == SealPlace::kSignature) {
    EnsureBlock(event.block, Kind::kThinking, kEmptyThinking, out);
    open_->signature = seal.text;
    return;
  }
  std::string block;
  Writer(block).BeginObject().Field("type", "redacted_thinking").Field("data", seal.text).EndObject();
  EnsureBlock(event.block, Kind::kOpaque, block, out);
}

void MessageEncoder::Write(const ToolCallStarted& event, std::string& out) {
  if (open_ && open_->number == event.block) return;
  CloseBlock(out);
  if (!event.signature.empty()) {
    StartBlock(CallSealBlock(event.signature), out);
    StopBlock(out);
  }
  std::string block;
  Writer writer(block);
  writer.BeginObject().Field("type", "tool_use").Field("id", event.id).Field("name", event.name);
  writer.Key("input").BeginObject().EndObject().EndObject();
  EnsureBlock(event.block, Kind::kToolUse, block, out);
  ++calls_;
}

void MessageEncoder::Write(const ToolCallDelta& event, std::string& out) {
  const bool open = open_ && open_->number == event.block && open_->kind == Kind::kToolUse;
  if (open && !event.arguments.empty()) WriteDelta("input_json_delta", "partial_json", event.arguments, out);
}

void MessageEncoder::Write(const OpaqueBlockAdded& event, std::string& out) {
  if (event.content.origin == DialectId::kAnthropic) EnsureBlock(event.block, Kind::kOpaque, event.content.json, out);
}

void MessageEncoder::WriteCitation(std::string_view citation, std::string& out) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_delta").Field("index", next_index_).Key("delta").BeginObject();
  writer.Field("type", "citations_delta").RawField("citation", citation).EndObject().EndObject();
  Frame("content_block_delta", out);
}

void MessageEncoder::Write(const Annotated& event, std::string& out) {
  if (event.origin != DialectId::kAnthropic) return;
  EnsureBlock(event.block, Kind::kText, kEmptyText, out);
  codec::json::Document document;
  if (!document.Parse(event.json).ok()) return;
  if (!document.root().IsArray()) return WriteCitation(event.json, out);
  for (const auto citation : document.root()) WriteCitation(citation.value.raw(), out);
}

void MessageEncoder::Write(const BlockFinished& event, std::string& out) {
  if (!open_ || open_->number != event.block) return;
  CloseBlock(out);
  ReleaseHeld(out);
}

void MessageEncoder::End(std::string& out) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "message_delta").Key("delta").BeginObject();
  WriteEnding(writer, *finished_, calls_);
  writer.EndObject().Key("usage");
  WriteUsage(writer, UsageNow());
  writer.EndObject();
  Frame("message_delta", out);
  Writer(json_).BeginObject().Field("type", "message_stop").EndObject();
  Frame("message_stop", out);
}

void MessageEncoder::Finish(std::string& out) {
  if (state_ == State::kFailed) return;
  if (!finished_) return Fail(common::BadUpstream("the answer ended without a reason"), {}, out);
  Begin(out);
  CloseBlock(out);
  while (!held_.empty()) {
    ReleaseHeld(out);
    CloseBlock(out);
  }
  End(out);
}

void MessageEncoder::Fail(const base::Error& error, std::string_view request_id, std::string& out) {
  if (state_ == State::kFailed) return;
  state_ = State::kFailed;
  json_ = ErrorBody(error, request_id);
  Frame("error", out);
}

}  // namespace gatehouse::llm::dialect::anthropic
