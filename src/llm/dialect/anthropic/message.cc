#include "llm/dialect/anthropic/message.h"

#include "llm/dialect/anthropic/citation.h"
#include "llm/dialect/anthropic/content.h"
#include "llm/dialect/anthropic/usage.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/seal.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Writer;

constexpr std::string_view kIdPrefix = "msg_";

std::string_view StopWord(const ChoiceFinished& finished, std::size_t calls) {
  const bool called = calls != 0 && (finished.reason == FinishReason::kStop || finished.reason == FinishReason::kOther);
  if (called) return common::FindText(kStopReasons, FinishReason::kToolCalls);
  if (finished.reason != FinishReason::kOther) return common::FindText(kStopReasons, finished.reason);
  return finished.detail == kCompaction ? kCompaction : common::FindText(kStopReasons, FinishReason::kStop);
}

void WriteStringOrNull(Writer& writer, std::string_view key, std::string_view text) {
  writer.Key(key);
  if (text.empty()) {
    writer.Null();
  } else {
    writer.String(text);
  }
}

// The blocks of an answer.
struct AnswerBlock {
  Writer& writer;
  const AnswerContext& context;
  std::size_t calls = 0;

  void operator()(const TextBlock& text) {
    if (text.text.empty()) {
      if (!text.citations.empty()) common::LoseOfAnswer(context, kTarget, common::kCitations);
      return;
    }
    writer.BeginObject().Field("type", "text").Field("text", text.text);
    if (!text.citations.empty()) WriteCitations(text);
    writer.EndObject();
  }
  // Absent rather than null where there is none: there are clients that take a list or nothing.
  void WriteCitations(const TextBlock& text) {
    if (text.citations_origin == DialectId::kAnthropic) {
      writer.RawField("citations", text.citations);
      return;
    }
    if (text.urls.empty()) return common::LoseOfAnswer(context, kTarget, common::kCitations);
    writer.Key("citations").BeginArray();
    for (const UrlCitation& url : text.urls) WriteUrlCitation(writer, url, text.citations_origin);
    writer.EndArray();
  }
  void operator()(const RefusalBlock& refusal) { (*this)(TextBlock{.text = refusal.text}); }
  void operator()(const ReasoningBlock& reasoning) {
    const ShownSeal seal = ShowSeal(reasoning.origin, reasoning.id, reasoning.signature, reasoning.redacted);
    if (seal.place == SealPlace::kRedactedBlock) {
      writer.BeginObject().Field("type", "redacted_thinking").Field("data", seal.text).EndObject();
      return;
    }
    writer.BeginObject().Field("type", "thinking").Field("thinking", reasoning.text);
    writer.Field("signature", seal.text).EndObject();
  }
  void operator()(const ToolCallBlock& call) {
    if (!call.signature.empty()) writer.Raw(CallSealBlock(call.signature));
    writer.BeginObject().Field("type", "tool_use").Field("id", call.id).Field("name", call.name);
    writer.RawField("input", common::CallInput(call)).EndObject();
    ++calls;
  }
  void operator()(const OpaqueBlock& opaque) {
    if (opaque.origin != DialectId::kAnthropic) return common::LoseOfAnswer(context, kTarget, opaque.type);
    writer.Raw(opaque.json);
  }
  void operator()(const ImageBlock&) { common::LoseOfAnswer(context, kTarget, common::kImage); }
  // No model answers with these.
  void operator()(const DocumentBlock&) {}
  void operator()(const AudioBlock&) {}
  void operator()(const ToolResultBlock&) {}
};

}  // namespace

std::string MessageId(const Started& started, const AnswerContext& context) {
  return started.id.starts_with(kIdPrefix) ? started.id : std::string(kIdPrefix).append(context.id);
}

std::string_view ModelName(const Started& started, const AnswerContext& context) {
  return started.model.empty() ? context.model : started.model;
}

void BeginMessage(Writer& writer, const Started& started, const AnswerContext& context) {
  writer.BeginObject().Field("id", MessageId(started, context)).Field("type", "message").Field("role", "assistant");
  writer.Field("model", ModelName(started, context));
}

void WriteEnding(Writer& writer, const ChoiceFinished& finished, std::size_t calls) {
  writer.Field("stop_reason", StopWord(finished, calls));
  WriteStringOrNull(writer, "stop_sequence", finished.stop_sequence);
  writer.Key("stop_details");
  if (finished.reason != FinishReason::kContentFilter) {
    writer.Null();
    return;
  }
  writer.BeginObject().Field("type", "refusal").Key("category").Null();
  WriteStringOrNull(writer, "explanation", finished.detail);
  writer.EndObject();
}

ShownSeal ShowSeal(DialectId origin, std::string_view id, std::string_view signature, std::string_view redacted) {
  std::string text = common::SealFor(DialectId::kAnthropic, origin, id, signature, redacted);
  if (text.empty()) return {};
  const bool own_block = origin == DialectId::kAnthropic && !redacted.empty();
  return {.place = own_block ? SealPlace::kRedactedBlock : SealPlace::kSignature, .text = std::move(text)};
}

std::string CallSealBlock(std::string_view signature) {
  std::string block;
  Writer(block)
      .BeginObject()
      .Field("type", "redacted_thinking")
      .Field("data", common::WrapSeal({.origin = DialectId::kGemini,
                                       .kind = common::Seal::Kind::kToolCall,
                                       .id = {},
                                       .payload = std::string(signature)}))
      .EndObject();
  return block;
}

std::string EncodeMessage(const Answer& answer, const AnswerContext& context) {
  std::string body;
  Writer writer(body);
  BeginMessage(writer, answer.started, context);
  writer.Key("content").BeginArray();
  AnswerBlock blocks{writer, context};
  const Choice choice = answer.choices.empty() ? Choice{} : answer.choices.front();
  for (const Block& block : choice.blocks) std::visit(blocks, block);
  writer.EndArray();
  for (const OpaqueEvent& event : answer.opaque) {
    if (event.origin != DialectId::kAnthropic) common::LoseOfAnswer(context, kTarget, event);
  }
  WriteEnding(writer, {.reason = choice.reason, .stop_sequence = choice.stop_sequence, .detail = choice.detail},
              blocks.calls);
  writer.Key("usage");
  WriteUsage(writer, answer.usage);
  writer.EndObject();
  return body;
}

}  // namespace gatehouse::llm::dialect::anthropic
