#include <algorithm>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/characters.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/logprobs.h"
#include "llm/dialect/openai/url_citation.h"
#include "llm/dialect/openai/usage.h"
#include "llm/dialect/openai_chat/finish.h"
#include "llm/dialect/openai_chat/messages.h"
#include "llm/dialect/openai_chat/reasoning_details.h"
#include "llm/dialect/openai_chat/response_encoder.h"
#include "llm/dialect/openai_chat/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using codec::json::Writer;

constexpr std::string_view kIdPrefix = "chatcmpl-";

struct Output {
  Writer& writer;
  const Answer& answer;
  const AnswerContext& context;

  CallStyle style() const {
    const bool legacy =
        context.request != nullptr && context.request->tool_style == ChatRequest::ToolStyle::kLegacyFunctions;
    return legacy ? CallStyle::kLegacyFunctions : CallStyle::kTools;
  }
};

template <class T>
bool Has(const Choice& choice) {
  return std::ranges::any_of(choice.blocks, [](const Block& b) { return std::holds_alternative<T>(b); });
}

void WriteContent(const Output& out, const Choice& choice) {
  out.writer.Key("content");
  Has<TextBlock>(choice) ? out.writer.String(common::JoinText(choice.blocks)) : out.writer.Null();
  std::string refusal;
  for (const Block& block : choice.blocks) {
    if (const auto* part = std::get_if<RefusalBlock>(&block)) refusal += part->text;
  }
  out.writer.Key("refusal");
  refusal.empty() ? out.writer.Null() : out.writer.String(refusal);
}

void WriteReasoning(const Output& out, const Choice& choice) {
  std::string text;
  bool sealed = false;
  for (const Block& block : choice.blocks) {
    if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) {
      text += reasoning->text;
      sealed = sealed || IsSealed(*reasoning);
    }
  }
  if (!text.empty()) out.writer.Field(out.context.reasoning_field, text);
  if (!sealed) return;
  out.writer.Key("reasoning_details").BeginArray();
  std::size_t index = 0;
  std::size_t place = 0;
  for (const Block& block : choice.blocks) {
    if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) {
      index += WriteDetails(out.writer, *reasoning, index, place, Unsealed::kWrite);
    }
    ++place;
  }
  out.writer.EndArray();
}

void WriteCalls(const Output& out, const Choice& choice) {
  if (!Has<ToolCallBlock>(choice)) return;
  const bool legacy = out.style() == CallStyle::kLegacyFunctions;
  if (!legacy) out.writer.Key("tool_calls").BeginArray();
  for (const Block& block : choice.blocks) {
    const auto* call = std::get_if<ToolCallBlock>(&block);
    if (call == nullptr) continue;
    if (legacy) {  // the retired form has room for one
      out.writer.Key("function_call").BeginObject().Field("name", call->name);
      out.writer.Field("arguments", call->arguments.empty() ? "{}" : call->arguments).EndObject();
      return;
    }
    out.writer.BeginObject();
    WriteToolCallMembers(out.writer, *call, Signatures::kKeep);
    out.writer.EndObject();
  }
  out.writer.EndArray();
}

// The elements of all blocks' arrays, as one.
void WriteAnnotations(const Output& out, const Choice& choice) {
  JsonText all;
  CharacterRange place;
  for (const Block& block : choice.blocks) {
    const auto* text = std::get_if<TextBlock>(&block);
    if (text == nullptr) continue;
    place = {place.end, place.end + common::Characters(text->text)};
    if (text->citations.empty()) continue;
    const bool own = text->citations_origin == DialectId::kOpenAiChat;
    if (!own && text->urls.empty()) common::LoseOfAnswer(out.context, kTarget, common::kCitations);
    AppendElements(all, own ? text->citations : AnnotationsOf(text->urls, place));
  }
  if (all.size() > 2) out.writer.RawField("annotations", all);
}

void WriteImages(const Output& out, const Choice& choice) {
  for (const Block& block : choice.blocks) {
    if (const auto* opaque = std::get_if<OpaqueBlock>(&block)) {
      common::LoseOfAnswer(out.context, kTarget, opaque->type);
    }
  }
  if (!Has<ImageBlock>(choice)) return;
  out.writer.Key("images").BeginArray();
  for (const Block& block : choice.blocks) {
    const auto* image = std::get_if<ImageBlock>(&block);
    if (image == nullptr) continue;
    WriteMadeImage(out.writer, *image);
    if (std::holds_alternative<MediaFile>(image->source)) {
      common::LoseOfAnswer(out.context, kTarget, common::kImage);
    }
  }
  out.writer.EndArray();
}

// What other dialects sent beside the content.
void LoseForeignEvents(const Output& out) {
  for (const OpaqueEvent& event : out.answer.opaque) {
    if (event.origin != DialectId::kOpenAiChat) common::LoseOfAnswer(out.context, kTarget, event);
  }
}

void WriteTextSignature(const Output& out, const Choice& choice) {
  for (const Block& block : choice.blocks) {
    const auto* text = std::get_if<TextBlock>(&block);
    if (text == nullptr || text->signature.empty()) continue;
    WriteThoughtSignature(out.writer, text->signature);
    return;
  }
}

void WriteChoiceExtra(const Output& out, std::uint32_t number, std::string_view type) {
  for (const OpaqueEvent& event : out.answer.opaque) {
    if (event.origin != DialectId::kOpenAiChat || event.choice != number || event.type != type) continue;
    out.writer.RawField(type, event.json);
    return;
  }
}

void WriteLogprobs(Writer& writer, const Choice& choice) {
  const JsonText text = common::OpenAiLogprobs(choice.logprobs_origin, choice.logprobs);
  const JsonText refusal = common::OpenAiLogprobs(choice.logprobs_origin, choice.refusal_logprobs);
  writer.Key("logprobs");
  if (text.empty() && refusal.empty()) {
    writer.Null();
    return;
  }
  writer.BeginObject().RawField("content", text.empty() ? std::string_view("null") : std::string_view(text));
  writer.RawField("refusal", refusal.empty() ? std::string_view("null") : std::string_view(refusal)).EndObject();
}

void WriteChoice(const Output& out, const Choice& choice, std::uint32_t number) {
  Writer& writer = out.writer;
  writer.BeginObject().Field("index", number).Key("message").BeginObject().Field("role", "assistant");
  WriteContent(out, choice);
  WriteReasoning(out, choice);
  WriteCalls(out, choice);
  WriteAnnotations(out, choice);
  WriteImages(out, choice);
  WriteTextSignature(out, choice);
  WriteChoiceExtra(out, number, "audio");
  writer.EndObject();
  WriteLogprobs(writer, choice);
  WriteChoiceExtra(out, number, "content_filter_results");
  writer.Field("finish_reason", WordFromFinish(choice.reason, out.style())).EndObject();
}

std::string WriteWhole(const Answer& answer, const AnswerContext& context) {
  std::string body;
  Writer writer(body);
  const Output out{writer, answer, context};
  const auto& started = answer.started;
  writer.BeginObject().Field("id", AnswerId(started.id, context)).Field("object", "chat.completion");
  writer.Field("created", started.created_seconds != 0 ? started.created_seconds : context.created_seconds);
  writer.Field("model", started.model.empty() ? context.model : started.model).Key("choices").BeginArray();
  std::uint32_t number = 0;
  for (const Choice& choice : answer.choices) WriteChoice(out, choice, number++);
  writer.EndArray();
  if (answer.usage.source != UsageSource::kNone) {
    writer.Key("usage");
    openai::WriteUsage(writer, answer.usage);
  }
  for (const char* member : {"service_tier", "system_fingerprint", "prompt_filter_results", "citations"}) {
    WriteChoiceExtra(out, 0, member);
  }
  LoseForeignEvents(out);
  writer.EndObject();
  return body;
}

}  // namespace

std::string AnswerId(std::string_view upstream, const AnswerContext& context) {
  if (upstream.starts_with(kIdPrefix)) return std::string(upstream);
  return std::string(kIdPrefix).append(context.id.empty() ? upstream : std::string_view(context.id));
}

std::string AnnotationsOf(const std::vector<UrlCitation>& urls, const CharacterRange& text) {
  std::string out;
  Writer writer(out);
  writer.BeginArray();
  for (const UrlCitation& url : urls) {
    writer.BeginObject().Field("type", "url_citation").Key("url_citation").BeginObject();
    openai::WriteUrlCitation(writer, url, text);
    writer.EndObject().EndObject();
  }
  writer.EndArray();
  return out;
}

std::string EncodeWhole(const Answer& answer, const AnswerContext& context) {
  const common::CustomCalls custom_calls(context.request);
  return custom_calls.any() ? WriteWhole(custom_calls.Translate(answer), context) : WriteWhole(answer, context);
}

}  // namespace gatehouse::llm::dialect::openai_chat
