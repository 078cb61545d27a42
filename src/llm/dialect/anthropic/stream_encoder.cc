#include "llm/dialect/anthropic/stream_encoder.h"

#include <utility>

#include "codec/json/document.h"
#include "codec/sse/sse.h"
#include "llm/dialect/anthropic/citation.h"
#include "llm/dialect/anthropic/errors.h"
#include "llm/dialect/anthropic/message.h"
#include "llm/dialect/anthropic/usage.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Writer;

constexpr std::string_view kEmptyText = R"({"type":"text","text":""})";
constexpr std::string_view kEmptyThinking = R"({"type":"thinking","thinking":"","signature":""})";

}  // namespace

void MessageEncoder::Frame(std::string_view event) {
  codec::sse::AppendFrame(*out_, event, json_);
  json_.clear();
}

Usage MessageEncoder::UsageNow() const {
  if (usage_.source != UsageSource::kNone) return usage_;
  return Usage{.input = context_.estimated_input_tokens, .source = UsageSource::kEstimated};
}

void MessageEncoder::Begin() {
  if (state_ != State::kBegin) return;
  state_ = State::kMessage;
  Writer writer(json_);
  writer.BeginObject().Field("type", "message_start").Key("message");
  BeginMessage(writer, started_, context_);
  writer.Key("content").BeginArray().EndArray();
  writer.Key("stop_reason").Null().Key("stop_sequence").Null().Key("stop_details").Null().Key("usage");
  WriteUsage(writer, UsageNow());
  writer.EndObject().EndObject();
  Frame("message_start");
}

void MessageEncoder::Encode(const Event& event, std::string& out) {
  if (state_ == State::kFailed) return;
  out_ = &out;
  if (const auto ref = common::BlockOf(event)) {
    if (ref->choice != 0) return;  // this dialect has one answer
    Begin();
    if (auto status = sequencer_.Add(event, *this); !status.ok()) Fail(status.error(), {}, out);
  } else if (const auto* started = std::get_if<Started>(&event)) {
    started_ = *started;
  } else if (const auto* usage = std::get_if<UsageReported>(&event)) {
    usage_ = usage->usage;
  } else if (const auto* finished = std::get_if<ChoiceFinished>(&event); finished != nullptr && finished->choice == 0) {
    finished_ = *finished;
  } else if (const auto* opaque = std::get_if<OpaqueEvent>(&event)) {
    if (opaque->origin != DialectId::kAnthropic) return common::LoseOfAnswer(context_, kTarget, *opaque);
    Begin();
    codec::sse::AppendFrame(out, opaque->type, opaque->json);
  }
}

void MessageEncoder::OnBlockEvent(const Event& event) {
  std::visit([this](const auto& e) { Write(e); }, event);
}

void MessageEncoder::Ensure(std::string_view content_block) {
  if (block_ == Block::kOpen) return;
  block_ = Block::kOpen;
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_start").Field("index", next_index_);
  writer.RawField("content_block", content_block).EndObject();
  Frame("content_block_start");
}

void MessageEncoder::StopBlock() {
  if (block_ == Block::kNone) return;
  if (!signature_.empty()) WriteDelta("signature_delta", "signature", std::exchange(signature_, {}));
  block_ = Block::kNone;
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_stop").Field("index", next_index_++).EndObject();
  Frame("content_block_stop");
}

void MessageEncoder::WriteDelta(std::string_view type, std::string_view key, std::string_view text) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_delta").Field("index", next_index_).Key("delta").BeginObject();
  writer.Field("type", type).Field(key, text).EndObject().EndObject();
  Frame("content_block_delta");
}

void MessageEncoder::WriteText(std::string_view text) {
  if (text.empty()) return;
  Ensure(kEmptyText);
  WriteDelta("text_delta", "text", text);
}

void MessageEncoder::Write(const ReasoningDelta& event) {
  if (event.text.empty()) return;
  Ensure(kEmptyThinking);
  WriteDelta("thinking_delta", "thinking", event.text);
}

void MessageEncoder::Write(const ReasoningSeal& event) {
  ShownSeal seal = ShowSeal(event.origin, event.id, event.signature, event.redacted);
  if (seal.place == SealPlace::kNone) return;
  if (seal.place == SealPlace::kSignature) {
    Ensure(kEmptyThinking);
    signature_ = std::move(seal.text);
    return;
  }
  StopBlock();  // redacted content is a block of its own, even where readable text came before it
  std::string block;
  Writer(block).BeginObject().Field("type", "redacted_thinking").Field("data", seal.text).EndObject();
  Ensure(block);
}

void MessageEncoder::Write(const ToolCallStarted& event) {
  if (block_ == Block::kOpen) return;  // a host that repeats the start
  if (!event.signature.empty()) {
    Ensure(CallSealBlock(event.signature));
    StopBlock();
  }
  std::string block;
  Writer writer(block);
  writer.BeginObject().Field("type", "tool_use").Field("id", event.id).Field("name", event.name);
  writer.Key("input").BeginObject().EndObject().EndObject();
  Ensure(block);
  ++calls_;
}

void MessageEncoder::Write(const ToolCallDelta& event) {
  if (block_ == Block::kOpen && !event.arguments.empty())
    WriteDelta("input_json_delta", "partial_json", event.arguments);
}

void MessageEncoder::Write(const OpaqueBlockAdded& event) {
  if (event.content.origin != DialectId::kAnthropic) {
    return common::LoseOfAnswer(context_, kTarget, event.content.type);
  }
  Ensure(event.content.json);
}

void MessageEncoder::WriteCitation(std::string_view citation) {
  Writer writer(json_);
  writer.BeginObject().Field("type", "content_block_delta").Field("index", next_index_).Key("delta").BeginObject();
  writer.Field("type", "citations_delta").RawField("citation", citation).EndObject().EndObject();
  Frame("content_block_delta");
}

// A block of nothing but citations would be an error when it comes back.
void MessageEncoder::WriteUrls(const Annotated& event) {
  if (block_ == Block::kNone || event.urls.empty()) {
    return common::LoseOfAnswer(context_, kTarget, common::kCitations);
  }
  for (const UrlCitation& url : event.urls) {
    std::string citation;
    Writer writer(citation);
    WriteUrlCitation(writer, url, event.origin);
    WriteCitation(citation);
  }
}

void MessageEncoder::Write(const Annotated& event) {
  if (event.origin != DialectId::kAnthropic) return WriteUrls(event);
  codec::json::Document document;
  if (!document.Parse(event.json).ok()) return;
  Ensure(kEmptyText);
  if (!document.root().IsArray()) return WriteCitation(event.json);
  for (const auto citation : document.root()) WriteCitation(citation.value.raw());
}

void MessageEncoder::Write(const BlockFinished&) { StopBlock(); }

void MessageEncoder::End() {
  Writer writer(json_);
  writer.BeginObject().Field("type", "message_delta").Key("delta").BeginObject();
  WriteEnding(writer, *finished_, calls_);
  writer.EndObject().Key("usage");
  WriteUsage(writer, UsageNow());
  writer.EndObject();
  Frame("message_delta");
  Writer(json_).BeginObject().Field("type", "message_stop").EndObject();
  Frame("message_stop");
}

void MessageEncoder::Finish(std::string& out) {
  if (state_ == State::kFailed) return;
  if (!finished_) return Fail(common::BadUpstream("the answer ended without a reason"), {}, out);
  out_ = &out;
  Begin();
  sequencer_.Finish(*this);
  End();
}

void MessageEncoder::Fail(const base::Error& error, std::string_view request_id, std::string& out) {
  if (state_ == State::kFailed) return;
  state_ = State::kFailed;
  json_.clear();
  codec::sse::AppendFrame(out, "error", ErrorBody(error, request_id));
}

}  // namespace gatehouse::llm::dialect::anthropic
