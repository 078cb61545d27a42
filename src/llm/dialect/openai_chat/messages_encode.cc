#include <algorithm>
#include <utility>

#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/openai/family.h"
#include "llm/dialect/openai_chat/messages.h"
#include "llm/dialect/openai_chat/reasoning_details.h"
#include "llm/dialect/openai_chat/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using codec::json::Writer;
using openai::IsOpenAi;

struct Output {
  Writer& writer;
  const ChatRequest& request;
  const EncodeOptions& options;
  std::vector<Loss>& losses;

  void Lose(Loss::Kind kind, std::string field, std::string_view what) const {
    losses.push_back({kind, std::move(field), common::NoEquivalent(kTarget, what)});
  }
};

std::string BlockPath(const Message& message, std::size_t index) {
  return std::string(message.source).append(".content[").append(std::to_string(index)).append("]");
}

// OpenAI caches by itself; its explicit marks are kept where the client speaks its language.
void WriteCacheMark(const Output& out, const std::optional<CacheMark>& mark) {
  if (!mark || out.request.origin != DialectId::kOpenAiChat) return;
  out.writer.Key("prompt_cache_breakpoint").BeginObject().Field("mode", "explicit");
  if (!mark->ttl.empty()) out.writer.Field("ttl", mark->ttl);
  out.writer.EndObject();
}

void WriteText(const Output& out, std::string_view text, const std::optional<CacheMark>& mark) {
  out.writer.BeginObject().Field("type", "text").Field("text", text);
  WriteCacheMark(out, mark);
  out.writer.EndObject();
}

// One part of a user message (or of a tool's result).
struct PartWriter {
  const Output& out;
  const Message& message;
  std::size_t index;

  void Lose(std::string_view what) const { out.Lose(Loss::Kind::kContent, BlockPath(message, index), what); }

  void operator()(const TextBlock& text) const { WriteText(out, text.text, text.cache); }
  void operator()(const RefusalBlock& refusal) const {
    out.writer.BeginObject().Field("type", "refusal").Field("refusal", refusal.text).EndObject();
  }
  void operator()(const ImageBlock& image) const {
    const auto url = common::UrlOfSource(image.source);
    if (!url) return Lose("an image stored at another provider");
    out.writer.BeginObject().Field("type", "image_url").Key("image_url").BeginObject().Field("url", *url);
    if (!image.detail.empty()) out.writer.Field("detail", image.detail);
    out.writer.EndObject();
    WriteCacheMark(out, image.cache);
    out.writer.EndObject();
  }
  void operator()(const AudioBlock& audio) const {
    const std::string_view type = common::Subtype(audio.source.media_type);
    const bool mp3 = type == "mpeg" || type == "mp3";
    if (!mp3 && type != "wav" && type != "x-wav" && !IsOpenAi(out.request.origin)) {
      return Lose("audio other than wav and mp3");
    }
    out.writer.BeginObject().Field("type", "input_audio").Key("input_audio").BeginObject();
    out.writer.Field("data", audio.source.base64).Field("format", mp3 ? "mp3" : type == "x-wav" ? "wav" : type);
    out.writer.EndObject().EndObject();
  }
  void operator()(const DocumentBlock& document) const {
    if (const auto* text = std::get_if<std::string>(&document.source)) return WritePlainDocument(document, *text);
    if (std::holds_alternative<MediaUrl>(document.source)) return Lose("a document given by its URL");
    const auto* stored = std::get_if<MediaFile>(&document.source);
    if (stored != nullptr && !IsOpenAi(out.request.origin)) return Lose("a document stored at another provider");
    out.writer.BeginObject().Field("type", "file").Key("file").BeginObject();
    if (stored != nullptr) {
      out.writer.Field("file_id", stored->id);
    } else {
      const auto& media = std::get<InlineMedia>(document.source);
      out.writer.Field("filename", FileName(document, media)).Field("file_data", common::ToDataUrl(media));
    }
    out.writer.EndObject();
    WriteCacheMark(out, document.cache);
    out.writer.EndObject();
  }
  void operator()(const OpaqueBlock& opaque) const {
    if (opaque.origin != DialectId::kOpenAiChat) return Lose(opaque.type);
    out.writer.Raw(opaque.json);
  }
  // Written elsewhere, or not at all, by the message they stand in.
  void operator()(const ToolCallBlock&) const {}
  void operator()(const ToolResultBlock&) const {}
  void operator()(const ReasoningBlock&) const {}

 private:
  static std::string FileName(const DocumentBlock& document, const InlineMedia& media) {
    return document.name.empty() ? common::FileNameFor(media.media_type) : document.name;
  }
  void WritePlainDocument(const DocumentBlock& document, std::string_view text) const {
    std::string whole;
    if (!document.name.empty()) whole.append(document.name).append("\n\n");
    if (!document.context.empty()) whole.append(document.context).append("\n\n");
    WriteText(out, whole.append(text), document.cache);
  }
};

// A single plain text is a string, as every server understands it; anything else is an array of parts.
void WriteContent(const Output& out, const Message& message, std::span<const Block> blocks) {
  const auto* only = blocks.size() == 1 ? std::get_if<TextBlock>(&blocks.front()) : nullptr;
  const bool marked = only != nullptr && only->cache && out.request.origin == DialectId::kOpenAiChat;
  if (only != nullptr && !marked) {
    out.writer.String(only->text);
    return;
  }
  out.writer.BeginArray();
  std::size_t index = 0;
  for (const Block& block : blocks) std::visit(PartWriter{out, message, index++}, block);
  out.writer.EndArray();
}

bool IsMedia(const Block& block) {
  return std::holds_alternative<ImageBlock>(block) || std::holds_alternative<DocumentBlock>(block) ||
         std::holds_alternative<AudioBlock>(block);
}

// A tool message is text only: what is no text follows in a user message.
std::string ToolText(const ToolResultBlock& result) {
  const bool said = !common::JoinText(result.content, "\n").empty() || !result.structured.empty();
  const bool failed = result.outcome == ToolResultBlock::Outcome::kFailed;
  if (said || std::ranges::none_of(result.content, IsMedia)) return common::ResultText(result);
  constexpr std::string_view kBelow = "The result follows in the next user message.";
  return failed ? common::FailureText(std::string(kBelow)) : std::string(kBelow);
}

void WriteToolMessage(const Output& out, const Message& message, std::size_t index, const ToolResultBlock& result) {
  Writer& writer = out.writer;
  if (out.request.tool_style == ChatRequest::ToolStyle::kLegacyFunctions) {
    writer.BeginObject().Field("role", "function").Field("name", result.name).Field("content", ToolText(result));
    writer.EndObject();
    return;
  }
  writer.BeginObject().Field("role", "tool").Field("tool_call_id", result.tool_call_id).Key("content");
  const bool parts = result.content.size() > 1 && common::IsPlainText(result.content) &&
                     result.outcome == ToolResultBlock::Outcome::kOk;
  if (parts) {
    WriteContent(out, message, result.content);
  } else {
    writer.String(ToolText(result));
  }
  writer.EndObject();
  for (const Block& block : result.content) {
    if (const auto* opaque = std::get_if<OpaqueBlock>(&block)) {
      out.Lose(Loss::Kind::kContent, BlockPath(message, index), opaque->type);
    }
  }
}

// The media of tool results, as a user message behind the tool messages.
void WriteToolMedia(const Output& out, const Message& message, const ToolResultBlock& result) {
  if (std::ranges::none_of(result.content, IsMedia)) return;
  out.writer.BeginObject().Field("role", "user").Key("content").BeginArray();
  WriteText(out, "The result of tool call " + result.tool_call_id + ":", std::nullopt);
  std::size_t index = 0;
  for (const Block& block : result.content) {
    if (IsMedia(block)) std::visit(PartWriter{out, message, index}, block);
    ++index;
  }
  out.writer.EndArray().EndObject();
}

template <class Visit>
void ForEachResult(std::span<const Message> run, Visit visit) {
  for (const Message& message : run) {
    std::size_t index = 0;
    for (const Block& block : message.blocks) {
      if (const auto* result = std::get_if<ToolResultBlock>(&block)) visit(message, index, *result);
      ++index;
    }
  }
}

void WriteUserMessage(const Output& out, const Message& message) {
  std::vector<Block> rest;
  std::ranges::copy_if(message.blocks, std::back_inserter(rest),
                       [](const Block& b) { return !std::holds_alternative<ToolResultBlock>(b); });
  if (rest.empty()) return;
  out.writer.BeginObject().Field("role", "user");
  if (!message.name.empty()) out.writer.Field("name", message.name);
  out.writer.Key("content");
  WriteContent(out, message, rest);
  out.writer.EndObject();
}

// Consecutive user messages: the results of tools come first, right behind the calls, one message each.
void WriteUserRun(const Output& out, std::span<const Message> run) {
  ForEachResult(run,
                [&](const Message& m, std::size_t i, const ToolResultBlock& r) { WriteToolMessage(out, m, i, r); });
  ForEachResult(run, [&](const Message& m, std::size_t, const ToolResultBlock& r) { WriteToolMedia(out, m, r); });
  for (const Message& message : run) WriteUserMessage(out, message);
}

void WriteSystem(const Output& out, const Message& message) {
  out.writer.BeginObject().Field("role", message.role == Role::kDeveloper ? "developer" : "system");
  if (!message.name.empty()) out.writer.Field("name", message.name);
  out.writer.Key("content");
  WriteContent(out, message, message.blocks);
  out.writer.EndObject();
}

void WriteToolCalls(const Output& out, const Message& message) {
  Writer& writer = out.writer;
  const auto is_call = [](const Block& b) { return std::holds_alternative<ToolCallBlock>(b); };
  if (std::ranges::none_of(message.blocks, is_call)) return;
  const bool legacy = out.request.tool_style == ChatRequest::ToolStyle::kLegacyFunctions;
  writer.Key(legacy ? "function_call" : "tool_calls");
  if (!legacy) writer.BeginArray();
  bool first = true;
  for (const Block& block : message.blocks) {
    const auto* call = std::get_if<ToolCallBlock>(&block);
    if (call == nullptr || (legacy && !std::exchange(first, false))) continue;
    writer.BeginObject();
    if (legacy) {
      writer.Field("name", call->name).Field("arguments", call->arguments);
    } else {
      WriteToolCallMembers(writer, *call, out.options.reasoning_field.empty() ? Signatures::kDrop : Signatures::kKeep);
    }
    writer.EndObject();
  }
  if (!legacy) writer.EndArray();
}

// Earlier reasoning, for targets that take it back.
void WriteReasoning(const Output& out, const Message& message) {
  if (out.options.reasoning_field.empty()) return;
  std::string text;
  bool sealed = false;
  for (const Block& block : message.blocks) {
    if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) {
      text += reasoning->text;
      sealed = sealed || IsSealed(*reasoning);
    }
  }
  if (!text.empty()) out.writer.Field(out.options.reasoning_field, text);
  if (!sealed) return;
  out.writer.Key("reasoning_details").BeginArray();
  std::size_t index = 0;
  std::size_t place = 0;
  for (const Block& block : message.blocks) {
    if (const auto* reasoning = std::get_if<ReasoningBlock>(&block)) {
      index += WriteDetails(out.writer, *reasoning, index, place, Unsealed::kWrite);
    }
    ++place;
  }
  out.writer.EndArray();
}

// Images that a model made come back from our own clients as they went; OpenAI itself has no place for them.
bool IsMadeImage(const Output& out, const Block& block) {
  return std::holds_alternative<ImageBlock>(block) && out.request.origin == DialectId::kOpenAiChat;
}

void WriteMadeImages(const Output& out, const Message& message) {
  const auto is_made = [&](const Block& block) { return IsMadeImage(out, block); };
  if (std::ranges::none_of(message.blocks, is_made)) return;
  out.writer.Key("images").BeginArray();
  for (const Block& block : message.blocks) {
    if (is_made(block)) WriteMadeImage(out.writer, std::get<ImageBlock>(block));
  }
  out.writer.EndArray();
}

void WriteAssistantContent(const Output& out, const Message& message) {
  std::vector<Block> said;
  bool calls = false;
  std::size_t index = 0;
  for (const Block& block : message.blocks) {
    const auto* opaque = std::get_if<OpaqueBlock>(&block);
    const bool audio = opaque != nullptr && opaque->origin == DialectId::kOpenAiChat && opaque->type == "audio";
    calls = calls || std::holds_alternative<ToolCallBlock>(block) || audio;
    if (audio) {
      out.writer.RawField("audio", opaque->json);
    } else if (std::holds_alternative<TextBlock>(block) || std::holds_alternative<RefusalBlock>(block)) {
      said.push_back(block);
    } else if (opaque != nullptr || (IsMedia(block) && !IsMadeImage(out, block))) {
      out.Lose(Loss::Kind::kContent, BlockPath(message, index),
               opaque != nullptr ? std::string_view(opaque->type) : "media in an assistant's message");
    }
    ++index;
  }
  out.writer.Key("content");
  if (said.size() > 1 && out.request.origin != DialectId::kOpenAiChat && common::IsPlainText(said)) {
    out.writer.String(common::JoinText(said));  // pieces of one text, as citations split it
  } else if (!said.empty()) {
    WriteContent(out, message, said);
  } else if (calls) {
    out.writer.Null();
  } else {
    out.writer.String("");
  }
}

void WriteAssistant(const Output& out, const Message& message) {
  out.writer.BeginObject().Field("role", "assistant");
  if (!message.name.empty()) out.writer.Field("name", message.name);
  WriteAssistantContent(out, message);
  WriteMadeImages(out, message);
  WriteReasoning(out, message);
  WriteToolCalls(out, message);
  out.writer.EndObject();
}

}  // namespace

void WriteThoughtSignature(Writer& writer, std::string_view signature) {
  writer.Key("extra_content").BeginObject().Key("google").BeginObject().Field("thought_signature", signature);
  writer.EndObject().EndObject();
}

void WriteMadeImage(Writer& writer, const ImageBlock& image) {
  const auto url = common::UrlOfSource(image.source);
  if (!url) return;
  writer.BeginObject().Field("type", "image_url").Key("image_url").BeginObject().Field("url", *url).EndObject();
  if (!image.signature.empty()) WriteThoughtSignature(writer, image.signature);
  writer.EndObject();
}

void WriteToolCallMembers(Writer& writer, const ToolCallBlock& call, Signatures signatures) {
  const bool custom = call.kind == ToolKind::kCustom;
  writer.Field("id", call.id).Field("type", custom ? "custom" : "function");
  writer.Key(custom ? "custom" : "function").BeginObject().Field("name", call.name);
  if (custom) {
    writer.Field("input", call.arguments);
  } else {
    writer.Field("arguments", call.arguments.empty() ? std::string_view("{}") : std::string_view(call.arguments));
  }
  writer.EndObject();
  if (signatures == Signatures::kKeep && !call.signature.empty()) WriteThoughtSignature(writer, call.signature);
}

void EncodeMessages(Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                    std::vector<Loss>& losses) {
  const Output out{writer, request, options, losses};
  const std::span<const Message> messages(request.messages);
  writer.BeginArray();
  for (std::size_t i = 0; i < messages.size();) {
    const Message& message = messages[i];
    if (message.role == Role::kUser) {
      std::size_t end = i;
      while (end < messages.size() && messages[end].role == Role::kUser) ++end;
      WriteUserRun(out, messages.subspan(i, end - i));
      i = end;
      continue;
    }
    message.role == Role::kAssistant ? WriteAssistant(out, message) : WriteSystem(out, message);
    ++i;
  }
  writer.EndArray();
}

}  // namespace gatehouse::llm::dialect::openai_chat
