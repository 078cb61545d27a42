#include "llm/dialect/bedrock/write_messages.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "llm/dialect/bedrock/words.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/media.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::json::Writer;
using common::Turn;
using common::TurnBlock;

constexpr std::string_view kS3 = "s3://";

// Where the content of a block is. Views into the block.
struct Source {
  enum class Form : std::uint8_t { kText, kBytes, kReference } form = Form::kText;
  std::string_view content;  // the text, the base64 or the URI
  std::string_view media_type;

  static Source Of(const std::string& text) { return {Form::kText, text, "text/plain"}; }
  static Source Of(const InlineMedia& media) { return {Form::kBytes, media.base64, media.media_type}; }
  static Source Of(const MediaUrl& url) { return {Form::kReference, url.url, TypeOf(url.media_type, url.url)}; }
  static Source Of(const MediaFile& file) { return {Form::kReference, file.id, TypeOf(file.media_type, file.id)}; }

 private:
  static std::string_view TypeOf(std::string_view said, std::string_view name) {
    return said.empty() ? common::MediaTypeOfFile(name) : said;
  }
};

Source SourceOf(const auto& variant) {
  return std::visit([](const auto& alternative) { return Source::Of(alternative); }, variant);
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class BlockWriter {
 public:
  BlockWriter(Writer& writer, const ChatRequest& request, const EncodeOptions& options, std::vector<Loss>& losses)
      : writer_(writer),
        own_(request.origin == DialectId::kBedrock),
        family_(FamilyOf(options.model)),
        provider_(options.provider),
        losses_(losses) {}

  void Write(const TurnBlock& block) {
    at_ = &block;
    if (Says(*block.block)) std::visit([this](const auto& b) { WriteBlock(b); }, *block.block);
  }

  // Whether the block becomes one of Converse's, or a loss. Blank texts are an error there.
  bool Says(const Block& block) const {
    if (const auto* text = std::get_if<TextBlock>(&block)) return !IsBlank(text->text);
    if (const auto* refusal = std::get_if<RefusalBlock>(&block)) return !IsBlank(refusal->text);
    if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) return IsOurs(*reasoning);
    return true;
  }
  bool Says(const Turn& turn) const {
    return std::ranges::any_of(turn.blocks, [this](const TurnBlock& block) { return Says(*block.block); });
  }

  // Claude's signatures hold wherever Claude runs (Anthropic, "Extended thinking"); what was redacted on Bedrock, and
  // reasoning of other makers, holds here alone.
  bool IsOurs(const ReasoningBlock& reasoning) const {
    const bool same = reasoning.signer.empty() || provider_.empty() || reasoning.signer == provider_;
    if (reasoning.origin == DialectId::kBedrock) return same;
    return reasoning.origin == DialectId::kAnthropic && family_ == Family::kAnthropic && !reasoning.signature.empty();
  }

 private:
  void Lose(std::string reason) { losses_.push_back({Loss::Kind::kContent, at_->path(), std::move(reason)}); }

  // A cache point follows its block; within a result it follows the result.
  void NoteCache(const std::optional<CacheMark>& mark) {
    if (!nested_) {
      WriteCachePoint(writer_, mark);
    } else if (mark) {
      deferred_ = mark;
    }
  }

  void WriteBlock(const TextBlock& text) {
    writer_.BeginObject().Field("text", text.text).EndObject();
    NoteCache(text.cache);
  }
  void WriteBlock(const RefusalBlock& refusal) { writer_.BeginObject().Field("text", refusal.text).EndObject(); }

  void WriteBlock(const ReasoningBlock& reasoning) {
    writer_.BeginObject().Key("reasoningContent").BeginObject();
    if (!reasoning.redacted.empty()) {
      writer_.Field("redactedContent", reasoning.redacted);
    } else {
      writer_.Key("reasoningText").BeginObject().Field("text", reasoning.text);
      if (!reasoning.signature.empty()) writer_.Field("signature", reasoning.signature);
      writer_.EndObject();
    }
    writer_.EndObject().EndObject();
  }

  void WriteBlock(const ImageBlock& image) {
    const auto source = SourceOf(image.source);
    WriteMedia(source, "image", ImageFormat(source.media_type));
    NoteCache(image.cache);
  }
  void WriteBlock(const AudioBlock& audio) {
    WriteMedia(Source::Of(audio.source), "audio", AudioFormat(audio.source.media_type));
  }

  // {"image":{"format","source":{"bytes"}|{"s3Location":{"uri"}}}}
  void WriteMedia(const Source& source, std::string_view kind, std::string_view format) {
    if (!Takes(source, kind, format)) return;
    writer_.BeginObject().Key(kind).BeginObject().Field("format", format);
    WriteSource(source);
    writer_.EndObject().EndObject();
  }

  // Converse takes bytes and objects in S3; of anything else the caller has to send the bytes.
  bool Takes(const Source& source, std::string_view kind, std::string_view format) {
    if (source.form == Source::Form::kReference && !source.content.starts_with(kS3)) {
      Lose("Bedrock fetches no URLs and no files of others. Send the bytes of the " + std::string(kind));
      return false;
    }
    if (format.empty()) {
      const std::string_view type = source.media_type.empty() ? "an unknown type" : source.media_type;
      Lose("Bedrock takes no " + std::string(kind) + " of " + std::string(type));
    }
    return !format.empty();
  }

  void WriteSource(const Source& source) {
    writer_.Key("source").BeginObject();
    if (source.form == Source::Form::kText) writer_.Field("text", source.content);
    if (source.form == Source::Form::kBytes) writer_.Field("bytes", source.content);
    if (source.form == Source::Form::kReference) {
      writer_.Key("s3Location").BeginObject().Field("uri", source.content).EndObject();
    }
    writer_.EndObject();
  }

  void WriteBlock(const DocumentBlock& document) {
    const auto source = SourceOf(document.source);
    const auto format = DocumentFormat(source.media_type);
    if (!Takes(source, "document", format)) return;
    const auto taken = names_[DocumentName(document.name, 0)]++;
    writer_.BeginObject().Key("document").BeginObject().Field("format", format);
    writer_.Field("name", DocumentName(document.name, taken));
    WriteSource(source);
    if (!document.context.empty()) writer_.Field("context", document.context);
    if (!document.citations.empty()) writer_.RawField("citations", document.citations);
    writer_.EndObject().EndObject();
    NoteCache(document.cache);
  }

  void WriteBlock(const ToolCallBlock& call) {
    writer_.BeginObject().Key("toolUse").BeginObject().Field("toolUseId", ToolUseId(call.id));
    writer_.Field("name", call.name).RawField("input", common::CallInput(call)).EndObject().EndObject();
    NoteCache(call.cache);
  }

  void WriteBlock(const ToolResultBlock& result) {
    writer_.BeginObject().Key("toolResult").BeginObject();
    writer_.Field("toolUseId", ToolUseId(result.tool_call_id)).Key("content").BeginArray();
    WriteResult(result);
    writer_.EndArray();
    if (result.outcome == ToolResultBlock::Outcome::kFailed) writer_.Field("status", "error");
    writer_.EndObject().EndObject();
    NoteCache(result.cache ? result.cache : std::exchange(deferred_, std::nullopt));
  }

  void WriteResult(const ToolResultBlock& result) {
    if (own_ && !result.structured.empty()) {
      writer_.BeginObject().RawField("json", result.structured).EndObject();
      return;
    }
    nested_ = true;
    for (const auto& block : result.content) {
      if (Says(block)) std::visit([this](const auto& b) { WriteBlock(b); }, block);
    }
    nested_ = false;
  }

  void WriteBlock(const OpaqueBlock& opaque) {
    if (opaque.origin == DialectId::kBedrock) {
      writer_.Raw(opaque.json);
    } else {
      Lose("Bedrock has no equivalent of " + opaque.type);
    }
  }

  Writer& writer_;
  bool own_;  // the client speaks Converse
  Family family_;
  std::string_view provider_;
  std::vector<Loss>& losses_;
  const TurnBlock* at_ = nullptr;
  bool nested_ = false;                       // within a tool's result
  std::optional<CacheMark> deferred_;         // of a block within a tool's result
  std::map<std::string, std::size_t> names_;  // of documents, and how often each was given
};

}  // namespace

void WriteCachePoint(Writer& writer, const std::optional<CacheMark>& mark) {
  if (!mark) return;
  writer.BeginObject().Key("cachePoint").BeginObject().Field("type", "default");
  if (mark->ttl == "5m" || mark->ttl == "1h") writer.Field("ttl", mark->ttl);
  if (mark->ttl == "30m" || mark->ttl == "12h") writer.Field("ttl", "1h");  // the nearest
  writer.EndObject().EndObject();
}

base::Status WriteConversation(Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                               std::span<const TurnBlock> system, std::span<const Turn> turns,
                               std::vector<Loss>& losses) {
  BlockWriter blocks(writer, request, options, losses);
  common::NoteReasoning(
      request, "Bedrock", [&](const ReasoningBlock& reasoning) { return blocks.IsOurs(reasoning); }, losses);
  if (std::ranges::any_of(system, [&](const TurnBlock& block) { return blocks.Says(*block.block); })) {
    writer.Key("system").BeginArray();
    for (const auto& block : system) blocks.Write(block);
    writer.EndArray();
  }
  writer.Key("messages").BeginArray();
  std::size_t written = 0;
  for (const auto& turn : turns) {
    if (!blocks.Says(turn)) continue;
    ++written;
    writer.BeginObject().Field("role", turn.role == Role::kAssistant ? "assistant" : "user");
    writer.Key("content").BeginArray();
    for (const auto& block : turn.blocks) blocks.Write(block);
    writer.EndArray().EndObject();
  }
  writer.EndArray();
  return common::RequireTurns(written, "Bedrock", losses);
}

}  // namespace gatehouse::llm::dialect::bedrock
