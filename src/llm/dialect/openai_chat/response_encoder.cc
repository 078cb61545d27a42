#include "llm/dialect/openai_chat/response_encoder.h"

#include <utility>
#include <variant>

#include "codec/sse/sse.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/characters.h"
#include "llm/dialect/common/json_text.h"
#include "llm/dialect/common/logprobs.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai/usage.h"
#include "llm/dialect/openai_chat/finish.h"
#include "llm/dialect/openai_chat/messages.h"
#include "llm/dialect/openai_chat/reasoning_details.h"
#include "llm/dialect/openai_chat/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using codec::json::Writer;

constexpr std::string_view kData = "data: ";
constexpr std::string_view kEnd = "\n\n";
constexpr std::string_view kNull = "null";

CallStyle StyleOf(const AnswerContext& context) {
  const bool legacy =
      context.request != nullptr && context.request->tool_style == ChatRequest::ToolStyle::kLegacyFunctions;
  return legacy ? CallStyle::kLegacyFunctions : CallStyle::kTools;
}

bool IsAnswerMember(std::string_view type) { return type == "service_tier" || type == "system_fingerprint"; }

}  // namespace

Encoder::Encoder(const AnswerContext& context) : context_(context), custom_calls_(context.request) {
  started_.model = context.model;
  started_.created_seconds = context.created_seconds;
  SetPrefix();
}

void Encoder::SetPrefix() {
  prefix_ = kData;
  Writer writer(prefix_);
  writer.BeginObject().Field("id", AnswerId(started_.id, context_)).Field("object", "chat.completion.chunk");
  writer.Field("created", started_.created_seconds).Field("model", started_.model);
  prefix_.append(members_).append(",\"choices\":");
}

void Encoder::EndChunk(std::string& out) const {
  if (context_.include_usage) out += ",\"usage\":null";
  out.append("}").append(kEnd);
}

template <class Write>
void Encoder::WriteDelta(std::uint32_t choice, std::string& out, Write write) {
  out.append(prefix_).append("[");
  Writer writer(out);
  writer.BeginObject().Field("index", choice).Key("delta").BeginObject();
  write(writer);
  writer.EndObject().Key("finish_reason").Null().EndObject();
  out += ']';
  EndChunk(out);
}

// The state of a choice, its role chunk written.
Encoder::ChoiceState& Encoder::Open(std::uint32_t choice, std::string& out) {
  ChoiceState& state = choices_[choice];
  if (state.state == ChoiceState::State::kNew) {
    state.state = ChoiceState::State::kOpen;
    WriteDelta(choice, out, [](Writer& w) { w.Field("role", "assistant").Field("content", ""); });
  }
  return state;
}

void Encoder::Add(const Started& event, std::string& out) {
  started_.id = event.id;
  if (!event.model.empty()) started_.model = event.model;
  if (event.created_seconds != 0) started_.created_seconds = event.created_seconds;
  SetPrefix();
  Open(0, out);
}

void Encoder::Add(const TextDelta& event, std::string& out) {
  ChoiceState& state = Open(event.choice, out);
  if (event.block != state.text_block) {
    FlushUrls(event.choice, state, out);
    state.text_block = event.block;
    state.text.begin = state.text.end;
  }
  state.text.end += common::Characters(event.text);
  WriteDelta(event.choice, out, [&](Writer& w) {
    if (!event.text.empty() || event.signature.empty()) w.Field("content", event.text);
    if (!event.signature.empty()) WriteThoughtSignature(w, event.signature);
  });
}

void Encoder::Add(const RefusalDelta& event, std::string& out) {
  Open(event.choice, out);
  WriteDelta(event.choice, out, [&](Writer& w) { w.Field("refusal", event.text); });
}

void Encoder::Add(const ReasoningDelta& event, std::string& out) {
  Open(event.choice, out).reasoning[event.block].text += event.text;
  if (event.text.empty()) return;
  WriteDelta(event.choice, out, [&](Writer& w) { w.Field(context_.reasoning_field, event.text); });
}

void Encoder::Add(const ReasoningSeal& event, std::string& out) {
  ReasoningBlock& block = Open(event.choice, out).reasoning[event.block];
  block.signature += event.signature;
  block.redacted += event.redacted;
  if (!event.id.empty()) block.id = event.id;
  block.origin = event.origin;
}

// The details of a sealed block, once, when it is complete.
void Encoder::FlushReasoning(std::uint32_t choice, ChoiceState& state, std::uint32_t block, std::string& out) {
  const auto found = state.reasoning.find(block);
  if (found == state.reasoning.end()) return;
  const ReasoningBlock reasoning = std::move(found->second);
  state.reasoning.erase(found);
  if (!IsSealed(reasoning)) return;
  WriteDelta(choice, out, [&](Writer& w) {
    w.Key("reasoning_details").BeginArray();
    state.details += WriteDetails(w, reasoning, state.details, block, Unsealed::kOmit);
    w.EndArray();
  });
}

template <class Write>
void Encoder::WriteCall(std::uint32_t choice, const Call& call, std::string& out, Write write) {
  const bool legacy = StyleOf(context_) == CallStyle::kLegacyFunctions;
  if (legacy && call.index > 0) return;  // the retired form has room for one
  WriteDelta(choice, out, [&](Writer& w) {
    if (legacy) {
      w.Key("function_call").BeginObject();
    } else {
      w.Key("tool_calls").BeginArray().BeginObject().Field("index", call.index);
    }
    write(w);
    w.EndObject();
    if (!legacy) w.EndArray();
  });
}

void Encoder::WriteArguments(std::uint32_t choice, const Call& call, std::string_view text, std::string& out) {
  const bool custom = call.kind == ToolKind::kCustom;
  WriteCall(choice, call, out, [&](Writer& w) {
    if (StyleOf(context_) == CallStyle::kLegacyFunctions) {
      w.Field("arguments", text);
      return;
    }
    w.Key(custom ? "custom" : "function").BeginObject().Field(custom ? "input" : "arguments", text).EndObject();
  });
}

void Encoder::Add(const ToolCallStarted& event, std::string& out) {
  ChoiceState& state = Open(event.choice, out);
  const Call call{.index = static_cast<std::uint32_t>(state.calls.size()), .kind = event.kind};
  state.calls[event.block] = call;
  WriteCall(event.choice, call, out, [&](Writer& w) {
    if (StyleOf(context_) == CallStyle::kLegacyFunctions) {
      w.Field("name", event.name).Field("arguments", "");
      return;
    }
    const bool custom = event.kind == ToolKind::kCustom;
    w.Field("id", event.id).Field("type", custom ? "custom" : "function").Key(custom ? "custom" : "function");
    w.BeginObject().Field("name", event.name).Field(custom ? "input" : "arguments", "").EndObject();
    if (!event.signature.empty()) WriteThoughtSignature(w, event.signature);
  });
}

void Encoder::Add(const ToolCallDelta& event, std::string& out) {
  auto& calls = Open(event.choice, out).calls;
  const auto found = calls.find(event.block);
  if (found == calls.end() || event.arguments.empty()) return;
  found->second.argument_bytes += event.arguments.size();
  WriteArguments(event.choice, found->second, event.arguments, out);
}

// Clients parse the arguments of a call as JSON, so that none at all have to be an empty object.
void Encoder::Add(const BlockFinished& event, std::string& out) {
  ChoiceState& state = Open(event.choice, out);
  FlushReasoning(event.choice, state, event.block, out);
  if (event.block == state.text_block) FlushUrls(event.choice, state, out);
  const auto found = state.calls.find(event.block);
  if (found == state.calls.end() || found->second.kind == ToolKind::kCustom) return;
  if (std::exchange(found->second.argument_bytes, 2) == 0) WriteArguments(event.choice, found->second, "{}", out);
}

void Encoder::Add(const ImageAdded& event, std::string& out) {
  Open(event.choice, out);
  if (std::holds_alternative<MediaFile>(event.image.source)) {
    return common::LoseOfAnswer(context_, kTarget, common::kImage);
  }
  WriteDelta(event.choice, out, [&](Writer& w) {
    w.Key("images").BeginArray();
    WriteMadeImage(w, event.image);
    w.EndArray();
  });
}

void Encoder::Add(const OpaqueBlockAdded& event, std::string& out) {
  Open(event.choice, out);
  common::LoseOfAnswer(context_, kTarget, event.content.type);
}

void Encoder::Add(const Annotated& event, std::string& out) {
  ChoiceState& state = Open(event.choice, out);
  if (event.origin == DialectId::kOpenAiChat) {
    const std::string own = event.json.starts_with('[') ? event.json : "[" + event.json + "]";
    WriteDelta(event.choice, out, [&](Writer& w) { w.RawField("annotations", common::OneLine(own)); });
    return;
  }
  if (event.urls.empty()) common::LoseOfAnswer(context_, kTarget, common::kCitations);
  state.urls.Add(event);
}

void Encoder::FlushUrls(std::uint32_t choice, ChoiceState& state, std::string& out) {
  const std::vector<UrlCitation> urls = state.urls.Take(state.text_block);
  if (urls.empty()) return;
  const std::string annotations = AnnotationsOf(urls, state.text);
  WriteDelta(choice, out, [&](Writer& w) { w.RawField("annotations", annotations); });
}

// A chunk without delta but with another member of the choice.
void Encoder::WriteBeside(std::uint32_t choice, std::string_view member, std::string_view json, std::string& out) {
  out.append(prefix_).append("[");
  Writer writer(out);
  writer.BeginObject().Field("index", choice).Key("delta").BeginObject().EndObject();
  writer.RawField(member, json).Key("finish_reason").Null().EndObject();
  out += ']';
  EndChunk(out);
}

void Encoder::Add(const LogprobsReported& event, std::string& out) {
  const JsonText entries = common::OpenAiLogprobs(event.origin, event.json);
  if (entries.empty()) return;
  Open(event.choice, out);
  const bool text = event.of == LogprobsReported::Of::kText;
  std::string logprobs;
  Writer writer(logprobs);
  writer.BeginObject().RawField("content", text ? std::string_view(entries) : kNull);
  writer.RawField("refusal", text ? kNull : std::string_view(entries)).EndObject();
  WriteBeside(event.choice, "logprobs", logprobs, out);
}

void Encoder::Add(const UsageReported& event, std::string&) { usage_ = event.usage; }

void Encoder::Add(const ChoiceFinished& event, std::string& out) {
  ChoiceState& state = Open(event.choice, out);
  if (state.state == ChoiceState::State::kFinished) return;
  FlushUrls(event.choice, state, out);
  if (!state.urls.empty()) common::LoseOfAnswer(context_, kTarget, common::kCitations);
  while (!state.reasoning.empty()) FlushReasoning(event.choice, state, state.reasoning.begin()->first, out);
  state.state = ChoiceState::State::kFinished;
  out.append(prefix_).append("[");
  Writer writer(out);
  writer.BeginObject().Field("index", event.choice).Key("delta").BeginObject().EndObject();
  writer.Field("finish_reason", WordFromFinish(event.reason, StyleOf(context_))).EndObject();
  out += ']';
  EndChunk(out);
}

void Encoder::Add(const OpaqueEvent& event, std::string& out) {
  if (event.origin != DialectId::kOpenAiChat) return common::LoseOfAnswer(context_, kTarget, event);
  if (IsAnswerMember(event.type)) {
    members_.append(",\"").append(event.type).append("\":").append(common::OneLine(event.json));
    SetPrefix();
  } else if (event.type == "audio") {
    Open(event.choice, out);
    WriteDelta(event.choice, out, [&](Writer& w) { w.RawField("audio", common::OneLine(event.json)); });
  } else if (event.type == "content_filter_results") {  // Azure's, beside the delta
    Open(event.choice, out);
    WriteBeside(event.choice, event.type, common::OneLine(event.json), out);
  } else if (event.type == "prompt_filter_results" || event.type == "citations") {
    out.append(prefix_).append("[],\"").append(event.type).append("\":").append(common::OneLine(event.json));
    EndChunk(out);
  }
}

void Encoder::Encode(const Event& event, std::string& out) {
  const auto add = [&](const auto& e) { Add(e, out); };
  if (!custom_calls_.any()) return std::visit(add, event);
  for (const Event& translated : custom_calls_.Translate(event)) std::visit(add, translated);
}

void Encoder::Finish(std::string& out) {
  if (context_.include_usage && usage_.source != UsageSource::kNone) {
    out.append(prefix_).append("[],\"usage\":");
    Writer writer(out);
    openai::WriteUsage(writer, usage_);
    out.append("}").append(kEnd);
  }
  out.append(kData).append("[DONE]").append(kEnd);
}

void Encoder::Fail(const base::Error& error, std::string_view request_id, std::string& out) {
  codec::sse::AppendFrame(out, "", openai::EncodeError(error, request_id).body);
}

}  // namespace gatehouse::llm::dialect::openai_chat
