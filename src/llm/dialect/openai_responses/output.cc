#include "llm/dialect/openai_responses/output.h"

#include <algorithm>

#include "llm/dialect/common/characters.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai/url_citation.h"
#include "llm/dialect/openai_responses/settings.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Writer;

constexpr std::string_view kIdPrefix = "resp_";
constexpr common::Word<OutputItem::Status> kStatuses[] = {
    {"in_progress", OutputItem::Status::kInProgress},
    {"completed", OutputItem::Status::kCompleted},
    {"incomplete", OutputItem::Status::kIncomplete},
};

void WriteMessage(Writer& writer, const OutputItem& item) {
  writer.Field("role", "assistant").Key("content").BeginArray();
  for (const OutputPart& part : item.parts) WritePart(writer, part);
  writer.EndArray();
}

void WriteCall(Writer& writer, const OutputItem& item) {
  writer.Field("call_id", item.call_id).Field("name", item.name);
  writer.Field(item.kind == OutputItem::Kind::kCustomCall ? "input" : "arguments", item.text);
}

void WriteReasoning(Writer& writer, const OutputItem& item) {
  writer.Key("summary").BeginArray();
  if (!item.text.empty()) writer.BeginObject().Field("type", "summary_text").Field("text", item.text).EndObject();
  writer.EndArray();
  if (!item.seal.empty()) writer.Field("encrypted_content", item.seal);
}

std::string_view TypeOf(OutputItem::Kind kind) {
  switch (kind) {
    case OutputItem::Kind::kMessage: return "message";
    case OutputItem::Kind::kFunctionCall: return "function_call";
    case OutputItem::Kind::kCustomCall: return "custom_tool_call";
    case OutputItem::Kind::kReasoning: return "reasoning";
    case OutputItem::Kind::kOpaque: return "";
  }
  return "";
}

void WriteOptional(Writer& writer, std::string_view key, const auto& value) {
  writer.Key(key);
  if (value) {
    writer.Number(*value);
  } else {
    writer.Null();
  }
}

void WriteText(Writer& writer, std::string_view key, std::string_view text) {
  writer.Key(key);
  if (text.empty()) {
    writer.Null();
  } else {
    writer.String(text);
  }
}

void WriteRaw(Writer& writer, std::string_view key, std::string_view json, std::string_view absent) {
  writer.RawField(key, json.empty() ? absent : json);
}

std::string_view ExtraOf(const ChatRequest& request, std::string_view name) {
  const auto found = std::ranges::find(request.extra, name, &ExtraField::name);
  return found == request.extra.end() ? std::string_view() : std::string_view(found->json);
}

std::string_view InstructionsOf(const ChatRequest& request) {
  if (request.messages.empty() || request.messages.front().source != kInstructions) return {};
  const auto* text = std::get_if<TextBlock>(&request.messages.front().blocks.front());
  return text == nullptr ? std::string_view() : std::string_view(text->text);
}

void EchoTools(Writer& writer, const ChatRequest& request) {
  std::vector<Loss> losses;
  writer.Key("tools");
  WriteTools(writer, request, losses);
  writer.Key("tool_choice");
  if (request.tool_choice) {
    WriteToolChoice(writer, request, *request.tool_choice);
  } else {
    const auto own = ExtraOf(request, "tool_choice");
    writer.Raw(own.empty() ? R"("auto")" : own);
  }
  writer.Field("parallel_tool_calls", request.parallel_tool_calls.value_or(true));
}

// What the object repeats of the request.
void Echo(Writer& writer, const ChatRequest& request) {
  WriteText(writer, "instructions", InstructionsOf(request));
  WriteOptional(writer, "max_output_tokens", request.max_output_tokens);
  WriteRaw(writer, "max_tool_calls", ExtraOf(request, "max_tool_calls"), "null");
  WriteRaw(writer, "metadata", request.metadata, "{}");
  EchoTools(writer, request);
  WriteRaw(writer, "previous_response_id", ExtraOf(request, "previous_response_id"), "null");
  WriteText(writer, "prompt_cache_key", request.prompt_cache_key);
  WriteRaw(writer, "reasoning", ReasoningObject(request), R"({"effort":null,"summary":null})");
  WriteRaw(writer, "text", TextObject(request), R"({"format":{"type":"text"}})");
  WriteText(writer, "safety_identifier", request.user);
  WriteText(writer, "service_tier", request.service_tier);
  WriteRaw(writer, "store", ExtraOf(request, "store"), "false");
  WriteOptional(writer, "temperature", request.temperature);
  WriteOptional(writer, "top_logprobs", request.top_logprobs);
  WriteOptional(writer, "top_p", request.top_p);
  WriteRaw(writer, "truncation", ExtraOf(request, "truncation"), R"("disabled")");
}

void WriteUsage(Writer& writer, const Usage& usage) {
  writer.BeginObject().Field("input_tokens", usage.TotalInput()).Key("input_tokens_details").BeginObject();
  writer.Field("cached_tokens", usage.cache_read).Field("cache_write_tokens", usage.CacheWrite()).EndObject();
  writer.Field("output_tokens", usage.TotalOutput()).Key("output_tokens_details").BeginObject();
  writer.Field("reasoning_tokens", usage.reasoning).EndObject().Field("total_tokens", usage.Total()).EndObject();
}

void WriteOutcome(Writer& writer, const ResponseState& state) {
  writer.Key("error");
  if (state.error != nullptr) {
    openai::WriteError(writer, *state.error, state.request_id);
  } else {
    writer.Null();
  }
  writer.Key("incomplete_details");
  if (state.incomplete_reason.empty()) {
    writer.Null();
  } else {
    writer.BeginObject().Field("reason", state.incomplete_reason).EndObject();
  }
  writer.Key("output").BeginArray();
  if (state.output != nullptr) {
    for (const OutputItem& item : *state.output) WriteItem(writer, item);
  }
  writer.EndArray().Key("usage");
  if (state.usage != nullptr) {
    WriteUsage(writer, *state.usage);
  } else {
    writer.Null();
  }
}

}  // namespace

void WritePart(Writer& writer, const OutputPart& part) {
  if (part.kind == OutputPart::Kind::kRefusal) {
    writer.BeginObject().Field("type", "refusal").Field("refusal", part.text).EndObject();
    return;
  }
  writer.BeginObject().Field("type", "output_text").Field("text", part.text).Key("annotations").BeginArray();
  for (const JsonText& annotation : part.annotations) writer.Raw(annotation);
  writer.EndArray().RawField("logprobs", part.logprobs).EndObject();
}

void WriteItem(Writer& writer, const OutputItem& item) {
  if (item.kind == OutputItem::Kind::kOpaque) {
    writer.Raw(item.original);
    return;
  }
  writer.BeginObject().Field("id", item.id).Field("type", TypeOf(item.kind));
  if (item.kind != OutputItem::Kind::kReasoning) writer.Field("status", common::FindText(kStatuses, item.status));
  if (item.kind == OutputItem::Kind::kMessage) {
    WriteMessage(writer, item);
  } else if (item.kind == OutputItem::Kind::kReasoning) {
    WriteReasoning(writer, item);
  } else {
    WriteCall(writer, item);
  }
  writer.EndObject();
}

JsonText AnnotationOf(const UrlCitation& citation, std::string_view text) {
  JsonText annotation;
  Writer writer(annotation);
  writer.BeginObject().Field("type", "url_citation");
  openai::WriteUrlCitation(writer, citation, {0, common::Characters(text)});
  writer.EndObject();
  return annotation;
}

void WriteResponse(Writer& writer, const ResponseState& state) {
  const Started& started = *state.started;
  const AnswerContext& context = *state.context;
  const bool ours = started.id.starts_with(kIdPrefix);
  writer.BeginObject().Field("id", ours ? started.id : std::string(kIdPrefix).append(context.id));
  writer.Field("object", "response");
  writer.Field("created_at", started.created_seconds == 0 ? context.created_seconds : started.created_seconds);
  writer.Field("status", state.status).Field("background", false);
  writer.Field("model", started.model.empty() ? context.model : started.model);
  WriteOutcome(writer, state);
  Echo(writer, context.request == nullptr ? ChatRequest{.origin = DialectId::kOpenAiResponses} : *context.request);
  writer.EndObject();
}

}  // namespace gatehouse::llm::dialect::openai_responses
