#include "llm/dialect/gemini/write_contents.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "llm/dialect/common/arrange.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/gemini/words.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Writer;
using common::Turn;
using common::TurnBlock;

constexpr std::string_view kCachedContent = "cachedContent";

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// Writes the parts of one content.
class PartWriter {
 public:
  PartWriter(Writer& writer, const ChatRequest& request, const EncodeOptions& options, std::vector<Loss>& losses)
      : writer_(writer),
        own_(request.origin == DialectId::kGemini),
        newer_(MeasureOf(options.model) == ThinkingMeasure::kLevel),
        provider_(options.provider),
        losses_(losses) {}

  void BeginTurn() { calls_ = 0; }

  // Whether the block becomes a part (or a loss); a turn without parts is not written.
  bool Says(const TurnBlock& turn_block) const {
    const Block& block = *turn_block.block;
    if (const auto* text = std::get_if<TextBlock>(&block)) return !text->text.empty() || !text->signature.empty();
    if (const auto* refusal = std::get_if<RefusalBlock>(&block)) return !refusal->text.empty();
    if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) return IsOurs(*reasoning);
    if (const auto* opaque = std::get_if<OpaqueBlock>(&block)) return opaque->type != kCachedContent;
    return true;
  }
  bool Says(const Turn& turn) const {
    return std::ranges::any_of(turn.blocks, [this](const TurnBlock& block) { return Says(block); });
  }
  // Thoughts of another family, or of another provider, are stripped: only their maker can read the signature.
  bool IsOurs(const ReasoningBlock& reasoning) const {
    const bool same = reasoning.signer.empty() || provider_.empty() || reasoning.signer == provider_;
    return reasoning.origin == DialectId::kGemini && same;
  }

  void Write(const TurnBlock& block) {
    at_ = &block;
    if (!Says(block)) return;
    std::visit([this](const auto& b) { WriteBlock(b); }, *block.block);
  }

 private:
  void Lose(std::string reason) { losses_.push_back({Loss::Kind::kContent, at_->path(), std::move(reason)}); }
  void Hint(std::string_view field, std::string reason) {
    if (std::ranges::find(losses_, field, &Loss::field) != losses_.end()) return;
    losses_.push_back({Loss::Kind::kHint, std::string(field), std::move(reason)});
  }
  void NoteCache(const std::optional<CacheMark>& cache) {
    if (cache) Hint("cache_control", "Gemini caches prefixes by itself and takes no marks");
  }

  void WriteBlock(const TextBlock& text) {
    NoteCache(text.cache);
    writer_.BeginObject().Field("text", text.text);
    if (!text.signature.empty()) writer_.Field("thoughtSignature", text.signature);
    writer_.EndObject();
  }

  void WriteBlock(const RefusalBlock& refusal) { writer_.BeginObject().Field("text", refusal.text).EndObject(); }

  void WriteBlock(const ReasoningBlock& reasoning) {
    writer_.BeginObject().Field("text", reasoning.text).Field("thought", true);
    if (!reasoning.signature.empty()) writer_.Field("thoughtSignature", reasoning.signature);
    writer_.EndObject();
  }

  void WriteBlock(const ImageBlock& image) {
    NoteCache(image.cache);
    writer_.BeginObject();
    WriteSource(image.source, "image");
    WriteDetail(image.detail);
    if (!image.signature.empty()) writer_.Field("thoughtSignature", image.signature);
    writer_.EndObject();
  }

  void WriteBlock(const DocumentBlock& document) {
    NoteCache(document.cache);
    writer_.BeginObject();
    if (const auto* text = std::get_if<std::string>(&document.source)) {
      writer_.Field("text", *text);
    } else {
      std::visit(Overloaded{[](const std::string&) {}, [this](const auto& source) { WriteSource(source, "document"); }},
                 document.source);
    }
    writer_.EndObject();
  }

  void WriteBlock(const AudioBlock& audio) {
    writer_.BeginObject();
    WriteInlineData(writer_, audio.source);
    writer_.EndObject();
  }

  void WriteBlock(const ToolCallBlock& call) {
    NoteCache(call.cache);
    writer_.BeginObject();
    WriteFunctionCall(writer_, call.id, call.name, common::CallInput(call));
    if (!call.signature.empty()) {
      writer_.Field("thoughtSignature", call.signature);
    } else if (newer_ && calls_ == 0 && !own_) {
      writer_.Field("thoughtSignature", kNoSignature);
    }
    ++calls_;
    writer_.EndObject();
  }

  void WriteBlock(const ToolResultBlock& result) {
    NoteCache(result.cache);
    if (result.name.empty()) {
      Lose("Gemini needs the name of the function, and no call before has the id " + result.tool_call_id);
      return;
    }
    writer_.BeginObject().Key("functionResponse").BeginObject();
    if (!result.tool_call_id.empty()) writer_.Field("id", result.tool_call_id);
    writer_.Field("name", result.name).Key("response");
    WriteResponse(result);
    const auto media = std::ranges::any_of(result.content, IsMedia);
    if (media && newer_) {
      writer_.Key("parts").BeginArray();
      WriteMedia(result);
      writer_.EndArray();
    }
    writer_.EndObject().EndObject();
    if (media && !newer_) WriteMedia(result);
  }

  void WriteBlock(const OpaqueBlock& opaque) {
    if (opaque.origin != DialectId::kGemini) {
      Lose("Gemini has no equivalent of " + opaque.type);
    } else {
      writer_.Raw(opaque.json);
    }
  }

  static bool IsMedia(const Block& block) {
    return !std::holds_alternative<TextBlock>(block) && !std::holds_alternative<RefusalBlock>(block);
  }

  void WriteMedia(const ToolResultBlock& result) {
    for (const auto& block : result.content) {
      if (IsMedia(block)) std::visit([this](const auto& b) { WriteBlock(b); }, block);
    }
  }

  // A result travels as a string: "$ref" and "$defs" in an object make Gemini refuse the request. Only what came from a
  // Gemini client as an object, and has neither, goes on as it is.
  void WriteResponse(const ToolResultBlock& result) {
    const bool references = result.structured.contains("\"$ref\"") || result.structured.contains("\"$defs\"");
    if (own_ && !result.structured.empty() && !references) {
      writer_.Raw(result.structured);
      return;
    }
    std::string text = common::JoinText(result.content, "\n");
    if (text.empty()) text = result.structured;
    const bool failed = result.outcome == ToolResultBlock::Outcome::kFailed;
    writer_.BeginObject().Field(failed ? "error" : "output", text).EndObject();
  }

  void WriteDetail(std::string_view detail) {
    if (detail.empty() || (detail == "auto" && !own_)) return;
    if (!own_) {
      losses_.push_back({Loss::Kind::kHint, at_->path() + ".detail", "Gemini chooses the resolution by itself"});
      return;
    }
    const std::string_view level = detail == "low"    ? "MEDIA_RESOLUTION_LOW"
                                   : detail == "high" ? "MEDIA_RESOLUTION_HIGH"
                                   : detail == "auto" ? "MEDIA_RESOLUTION_MEDIUM"
                                                      : "MEDIA_RESOLUTION_ULTRA_HIGH";
    writer_.Key("mediaResolution").BeginObject().Field("level", level).EndObject();
  }

  void WriteSource(const MediaSource& source, std::string_view what) {
    std::visit([&](const auto& s) { WriteSource(s, what); }, source);
  }
  void WriteSource(const InlineMedia& media, std::string_view) { WriteInlineData(writer_, media); }
  void WriteSource(const MediaUrl& url, std::string_view what) {
    const auto type =
        url.media_type.empty() ? common::MediaTypeOfFile(PathOf(url.url)) : std::string_view(url.media_type);
    if (type.empty()) Lose("Gemini needs the media type of this " + std::string(what) + ", and its URL does not tell");
    WriteFileData(url.url, type);
  }
  void WriteSource(const MediaFile& file, std::string_view what) {
    if (!own_) Lose("this " + std::string(what) + " is stored at another provider");
    WriteFileData(file.id, file.media_type);
  }
  static std::string_view PathOf(std::string_view url) { return url.substr(0, url.find_first_of("?#")); }
  void WriteFileData(std::string_view uri, std::string_view type) {
    writer_.Key("fileData").BeginObject();
    if (!type.empty()) writer_.Field("mimeType", type);
    writer_.Field("fileUri", uri).EndObject();
  }

  Writer& writer_;
  bool own_;    // the client speaks Gemini
  bool newer_;  // Gemini 3 and later: signatures are demanded, results may hold media
  std::string_view provider_;
  std::vector<Loss>& losses_;
  const TurnBlock* at_ = nullptr;
  int calls_ = 0;  // in this turn
};

void WriteTurn(Writer& writer, PartWriter& parts, const Turn& turn) {
  writer.BeginObject();
  if (turn.role != Role::kSystem) writer.Field("role", turn.role == Role::kAssistant ? "model" : "user");
  writer.Key("parts").BeginArray();
  parts.BeginTurn();
  for (const auto& block : turn.blocks) parts.Write(block);
  writer.EndArray().EndObject();
}

void WriteCachedContent(Writer& writer, const ChatRequest& request) {
  for (const auto& message : request.messages) {
    for (const auto& block : message.blocks) {
      const auto* opaque = std::get_if<OpaqueBlock>(&block);
      if (opaque == nullptr || opaque->origin != DialectId::kGemini || opaque->type != kCachedContent) continue;
      writer.RawField("cachedContent", opaque->json);
      return;
    }
  }
}

}  // namespace

void WriteInlineData(Writer& writer, const InlineMedia& media) {
  writer.Key("inlineData").BeginObject().Field("mimeType", media.media_type).Field("data", media.base64).EndObject();
}

void WriteFunctionCall(Writer& writer, std::string_view id, std::string_view name, std::string_view arguments) {
  writer.Key("functionCall").BeginObject();
  if (!id.empty()) writer.Field("id", id);
  writer.Field("name", name).RawField("args", arguments).EndObject();
}

// Gemini has one system instruction: system messages within the conversation join it.
base::Status WriteConversation(Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                               std::vector<Loss>& losses) {
  const auto conversation = common::Arrange(request.messages, common::MidSystem::kHoisted);
  const Turn system{Role::kSystem, conversation.system};
  PartWriter parts(writer, request, options, losses);
  common::NoteReasoning(
      request, "Gemini", [&](const ReasoningBlock& reasoning) { return parts.IsOurs(reasoning); }, losses);
  WriteCachedContent(writer, request);
  if (parts.Says(system)) {
    writer.Key("systemInstruction");
    WriteTurn(writer, parts, system);
  }
  writer.Key("contents").BeginArray();
  std::size_t written = 0;
  for (const auto& turn : conversation.turns) {
    if (!parts.Says(turn)) continue;
    WriteTurn(writer, parts, turn);
    ++written;
  }
  writer.EndArray();
  return common::RequireTurns(written, "Gemini", losses);
}

}  // namespace gatehouse::llm::dialect::gemini
