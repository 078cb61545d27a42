#include <algorithm>
#include <array>

#include "codec/crypto/encoding.h"
#include "codec/text/utf8.h"
#include "llm/dialect/anthropic/content.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/losses.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Writer;

constexpr std::array<std::string_view, 4> kImageTypes = {"image/jpeg", "image/png", "image/gif", "image/webp"};
constexpr std::string_view kPdf = "application/pdf";

bool IsImageType(std::string_view type) { return std::ranges::find(kImageTypes, type) != kImageTypes.end(); }

void WriteBase64(Writer& writer, const InlineMedia& media) {
  writer.Key("source").BeginObject().Field("type", "base64");
  writer.Field("media_type", media.media_type).Field("data", media.base64).EndObject();
}

// A document of text that came as bytes, in the only form that Anthropic takes text in; nullopt for anything else.
std::optional<std::string> TextOf(const InlineMedia& media) {
  const auto type = std::string_view(media.media_type).substr(0, media.media_type.find(';'));
  if (!type.starts_with("text/") && type != "application/json" && type != "application/xml") return std::nullopt;
  auto text = codec::crypto::Base64Decode(media.base64);
  if (!text || !codec::text::IsValidUtf8(*text)) return std::nullopt;
  return text;
}

void WriteUrl(Writer& writer, std::string_view url) {
  writer.Key("source").BeginObject().Field("type", "url").Field("url", url).EndObject();
}

void WriteFile(Writer& writer, std::string_view id) {
  writer.Key("source").BeginObject().Field("type", "file").Field("file_id", id).EndObject();
}

void WritePlainText(Writer& writer, std::string_view text) {
  writer.Key("source").BeginObject().Field("type", "text").Field("media_type", "text/plain");
  writer.Field("data", text).EndObject();
}

}  // namespace

void WriteCacheMark(Writer& writer, const std::optional<CacheMark>& mark) {
  if (!mark) return;
  writer.Key("cache_control").BeginObject().Field("type", "ephemeral");
  // OpenAI's lifetimes of 30 minutes and 12 hours become the nearest that Anthropic knows.
  if (mark->ttl == "5m" || mark->ttl == "1h") writer.Field("ttl", mark->ttl);
  if (mark->ttl == "30m" || mark->ttl == "12h") writer.Field("ttl", "1h");
  writer.EndObject();
}

void ContentWriter::Write(const Block& block, Role role, std::string_view path) {
  role_ = role;
  path_ = path;
  std::visit([this](const auto& b) { Write(b); }, block);
}

void ContentWriter::Lose(std::string_view reason) {
  losses_->push_back({Loss::Kind::kContent, std::string(path_), std::string(reason)});
}

void ContentWriter::Write(const TextBlock& text) {
  if (text.text.empty()) return;  // an empty text block is an error there
  writer_->BeginObject().Field("type", "text").Field("text", text.text);
  const bool allowed = role_ == Role::kAssistant || target_.can.text_citations == Capabilities::Citations::kAnywhere;
  if (!text.citations.empty() && text.citations_origin == DialectId::kAnthropic && allowed) {
    writer_->RawField("citations", text.citations);
  }
  WriteCacheMark(*writer_, text.cache);
  writer_->EndObject();
}

void ContentWriter::Write(const ImageBlock& image) {
  const auto* media = std::get_if<InlineMedia>(&image.source);
  if (media != nullptr && !IsImageType(media->media_type)) {
    return Lose("Anthropic takes images as JPEG, PNG, GIF or WebP, not as " + media->media_type + ".");
  }
  const auto* file = std::get_if<MediaFile>(&image.source);
  if (file != nullptr && target_.origin != DialectId::kAnthropic) {
    return Lose("The image is a file stored at another provider. Send its bytes or a URL.");
  }
  writer_->BeginObject().Field("type", "image");
  if (media != nullptr) WriteBase64(*writer_, *media);
  if (file != nullptr) WriteFile(*writer_, file->id);
  if (const auto* url = std::get_if<MediaUrl>(&image.source)) WriteUrl(*writer_, url->url);
  WriteCacheMark(*writer_, image.cache);
  writer_->EndObject();
}

bool ContentWriter::WriteDocumentSource(const DocumentBlock& document) {
  if (const auto* media = std::get_if<InlineMedia>(&document.source)) {
    if (auto text = TextOf(*media)) {
      writer_->BeginObject().Field("type", "document");
      WritePlainText(*writer_, *text);
      return true;
    }
    if (media->media_type != kPdf) {
      Lose("Anthropic takes documents as PDF or plain text, not as " + media->media_type + ".");
      return false;
    }
    writer_->BeginObject().Field("type", "document");
    WriteBase64(*writer_, *media);
  } else if (const auto* url = std::get_if<MediaUrl>(&document.source)) {
    writer_->BeginObject().Field("type", "document");
    WriteUrl(*writer_, url->url);
  } else if (const auto* file = std::get_if<MediaFile>(&document.source)) {
    if (target_.origin != DialectId::kAnthropic) {
      Lose("The document is a file stored at another provider. Send its bytes or a URL.");
      return false;
    }
    writer_->BeginObject().Field("type", "document");
    WriteFile(*writer_, file->id);
  } else {
    writer_->BeginObject().Field("type", "document");
    WritePlainText(*writer_, std::get<std::string>(document.source));
  }
  return true;
}

void ContentWriter::Write(const DocumentBlock& document) {
  if (role_ == Role::kAssistant && target_.can.assistant_documents == Capabilities::Documents::kUserOnly) {
    return Lose("This version of the Anthropic API takes no documents in messages of the assistant.");
  }
  if (!WriteDocumentSource(document)) return;
  if (!document.name.empty()) writer_->Field("title", document.name);
  if (!document.context.empty()) writer_->Field("context", document.context);
  if (!document.citations.empty() && target_.origin == DialectId::kAnthropic) {
    writer_->RawField("citations", document.citations);
  }
  WriteCacheMark(*writer_, document.cache);
  writer_->EndObject();
}

void ContentWriter::Write(const AudioBlock&) { Lose("Anthropic takes no audio."); }

void ContentWriter::Write(const ToolCallBlock& call) {
  writer_->BeginObject().Field("type", "tool_use").Field("id", call.id).Field("name", call.name).Key("input");
  writer_->Raw(common::CallInput(call));
  WriteCacheMark(*writer_, call.cache);
  writer_->EndObject();
}

void ContentWriter::Write(const ToolResultBlock& result) {
  std::string content;
  Writer content_writer(content);
  ContentWriter inner(content_writer, target_, *losses_);
  content_writer.BeginArray();
  // Structured output goes as a string: the model reads it the same way, and no key in it is taken for a part of the
  // request.
  if (result.content.empty()) inner.Write(TextBlock{.text = result.structured});
  for (std::size_t i = 0; i < result.content.size(); ++i) {
    inner.Write(result.content[i], Role::kUser, std::string(path_).append(".content[" + std::to_string(i) + "]"));
  }
  content_writer.EndArray();
  writer_->BeginObject().Field("type", "tool_result").Field("tool_use_id", result.tool_call_id);
  if (content != "[]") writer_->RawField("content", content);
  if (result.outcome == ToolResultBlock::Outcome::kFailed) writer_->Field("is_error", true);
  WriteCacheMark(*writer_, result.cache);
  writer_->EndObject();
}

bool IsOurs(const ReasoningBlock& reasoning, std::string_view provider) {
  const bool same_signer = reasoning.signer.empty() || reasoning.signer == provider;
  return reasoning.origin == DialectId::kAnthropic && same_signer;
}

void ContentWriter::Write(const ReasoningBlock& reasoning) {
  if (!IsOurs(reasoning, target_.provider)) return;
  if (!reasoning.redacted.empty()) {
    writer_->BeginObject().Field("type", "redacted_thinking").Field("data", reasoning.redacted).EndObject();
  } else if (!reasoning.signature.empty()) {
    writer_->BeginObject().Field("type", "thinking").Field("thinking", reasoning.text);
    writer_->Field("signature", reasoning.signature).EndObject();
  }
}

void ContentWriter::Write(const RefusalBlock& refusal) { Write(TextBlock{.text = refusal.text}); }

void ContentWriter::Write(const OpaqueBlock& opaque) {
  if (opaque.origin != DialectId::kAnthropic) {
    return Lose(common::NoEquivalent(kTarget, opaque.type));
  }
  writer_->Raw(opaque.json);
}

}  // namespace gatehouse::llm::dialect::anthropic
