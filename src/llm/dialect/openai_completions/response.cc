#include "llm/dialect/openai_completions/response.h"

#include <utility>
#include <variant>
#include <vector>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "codec/sse/sse.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/json_text.h"
#include "llm/dialect/common/logprobs.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai/usage.h"

namespace gatehouse::llm::dialect::openai_completions {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::string_view kData = "data: ";
constexpr std::string_view kEnd = "\n\n";
constexpr std::string_view kIdPrefix = "cmpl-";
constexpr std::string_view kTarget = "A text completion";

std::string AnswerId(std::string_view upstream, const AnswerContext& context) {
  if (upstream.starts_with(kIdPrefix)) return std::string(upstream);
  return std::string(kIdPrefix).append(context.id.empty() ? upstream : std::string_view(context.id));
}

std::string_view FinishWord(FinishReason reason) {
  switch (reason) {
    case FinishReason::kLength:
    case FinishReason::kContextWindow: return "length";
    case FinishReason::kContentFilter: return "content_filter";
    default: return "stop";
  }
}

std::string Quoted(std::string_view text) {
  std::string out;
  codec::json::AppendQuoted(out, text);
  return out;
}

void WriteChoice(Writer& writer, std::uint32_t number, std::string_view text, std::string_view logprobs,
                 std::string_view finish) {
  writer.BeginObject().Field("text", text).Field("index", number).RawField("logprobs", logprobs);
  writer.RawField("finish_reason", finish).EndObject();
}

// A refusal is all that a refused prompt's answer says.
std::string TextOf(const Choice& choice) {
  std::string text;
  for (const Block& block : choice.blocks) {
    if (const auto* part = std::get_if<TextBlock>(&block)) text += part->text;
    if (const auto* refusal = std::get_if<RefusalBlock>(&block)) text += refusal->text;
  }
  return text;
}

void WriteTop(Writer& writer, Value alternatives) {
  writer.BeginObject();
  for (const auto entry : alternatives) {
    writer.Key(entry.value["token"].string());
    const Value logprob = entry.value["logprob"];
    logprob.IsNumber() ? writer.Raw(logprob.raw()) : writer.Null();
  }
  writer.EndObject();
}

std::string FromChat(Value entries) {
  std::string out;
  Writer writer(out);
  writer.BeginObject().Key("tokens").BeginArray();
  for (const auto entry : entries) writer.String(entry.value["token"].string());
  writer.EndArray().Key("token_logprobs").BeginArray();
  for (const auto entry : entries) writer.Number(entry.value["logprob"].AsNumber().value_or(0));
  writer.EndArray().Key("top_logprobs").BeginArray();
  for (const auto entry : entries) WriteTop(writer, entry.value["top_logprobs"]);
  writer.EndArray().Key("text_offset").BeginArray();
  std::size_t offset = 0;
  for (const auto entry : entries) {
    writer.Number(offset);
    offset += entry.value["token"].string().size();
  }
  writer.EndArray().EndObject();
  return out;
}

// Notes what an event brings that a text completion has no place for.
void NoteLoss(const AnswerContext& context, const Event& event) {
  const auto lose = [&](std::string_view what) { common::LoseOfAnswer(context, kTarget, what); };
  if (std::holds_alternative<ReasoningDelta>(event)) lose("reasoning");
  if (std::holds_alternative<ToolCallStarted>(event)) lose("tool_calls");
  if (std::holds_alternative<ImageAdded>(event)) lose(common::kImage);
  if (std::holds_alternative<Annotated>(event)) lose(common::kCitations);
  if (const auto* block = std::get_if<OpaqueBlockAdded>(&event)) lose(block->content.type);
  if (const auto* beside = std::get_if<OpaqueEvent>(&event)) common::LoseOfAnswer(context, kTarget, *beside);
}

}  // namespace

std::string LogprobsOf(DialectId origin, std::string_view entries) {
  codec::json::Document document;
  if (entries.empty() || !document.Parse(entries).ok()) return "null";
  if (origin != DialectId::kOpenAiCompletions) {
    const JsonText chat = common::OpenAiLogprobs(origin, entries);
    return document.Parse(chat).ok() ? FromChat(document.root()) : "null";
  }
  const Value own = document.root().at(0);
  return origin == DialectId::kOpenAiCompletions && own.IsObject() ? common::OneLine(own.raw()) : "null";
}

Encoder::Encoder(const AnswerContext& context) : context_(context) {
  started_.model = context.model;
  started_.created_seconds = context.created_seconds;
  SetPrefix();
}

void Encoder::SetPrefix() {
  prefix_ = kData;
  Writer writer(prefix_);
  writer.BeginObject().Field("id", AnswerId(started_.id, context_)).Field("object", "text_completion");
  writer.Field("created", started_.created_seconds).Field("model", started_.model);
  prefix_ += ",\"choices\":[";
}

void Encoder::WriteChunk(std::uint32_t choice, std::string_view text, std::string_view logprobs,
                         std::string_view finish, std::string& out) const {
  out += prefix_;
  Writer writer(out);
  WriteChoice(writer, choice, text, logprobs, finish);
  out += ']';
  if (context_.include_usage) out += ",\"usage\":null";
  out.append("}").append(kEnd);
}

void Encoder::Encode(const Event& event, std::string& out) {
  NoteLoss(context_, event);
  if (const auto* started = std::get_if<Started>(&event)) {
    started_.id = started->id;
    if (!started->model.empty()) started_.model = started->model;
    if (started->created_seconds != 0) started_.created_seconds = started->created_seconds;
    SetPrefix();
  } else if (const auto* text = std::get_if<TextDelta>(&event)) {
    if (!text->text.empty()) WriteChunk(text->choice, text->text, "null", "null", out);
  } else if (const auto* refusal = std::get_if<RefusalDelta>(&event)) {
    WriteChunk(refusal->choice, refusal->text, "null", "null", out);
  } else if (const auto* logprobs = std::get_if<LogprobsReported>(&event)) {
    WriteChunk(logprobs->choice, "", LogprobsOf(logprobs->origin, logprobs->json), "null", out);
  } else if (const auto* finished = std::get_if<ChoiceFinished>(&event)) {
    WriteChunk(finished->choice, "", "null", Quoted(FinishWord(finished->reason)), out);
  } else if (const auto* usage = std::get_if<UsageReported>(&event)) {
    usage_ = usage->usage;
  }
}

void Encoder::Finish(std::string& out) {
  if (context_.include_usage && usage_.source != UsageSource::kNone) {
    out.append(prefix_).append("],\"usage\":");
    Writer writer(out);
    openai::WriteUsage(writer, usage_);
    out.append("}").append(kEnd);
  }
  out.append(kData).append("[DONE]").append(kEnd);
}

void Encoder::Fail(const base::Error& error, std::string_view request_id, std::string& out) {
  codec::sse::AppendFrame(out, "", openai::EncodeError(error, request_id).body);
}

std::string EncodeWhole(const Answer& answer, const AnswerContext& context) {
  std::string body;
  Writer writer(body);
  const Started& started = answer.started;
  writer.BeginObject().Field("id", AnswerId(started.id, context)).Field("object", "text_completion");
  writer.Field("created", started.created_seconds != 0 ? started.created_seconds : context.created_seconds);
  writer.Field("model", started.model.empty() ? context.model : started.model).Key("choices").BeginArray();
  if (context.losses != nullptr) {
    for (const Event& event : ToEvents(answer)) NoteLoss(context, event);
  }
  std::uint32_t number = 0;
  for (const Choice& choice : answer.choices) {
    WriteChoice(writer, number++, TextOf(choice), LogprobsOf(choice.logprobs_origin, choice.logprobs),
                Quoted(FinishWord(choice.reason)));
  }
  writer.EndArray();
  if (answer.usage.source != UsageSource::kNone) {
    writer.Key("usage");
    openai::WriteUsage(writer, answer.usage);
  }
  writer.EndObject();
  return body;
}

}  // namespace gatehouse::llm::dialect::openai_completions
