#include <algorithm>
#include <string>

#include "codec/json/document.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/openai_responses/items.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Writer;

constexpr std::string_view kWav = "wav";

// Tool calls, tool results, reasoning, images that a tool made and opaque items stand beside messages, not in them.
bool IsItem(const Block& block) {
  if (const auto* image = std::get_if<ImageBlock>(&block)) return !image->item.empty();
  return std::holds_alternative<ToolCallBlock>(block) || std::holds_alternative<ToolResultBlock>(block) ||
         std::holds_alternative<ReasoningBlock>(block) || std::holds_alternative<OpaqueBlock>(block);
}

// A part that we do not know is one of the message that it came in.
bool IsUnknownPart(const Message& message, const Block& block) {
  return std::holds_alternative<OpaqueBlock>(block) && !message.item.empty();
}

std::string PathOf(const Message& message, std::size_t index) {
  return std::string(message.source).append(".content[").append(std::to_string(index)).append("]");
}

std::string_view AudioFormat(std::string_view media_type) {
  const auto subtype = common::Subtype(media_type);
  return subtype == "mpeg" ? std::string_view("mp3") : subtype == "x-wav" ? kWav : subtype;
}

}  // namespace

// Content parts, into an array that the caller opened.
struct ItemWriter::Parts {
  ItemWriter& items;
  Role role;
  std::string path;

  Writer& writer() const { return *items.writer_; }
  void Lose(std::string_view what) const { items.Lose(path, what); }

  void WriteCacheMark(const std::optional<CacheMark>& mark) const {
    if (!mark || !IsOpenAi(items.request_->origin)) return;
    writer().Key("prompt_cache_breakpoint").BeginObject().Field("mode", "explicit");
    if (!mark->ttl.empty()) writer().Field("ttl", mark->ttl);
    writer().EndObject();
  }
  void WriteText(std::string_view text, const std::optional<CacheMark>& cache) const {
    writer().BeginObject().Field("type", role == Role::kAssistant ? "output_text" : "input_text").Field("text", text);
    WriteCacheMark(cache);
    writer().EndObject();
  }

  void operator()(const TextBlock& text) const {
    if (role != Role::kAssistant || text.citations.empty() || text.citations_origin != DialectId::kOpenAiResponses) {
      return WriteText(text.text, text.cache);
    }
    writer().BeginObject().Field("type", "output_text").Field("text", text.text);
    writer().RawField("annotations", text.citations).EndObject();
  }
  void operator()(const RefusalBlock& refusal) const {
    if (role != Role::kAssistant) return WriteText(refusal.text, {});
    writer().BeginObject().Field("type", "refusal").Field("refusal", refusal.text).EndObject();
  }
  void operator()(const ImageBlock& image) const {
    const auto* file = std::get_if<MediaFile>(&image.source);
    if (role == Role::kAssistant) return Lose("an image in a message of the assistant");
    if (file != nullptr && !IsOpenAi(items.request_->origin)) return Lose("an image stored at another provider");
    writer().BeginObject().Field("type", "input_image");
    if (file != nullptr) writer().Field("file_id", file->id);
    if (const auto url = common::UrlOfSource(image.source)) writer().Field("image_url", *url);
    writer().Field("detail", image.detail.empty() ? std::string_view("auto") : std::string_view(image.detail));
    WriteCacheMark(image.cache);
    writer().EndObject();
  }
  void operator()(const DocumentBlock& document) const {
    if (const auto* text = std::get_if<std::string>(&document.source)) return WritePlainDocument(document, *text);
    const auto* file = std::get_if<MediaFile>(&document.source);
    if (role == Role::kAssistant) return Lose("a document in a message of the assistant");
    if (file != nullptr && !IsOpenAi(items.request_->origin)) return Lose("a document stored at another provider");
    writer().BeginObject().Field("type", "input_file");
    if (file != nullptr) writer().Field("file_id", file->id);
    if (const auto* url = std::get_if<MediaUrl>(&document.source)) writer().Field("file_url", url->url);
    if (const auto* media = std::get_if<InlineMedia>(&document.source)) WriteFileData(document, *media);
    WriteCacheMark(document.cache);
    writer().EndObject();
  }
  void operator()(const AudioBlock& audio) const {
    if (role == Role::kAssistant) return Lose("audio in a message of the assistant");
    writer().BeginObject().Field("type", "input_audio").Key("input_audio").BeginObject();
    writer().Field("data", audio.source.base64).Field("format", AudioFormat(audio.source.media_type));
    writer().EndObject().EndObject();
  }
  void operator()(const OpaqueBlock& opaque) const {
    if (opaque.origin != DialectId::kOpenAiResponses) return Lose(opaque.type);
    writer().Raw(opaque.json);
  }
  // Items of their own.
  void operator()(const ToolCallBlock&) const {}
  void operator()(const ToolResultBlock&) const {}
  void operator()(const ReasoningBlock&) const {}

 private:
  void WriteFileData(const DocumentBlock& document, const InlineMedia& media) const {
    writer().Field("filename", document.name.empty() ? common::FileNameFor(media.media_type) : document.name);
    writer().Field("file_data", common::ToDataUrl(media));
  }
  void WritePlainDocument(const DocumentBlock& document, std::string_view text) const {
    std::string whole;
    if (!document.name.empty()) whole.append(document.name).append("\n\n");
    if (!document.context.empty()) whole.append(document.context).append("\n\n");
    WriteText(whole.append(text), document.cache);
  }
};

ItemWriter::ItemWriter(Writer& writer, const ChatRequest& request, std::string_view provider, std::vector<Loss>& losses)
    : writer_(&writer), request_(&request), provider_(provider), losses_(&losses) {}

void ItemWriter::Lose(std::string_view path, std::string_view what) {
  losses_->push_back({Loss::Kind::kContent, std::string(path), common::NoEquivalent(kTarget, what)});
}

void ItemWriter::Write(const Message& message) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < message.blocks.size(); ++i) {
    if (!IsItem(message.blocks[i]) || IsUnknownPart(message, message.blocks[i])) continue;
    WriteRun(message, begin, i);
    WriteItem(message, i);
    begin = i + 1;
  }
  WriteRun(message, begin, message.blocks.size());
}

void ItemWriter::WriteRun(const Message& message, std::size_t begin, std::size_t end) {
  if (begin == end) return;
  writer_->BeginObject().Field("type", "message").Field("role", common::FindText(kRoles, message.role));
  writer_->Key("content").BeginArray();
  for (std::size_t i = begin; i < end; ++i) {
    std::visit(Parts{*this, message.role, PathOf(message, i)}, message.blocks[i]);
  }
  writer_->EndArray();
  if (begin == 0) WriteFurther(message.item);
  writer_->EndObject();
}

void ItemWriter::WriteFurther(const JsonText& item) {
  codec::json::Document document;
  if (item.empty() || request_->origin != DialectId::kOpenAiResponses || !document.Parse(item).ok()) return;
  for (const auto member : document.root()) writer_->RawField(member.key, member.value.raw());
}

void ItemWriter::WriteItem(const Message& message, std::size_t index) {
  const Block& block = message.blocks[index];
  if (const auto* call = std::get_if<ToolCallBlock>(&block)) return WriteCall(*call);
  if (const auto* result = std::get_if<ToolResultBlock>(&block)) return WriteResult(*result, PathOf(message, index));
  if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) return WriteReasoning(*reasoning);
  if (const auto* image = std::get_if<ImageBlock>(&block)) return WriteImage(*image);
  Parts{*this, message.role, PathOf(message, index)}(std::get<OpaqueBlock>(block));
}

void ItemWriter::WriteCall(const ToolCallBlock& call) {
  const bool custom = call.kind == ToolKind::kCustom;
  if (custom) custom_calls_.push_back(call.id);
  writer_->BeginObject().Field("type", custom ? "custom_tool_call" : "function_call").Field("call_id", call.id);
  writer_->Field("name", call.name);
  if (custom) {
    writer_->Field("input", call.arguments);
  } else {
    writer_->Field("arguments", call.arguments.empty() ? std::string_view("{}") : std::string_view(call.arguments));
  }
  WriteFurther(call.item);
  writer_->EndObject();
}

void ItemWriter::WriteResult(const ToolResultBlock& result, std::string_view path) {
  const bool custom = std::ranges::find(custom_calls_, result.tool_call_id) != custom_calls_.end();
  writer_->BeginObject().Field("type", custom ? "custom_tool_call_output" : "function_call_output");
  writer_->Field("call_id", result.tool_call_id).Key("output");
  const bool failed = result.outcome == ToolResultBlock::Outcome::kFailed;
  if (result.content.size() <= 1 && common::IsPlainText(result.content)) {
    writer_->String(common::ResultText(result));
  } else {
    writer_->BeginArray();
    if (failed) Parts{*this, Role::kUser, {}}.WriteText(common::FailureText({}), std::nullopt);
    for (std::size_t i = 0; i < result.content.size(); ++i) {
      std::visit(Parts{*this, Role::kUser, std::string(path).append(".content[" + std::to_string(i) + "]")},
                 result.content[i]);
    }
    writer_->EndArray();
  }
  WriteFurther(result.item);
  writer_->EndObject();
}

bool ItemWriter::IsOurs(const ReasoningBlock& reasoning) const {
  const bool same_signer = reasoning.signer.empty() || reasoning.signer == provider_;
  // Without its content only the provider's own store knows the item.
  const bool stored = !reasoning.id.empty() && request_->origin == DialectId::kOpenAiResponses;
  return reasoning.origin == DialectId::kOpenAiResponses && same_signer && (!reasoning.redacted.empty() || stored);
}

void ItemWriter::WriteImage(const ImageBlock& image) {
  writer_->BeginObject().Field("type", "image_generation_call");
  if (const auto* media = std::get_if<InlineMedia>(&image.source)) writer_->Field("result", media->base64);
  WriteFurther(image.item);
  writer_->EndObject();
}

void ItemWriter::WriteReasoning(const ReasoningBlock& reasoning) {
  if (!IsOurs(reasoning)) return;
  writer_->BeginObject().Field("type", "reasoning");
  if (!reasoning.id.empty()) writer_->Field("id", reasoning.id);
  writer_->Key("summary").BeginArray();
  if (!reasoning.text.empty()) {
    writer_->BeginObject().Field("type", "summary_text").Field("text", reasoning.text).EndObject();
  }
  writer_->EndArray();
  if (!reasoning.redacted.empty()) writer_->Field("encrypted_content", reasoning.redacted);
  WriteFurther(reasoning.item);
  writer_->EndObject();
}

}  // namespace gatehouse::llm::dialect::openai_responses
