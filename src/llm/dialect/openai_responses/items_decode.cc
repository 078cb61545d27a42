#include <algorithm>
#include <array>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/common/seal.h"
#include "llm/dialect/openai_responses/items.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using base::Status;
using common::Node;

OpaqueBlock Opaque(const Node& node, std::string_view type) {
  return {.origin = DialectId::kOpenAiResponses, .type = std::string(type), .json = std::string(node.value().raw())};
}

Status ReadCacheMark(const Node& part, std::optional<CacheMark>& out) {
  const Node mark = part["prompt_cache_breakpoint"];
  GH_CHECK_OK(common::AllowObject(mark));
  if (!mark.present()) return base::Ok();
  out.emplace();
  return common::Read(mark["ttl"], out->ttl);
}

Status DecodeTextPart(const Node& part, std::vector<Block>& blocks) {
  TextBlock block{.text = {}, .citations_origin = DialectId::kOpenAiResponses};
  GH_TRY(const auto text, common::RequireString(part["text"]));
  block.text = text;
  GH_CHECK_OK(ReadCacheMark(part, block.cache));
  if (const auto annotations = part.value()["annotations"]; !annotations.empty()) block.citations = annotations.raw();
  blocks.emplace_back(std::move(block));
  return base::Ok();
}

Status DecodeRefusalPart(const Node& part, std::vector<Block>& blocks) {
  GH_TRY(const auto text, common::RequireString(part["refusal"]));
  blocks.emplace_back(RefusalBlock{.text = std::string(text)});
  return base::Ok();
}

Status DecodeImagePart(const Node& part, std::vector<Block>& blocks) {
  ImageBlock block;
  std::string url;
  std::string file;
  GH_CHECK_OK(common::Read(part["image_url"], url));
  GH_CHECK_OK(common::Read(part["file_id"], file));
  if (url.empty() && file.empty()) return common::Invalid(part, "needs image_url or file_id");
  block.source = file.empty() ? common::SourceFromUrl(url) : MediaSource(MediaFile{.id = std::move(file)});
  GH_CHECK_OK(common::Read(part["detail"], block.detail));
  GH_CHECK_OK(ReadCacheMark(part, block.cache));
  blocks.emplace_back(std::move(block));
  return base::Ok();
}

// `file_data` is a data URL, or bare base64 of the kind that the file's name tells.
base::Result<InlineMedia> FileData(const Node& part, std::string_view data, std::string_view name) {
  if (auto media = common::ParseDataUrl(data)) return *std::move(media);
  const auto type = common::MediaTypeOfFile(name);
  if (type.empty()) return common::Invalid(part["file_data"], "must be a data URL");
  return InlineMedia{.media_type = std::string(type), .base64 = std::string(data)};
}

Status DecodeFilePart(const Node& part, std::vector<Block>& blocks) {
  DocumentBlock block;
  std::string id;
  std::string url;
  std::string data;
  GH_CHECK_OK(common::Read(part["filename"], block.name));
  GH_CHECK_OK(common::Read(part["file_id"], id));
  GH_CHECK_OK(common::Read(part["file_url"], url));
  GH_CHECK_OK(common::Read(part["file_data"], data));
  if (!id.empty()) {
    block.source = MediaFile{.id = std::move(id)};
  } else if (!url.empty()) {
    block.source = MediaUrl{.url = std::move(url), .media_type = {}};
  } else if (!data.empty()) {
    GH_TRY(block.source, FileData(part, data, block.name));
  } else {
    return common::Invalid(part, "needs file_id, file_url or file_data");
  }
  GH_CHECK_OK(ReadCacheMark(part, block.cache));
  blocks.emplace_back(std::move(block));
  return base::Ok();
}

Status DecodeAudioPart(const Node& part, std::vector<Block>& blocks) {
  const Node audio = part["input_audio"];
  GH_CHECK_OK(common::RequireObject(audio));
  GH_TRY(const auto data, common::RequireString(audio["data"]));
  GH_TRY(const auto format, common::RequireString(audio["format"]));
  blocks.emplace_back(AudioBlock{{.media_type = std::string("audio/").append(format), .base64 = std::string(data)}});
  return base::Ok();
}

struct PartKind {
  std::string_view type;
  Status (*decode)(const Node& part, std::vector<Block>& blocks);
};
constexpr PartKind kParts[] = {
    {"input_text", DecodeTextPart},   {"output_text", DecodeTextPart},  {"text", DecodeTextPart},
    {"refusal", DecodeRefusalPart},   {"input_image", DecodeImagePart}, {"input_file", DecodeFilePart},
    {"input_audio", DecodeAudioPart},
};

Status DecodePart(const Node& part, std::vector<Block>& blocks) {
  GH_CHECK_OK(common::RequireObject(part));
  GH_TRY(const auto type, common::RequireString(part["type"]));
  for (const auto& kind : kParts) {
    if (kind.type == type) return kind.decode(part, blocks);
  }
  blocks.emplace_back(Opaque(part, type));
  return base::Ok();
}

// A string, or an array of parts.
Status DecodeContent(const Node& content, std::vector<Block>& blocks) {
  if (content.value().IsString()) {
    blocks.emplace_back(TextBlock{.text = std::string(content.value().string())});
    return base::Ok();
  }
  if (!content.value().IsArray()) return common::WrongType(content, "a string or an array of parts");
  std::size_t index = 0;
  for (const auto element : content.value()) {
    GH_CHECK_OK(DecodePart(content.Element(element.value, index++), blocks));
  }
  return base::Ok();
}

Status DecodeMessage(const Node& item, Message& message) {
  const Node role_node = item["role"];
  GH_TRY(const auto word, common::RequireString(role_node));
  const auto role = common::FindValue(kRoles, word);
  if (!role) return common::Invalid(role_node, "must be user, assistant, system or developer");
  message.role = *role;
  return DecodeContent(item["content"], message.blocks);
}

Status DecodeCall(const Node& item, ToolKind kind, std::string_view arguments, Message& message) {
  GH_TRY(const auto id, common::RequireString(item["call_id"]));
  GH_TRY(const auto name, common::RequireString(item["name"]));
  GH_TRY(const auto text, common::RequireString(item[arguments]));
  message.role = Role::kAssistant;
  message.blocks.emplace_back(
      ToolCallBlock{.id = std::string(id), .name = std::string(name), .arguments = std::string(text), .kind = kind});
  return base::Ok();
}
Status DecodeFunctionCall(const Node& item, Message& message) {
  return DecodeCall(item, ToolKind::kFunction, "arguments", message);
}
Status DecodeCustomCall(const Node& item, Message& message) {
  return DecodeCall(item, ToolKind::kCustom, "input", message);
}

Status DecodeCallOutput(const Node& item, Message& message) {
  ToolResultBlock block;
  GH_TRY(const auto id, common::RequireString(item["call_id"]));
  block.tool_call_id = id;
  GH_CHECK_OK(DecodeContent(item["output"], block.content));
  message.role = Role::kUser;
  message.blocks.emplace_back(std::move(block));
  return base::Ok();
}

Status DecodeReasoning(const Node& item, Message& message) {
  ReasoningBlock block{.text = JoinTexts(item.value()["summary"]),
                       .signature = {},
                       .redacted = {},
                       .id = {},
                       .origin = DialectId::kOpenAiResponses};
  if (block.text.empty()) block.text = JoinTexts(item.value()["content"]);
  GH_CHECK_OK(common::Read(item["id"], block.id));
  std::string seal;
  GH_CHECK_OK(common::Read(item["encrypted_content"], seal));
  if (!common::OpenSeal(seal, block)) block.redacted = std::move(seal);
  message.role = Role::kAssistant;
  message.blocks.emplace_back(std::move(block));
  return base::Ok();
}

// An image that the model made. Its prompt, size and quality stay in `item`.
Status DecodeImageCall(const Node& item, Message& message) {
  std::string format = "png";
  GH_CHECK_OK(common::Read(item["output_format"], format));
  GH_TRY(const auto base64, common::RequireString(item["result"]));
  message.role = Role::kAssistant;
  message.blocks.emplace_back(ImageBlock{.source = InlineMedia{"image/" + format, std::string(base64)}});
  return base::Ok();
}

struct ItemKind {
  std::string_view type;
  Status (*decode)(const Node& item, Message& message);
  std::array<std::string_view, 4> members;  // what `decode` reads beside the type
};
constexpr ItemKind kItems[] = {
    {"message", DecodeMessage, {"role", "content"}},
    {"function_call", DecodeFunctionCall, {"call_id", "name", "arguments"}},
    {"function_call_output", DecodeCallOutput, {"call_id", "output"}},
    {"custom_tool_call", DecodeCustomCall, {"call_id", "name", "input"}},
    {"custom_tool_call_output", DecodeCallOutput, {"call_id", "output"}},
    {"reasoning", DecodeReasoning, {"id", "summary", "content", "encrypted_content"}},
    {"image_generation_call", DecodeImageCall, {"result"}},
};

// The members of an item that are not read.
JsonText FurtherMembers(codec::json::Value item, const ItemKind& kind) {
  JsonText further;
  codec::json::Writer writer(further);
  writer.BeginObject();
  for (const auto member : item) {
    const bool read = member.key == "type" || std::ranges::find(kind.members, member.key) != kind.members.end();
    if (!read) writer.RawField(member.key, member.value.raw());
  }
  writer.EndObject();
  return further;
}

// Where an item that was decoded into `message` keeps them: an item that is no message is one block.
JsonText& FurtherOf(Message& message, const ItemKind& kind) {
  if (kind.decode == DecodeMessage) return message.item;
  return std::visit(
      [&](auto& block) -> JsonText& {
        if constexpr (requires { block.item; }) return block.item;
        return message.item;
      },
      message.blocks.front());
}

// nullptr for kinds that only this dialect understands; an image that failed is one of them.
const ItemKind* FindKind(const Node& item, std::string_view type) {
  const auto* kind = std::ranges::find(kItems, type, &ItemKind::type);
  if (kind == std::end(kItems)) return nullptr;
  return kind->decode == DecodeImageCall && !item.value()["result"].IsString() ? nullptr : kind;
}

// The seal of the call that follows, where the message is nothing but that.
std::optional<std::string> SealOfNextCall(const Message& message) {
  const auto* reasoning = message.blocks.size() == 1 ? std::get_if<ReasoningBlock>(&message.blocks.front()) : nullptr;
  if (reasoning == nullptr) return std::nullopt;
  auto seal = common::UnwrapSeal(reasoning->redacted);
  if (!seal || seal->kind != common::Seal::Kind::kToolCall) return std::nullopt;
  return std::move(seal->payload);
}

Status DecodeItem(const Node& item, Message& message) {
  GH_CHECK_OK(common::RequireObject(item));
  std::string type = item.value()["role"].IsString() ? "message" : "";
  GH_CHECK_OK(common::Read(item["type"], type));
  if (type.empty()) return common::WrongType(item["type"], "a string");
  if (const ItemKind* kind = FindKind(item, type)) {
    GH_CHECK_OK(kind->decode(item, message));
    FurtherOf(message, *kind) = FurtherMembers(item.value(), *kind);
    return base::Ok();
  }
  message.role = type.ends_with("_output") ? Role::kUser : Role::kAssistant;
  message.blocks.emplace_back(Opaque(item, type));
  return base::Ok();
}

}  // namespace

std::string JoinTexts(codec::json::Value parts) {
  std::string text;
  for (const auto part : parts) {
    if (!text.empty()) text += "\n\n";
    text += part.value["text"].string();
  }
  return text;
}

Status DecodeInput(const Node& node, std::vector<Message>& messages) {
  if (node.value().IsString()) {
    messages.push_back({.role = Role::kUser,
                        .blocks = {TextBlock{.text = std::string(node.value().string())}},
                        .name = {},
                        .source = "input"});
    return base::Ok();
  }
  if (!node.value().IsArray()) return common::WrongType(node, "a string or an array of items");
  std::string call_seal;
  std::size_t index = 0;
  for (const auto element : node.value()) {
    const Node item = node.Element(element.value, index++);
    Message message{.role = Role::kUser, .blocks = {}, .name = {}, .source = item.path()};
    GH_CHECK_OK(DecodeItem(item, message));
    if (auto seal = SealOfNextCall(message)) {
      call_seal = *std::move(seal);
      continue;
    }
    auto* call = message.blocks.size() == 1 ? std::get_if<ToolCallBlock>(&message.blocks.front()) : nullptr;
    if (call != nullptr) call->signature = std::exchange(call_seal, {});
    if (call != nullptr && !messages.empty() && messages.back().role == message.role) {
      // Calls are items of their own here; elsewhere they belong to the turn that made them, and their results follow
      // it.
      messages.back().blocks.push_back(std::move(message.blocks.front()));
      continue;
    }
    messages.push_back(std::move(message));
  }
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::openai_responses
