#include "llm/dialect/gemini/response_encode.h"

#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "codec/json/document.h"
#include "llm/dialect/common/answer_loss.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/held_urls.h"
#include "llm/dialect/common/json_text.h"
#include "llm/dialect/common/logprobs.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/gemini/error.h"
#include "llm/dialect/gemini/gemini.h"
#include "llm/dialect/gemini/grounding.h"
#include "llm/dialect/gemini/seal.h"
#include "llm/dialect/gemini/words.h"
#include "llm/dialect/gemini/write_contents.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Writer;

constexpr std::string_view kMalformedCall = "MALFORMED_FUNCTION_CALL";
constexpr std::string_view kGrounding = "groundingMetadata";
constexpr std::string_view kTarget = "Gemini";

enum class Thought : std::uint8_t { kNo, kYes };

std::string TextPart(std::string_view text, Thought thought, std::string_view signature) {
  std::string part;
  Writer writer(part);
  writer.BeginObject().Field("text", text);
  if (thought == Thought::kYes) writer.Field("thought", true);
  if (!signature.empty()) writer.Field("thoughtSignature", signature);
  writer.EndObject();
  return part;
}

// The arguments as Gemini has them, an object; nullopt where the model did not write one.
std::optional<JsonText> ArgsOf(const ToolCallBlock& call) {
  return call.kind == ToolKind::kFunction ? common::ArgumentsObject(call.arguments) : common::CallInput(call);
}

std::string ImagePart(const InlineMedia& media, std::string_view signature) {
  std::string part;
  Writer writer(part);
  writer.BeginObject();
  WriteInlineData(writer, media);
  if (!signature.empty()) writer.Field("thoughtSignature", signature);
  writer.EndObject();
  return part;
}

std::optional<std::string> CallPart(const ToolCallBlock& call) {
  const auto args = ArgsOf(call);
  if (!args) return std::nullopt;
  std::string part;
  Writer writer(part);
  writer.BeginObject();
  WriteFunctionCall(writer, call.id, call.name, *args);
  if (!call.signature.empty()) writer.Field("thoughtSignature", call.signature);
  writer.EndObject();
  return part;
}

// Members of a candidate that a Gemini upstream attached to its text: `json` is {"groundingMetadata":...} or an array
// of such. The last of a name counts.
using Attachments = std::map<std::string, JsonText, std::less<>>;

void Attach(std::string_view json, Attachments& attachments) {
  codec::json::Document document;
  if (!document.Parse(json).ok()) return;
  const auto add = [&](codec::json::Value object) {
    for (const auto member : object) attachments[std::string(member.key)] = std::string(member.value.raw());
  };
  if (document.root().IsObject()) add(document.root());
  for (const auto element : document.root().IsArray() ? document.root() : codec::json::Value()) add(element.value);
}

// A candidate has one result; the entries of one that was collected stand in several.
void AttachLogprobs(DialectId origin, std::string_view entries, Attachments& attachments) {
  codec::json::Document document;
  const JsonText results = entries.empty() ? JsonText() : common::GeminiLogprobs(origin, entries);
  if (results.empty() || !document.Parse(results).ok() || !document.root().at(0).IsObject()) return;
  if (document.root().size() == 1) {
    attachments["logprobsResult"] = std::string(document.root().at(0).raw());
    return;
  }
  AttachLogprobs(DialectId::kOpenAiChat, common::OpenAiLogprobs(DialectId::kGemini, results), attachments);
}

struct Ending {
  std::string word;
  std::string message;
};

Ending EndingOf(FinishReason reason, std::string_view detail) {
  const auto colon = detail.find(": ");
  const auto head = detail.substr(0, colon);
  const auto word = FinishWord(reason, head);
  if (word != head) return {std::string(word), std::string(detail)};
  return {std::string(word), std::string(colon == std::string_view::npos ? "" : detail.substr(colon + 2))};
}

// One element of `candidates`.
struct CandidateParts {
  std::uint32_t index = 0;
  std::vector<std::string> parts = {};
  Attachments attachments = {};
  std::optional<Ending> ending = {};
};

void WriteCandidate(Writer& writer, const CandidateParts& candidate) {
  writer.BeginObject().Key("content").BeginObject().Key("parts").BeginArray();
  for (const auto& part : candidate.parts) writer.Raw(part);
  writer.EndArray().Field("role", "model").EndObject();
  if (candidate.ending) {
    writer.Field("finishReason", candidate.ending->word);
    if (!candidate.ending->message.empty()) writer.Field("finishMessage", candidate.ending->message);
  }
  writer.Field("index", candidate.index);
  for (const auto& [name, json] : candidate.attachments) writer.RawField(name, json);
  writer.EndObject();
}

std::string Response(const std::vector<CandidateParts>& candidates, const Usage& usage, std::string_view model,
                     std::string_view id) {
  std::string body;
  Writer writer(body);
  writer.BeginObject().Key("candidates").BeginArray();
  for (const auto& candidate : candidates) WriteCandidate(writer, candidate);
  writer.EndArray();
  if (usage.source != UsageSource::kNone) {
    writer.Key("usageMetadata");
    WriteUsage(writer, usage);
  }
  if (!model.empty()) writer.Field("modelVersion", model);
  if (!id.empty()) writer.Field("responseId", id);
  writer.EndObject();
  return body;
}

std::string_view Either(std::string_view first, std::string_view second) { return first.empty() ? second : first; }

// The parts of a whole choice.
struct BlockToPart {
  CandidateParts& out;
  const AnswerContext& context;
  std::vector<GroundedSegment>& segments;

  void operator()(const TextBlock& text) const {
    if (!text.text.empty() || !text.signature.empty()) {
      out.parts.push_back(TextPart(text.text, Thought::kNo, text.signature));
    }
    if (text.citations_origin == DialectId::kGemini) return Attach(text.citations, out.attachments);
    if (!text.citations.empty() && text.urls.empty()) common::LoseOfAnswer(context, kTarget, common::kCitations);
    for (const UrlCitation& url : text.urls) {
      segments.push_back(SegmentOf(url, text.text));
      segments.back().part = out.parts.empty() ? 0 : out.parts.size() - 1;
    }
  }
  void operator()(const RefusalBlock& refusal) const { out.parts.push_back(TextPart(refusal.text, Thought::kNo, "")); }
  void operator()(const ReasoningBlock& reasoning) const {
    const auto signature = ThoughtSignature(reasoning.origin, reasoning.id, reasoning.signature, reasoning.redacted);
    if (reasoning.text.empty() && signature.empty()) return;
    out.parts.push_back(TextPart(reasoning.text, Thought::kYes, signature));
  }
  void operator()(const ToolCallBlock& call) const {
    if (auto part = CallPart(call)) {
      out.parts.push_back(*std::move(part));
    } else {
      out.ending = Ending{std::string(kMalformedCall), "the arguments of " + call.name + " are not a JSON object"};
    }
  }
  void operator()(const OpaqueBlock& opaque) const {
    if (opaque.origin != DialectId::kGemini) return common::LoseOfAnswer(context, kTarget, opaque.type);
    out.parts.push_back(opaque.json);
  }
  void operator()(const ImageBlock& image) const {
    if (const auto* media = std::get_if<InlineMedia>(&image.source)) {
      out.parts.push_back(ImagePart(*media, image.signature));
    } else {
      common::LoseOfAnswer(context, kTarget, common::kImage);
    }
  }
  void operator()(const auto&) const {}  // a model sends no others
};

// Chunks end as Google ends them.
void AppendChunk(std::string_view json, std::string& out) {
  out.append("data: ").append(common::OneLine(json)).append("\r\n\r\n");
}

class Encoder final : public ResponseEncoder {
 public:
  explicit Encoder(const AnswerContext& context) : context_(context), model_(context.model), id_(context.id) {}

  void Encode(const Event& event, std::string& out) override {
    out_ = &out;
    std::visit([this](const auto& e) { On(e); }, event);
    out_ = nullptr;
  }

  void Finish(std::string& out) override {
    std::vector<CandidateParts> last;
    for (auto& [index, choice] : choices_) {
      if (!choice.ending) continue;
      last.push_back({.index = index, .parts = {TextPart("", Thought::kNo, "")}, .ending = choice.ending});
      if (!choice.segments.empty()) {
        last.back().attachments[std::string(kGrounding)] = GroundingMetadata(choice.segments);
      }
    }
    if (!last.empty() || usage_.source != UsageSource::kNone) AppendChunk(Response(last, usage_, model_, id_), out);
  }

  void Fail(const base::Error& error, std::string_view request_id, std::string& out) override {
    AppendChunk(ErrorBody(error, request_id), out);
  }

 private:
  // Calls are held back until they are complete: Gemini sends them whole.
  struct ChoiceState {
    std::map<std::uint32_t, ToolCallBlock> calls;  // by block
    std::optional<Ending> ending;
    std::uint32_t text_block = 0;           // the text that came last
    std::string text;                       // of it
    std::size_t text_begin = 0;             // where it stands in the candidate's text
    common::HeldUrls urls;                  // of texts that are not complete
    std::vector<GroundedSegment> segments;  // of all texts before
  };

  // What cites the text that came last: its end is known now.
  static void EndText(ChoiceState& choice) {
    for (const UrlCitation& url : choice.urls.Take(choice.text_block)) {
      choice.segments.push_back(SegmentOf(url, choice.text));
      choice.segments.back().begin_byte += choice.text_begin;
      choice.segments.back().end_byte += choice.text_begin;
    }
    choice.text_begin += std::exchange(choice.text, {}).size();
  }

  void Send(const CandidateParts& candidate) { AppendChunk(Response({candidate}, Usage{}, model_, id_), *out_); }
  void SendPart(std::uint32_t choice, std::string part) { Send({.index = choice, .parts = {std::move(part)}}); }
  void SendCall(std::uint32_t choice, const ToolCallBlock& call) {
    if (auto part = CallPart(call)) {
      SendPart(choice, *std::move(part));
    } else {
      choices_[choice].ending = {std::string(kMalformedCall),
                                 "the arguments of " + call.name + " are not a JSON object"};
    }
  }

  void On(const Started& e) {
    if (!e.model.empty()) model_ = e.model;
    if (!e.id.empty()) id_ = e.id;
  }
  void On(const TextDelta& e) {
    auto& choice = choices_[e.choice];
    if (e.block != choice.text_block) EndText(choice);
    choice.text_block = e.block;
    choice.text += e.text;
    if (!e.text.empty() || !e.signature.empty()) SendPart(e.choice, TextPart(e.text, Thought::kNo, e.signature));
  }
  void On(const RefusalDelta& e) {
    if (!e.text.empty()) SendPart(e.choice, TextPart(e.text, Thought::kNo, ""));
  }
  void On(const ReasoningDelta& e) {
    if (!e.text.empty()) SendPart(e.choice, TextPart(e.text, Thought::kYes, ""));
  }
  void On(const ReasoningSeal& e) {
    const auto signature = ThoughtSignature(e.origin, e.id, e.signature, e.redacted);
    if (!signature.empty()) SendPart(e.choice, TextPart("", Thought::kYes, signature));
  }
  void On(const ToolCallStarted& e) {
    choices_[e.choice].calls[e.block] =
        ToolCallBlock{.id = e.id, .name = e.name, .arguments = {}, .kind = e.kind, .signature = e.signature};
  }
  void On(const ToolCallDelta& e) { choices_[e.choice].calls[e.block].arguments += e.arguments; }
  void On(const BlockFinished& e) {
    if (const auto call = choices_[e.choice].calls.extract(e.block)) SendCall(e.choice, call.mapped());
  }
  void On(const OpaqueBlockAdded& e) {
    if (e.content.origin != DialectId::kGemini) return common::LoseOfAnswer(context_, kTarget, e.content.type);
    SendPart(e.choice, e.content.json);
  }
  void On(const ImageAdded& e) {
    if (const auto* media = std::get_if<InlineMedia>(&e.image.source)) {
      SendPart(e.choice, ImagePart(*media, e.image.signature));
    } else {
      common::LoseOfAnswer(context_, kTarget, common::kImage);
    }
  }
  void On(const Annotated& e) {
    if (e.origin != DialectId::kGemini) {
      if (e.urls.empty()) common::LoseOfAnswer(context_, kTarget, common::kCitations);
      choices_[e.choice].urls.Add(e);
      return;
    }
    CandidateParts candidate{.index = e.choice};
    Attach(e.json, candidate.attachments);
    Send(candidate);
  }
  void On(const LogprobsReported& e) {
    if (e.of != LogprobsReported::Of::kText) return;
    CandidateParts candidate{.index = e.choice};
    AttachLogprobs(e.origin, e.json, candidate.attachments);
    if (!candidate.attachments.empty()) Send(candidate);
  }
  void On(const UsageReported& e) { usage_ = e.usage; }
  void On(const ChoiceFinished& e) {
    auto& choice = choices_[e.choice];
    EndText(choice);
    if (!choice.urls.empty()) common::LoseOfAnswer(context_, kTarget, common::kCitations);
    for (const auto& [block, call] : std::exchange(choice.calls, {})) SendCall(e.choice, call);
    if (!choice.ending) choice.ending = EndingOf(e.reason, e.detail);
  }
  void On(const OpaqueEvent& e) {
    if (e.origin != DialectId::kGemini) common::LoseOfAnswer(context_, kTarget, e);
  }

  AnswerContext context_;
  std::string model_;
  std::string id_;
  std::string* out_ = nullptr;  // of the Encode that is running
  std::map<std::uint32_t, ChoiceState> choices_;
  Usage usage_;
};

}  // namespace

void WriteUsage(Writer& writer, const Usage& usage) {
  const auto prompt = usage.TotalInput() - usage.tool_input;
  writer.BeginObject().Field("promptTokenCount", prompt);
  writer.Field("candidatesTokenCount", usage.output + usage.output_audio);
  writer.Field("totalTokenCount", usage.Total());
  if (usage.cache_read != 0) writer.Field("cachedContentTokenCount", usage.cache_read);
  if (usage.reasoning != 0) writer.Field("thoughtsTokenCount", usage.reasoning);
  if (usage.tool_input != 0) writer.Field("toolUsePromptTokenCount", usage.tool_input);
  writer.EndObject();
}

std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) { return std::make_unique<Encoder>(context); }

std::string EncodeWhole(const Answer& answer, const AnswerContext& context) {
  std::vector<CandidateParts> candidates;
  for (const auto& choice : answer.choices) {
    auto& candidate = candidates.emplace_back(CandidateParts{.index = static_cast<std::uint32_t>(candidates.size())});
    candidate.ending = EndingOf(choice.reason, choice.detail);
    std::vector<GroundedSegment> segments;
    for (const auto& block : choice.blocks) std::visit(BlockToPart{candidate, context, segments}, block);
    if (!segments.empty()) candidate.attachments[std::string(kGrounding)] = GroundingMetadata(segments);
    AttachLogprobs(choice.logprobs_origin, choice.logprobs, candidate.attachments);
  }
  for (const OpaqueEvent& event : answer.opaque) {
    if (event.origin != DialectId::kGemini) common::LoseOfAnswer(context, kTarget, event);
  }
  return Response(candidates, answer.usage, Either(answer.started.model, context.model),
                  Either(answer.started.id, context.id));
}

}  // namespace gatehouse::llm::dialect::gemini
