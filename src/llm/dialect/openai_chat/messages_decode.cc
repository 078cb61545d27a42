#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/media.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/openai_chat/messages.h"
#include "llm/dialect/openai_chat/reasoning_details.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using base::Ok;
using base::Status;
using codec::json::Value;
using common::Node;
using common::Read;
using common::RequireArray;
using common::RequireObject;
using common::RequireString;

enum class WireRole : std::uint8_t { kSystem, kDeveloper, kUser, kAssistant, kTool, kFunction };
constexpr common::Word<WireRole> kRoles[] = {
    {"user", WireRole::kUser},     {"assistant", WireRole::kAssistant}, {"tool", WireRole::kTool},
    {"system", WireRole::kSystem}, {"developer", WireRole::kDeveloper}, {"function", WireRole::kFunction},
};

// OpenAI's own mark, or the one of Anthropic that many clients send to gateways.
std::optional<CacheMark> CacheMarkOf(Value part) {
  const Value own = part["prompt_cache_breakpoint"];
  const Value mark = own.IsObject() ? own : part["cache_control"];
  if (!mark.IsObject()) return std::nullopt;
  return CacheMark{std::string(mark["ttl"].string())};
}

Status DecodeText(const Node& part, Block& block) {
  GH_TRY(const std::string_view text, RequireString(part["text"]));
  block = TextBlock{.text = std::string(text), .cache = CacheMarkOf(part.value())};
  return Ok();
}

Status DecodeRefusal(const Node& part, Block& block) {
  GH_TRY(const std::string_view text, RequireString(part["refusal"]));
  block = RefusalBlock{std::string(text)};
  return Ok();
}

Status DecodeImage(const Node& part, Block& block) {
  const Node image = part["image_url"];
  ImageBlock decoded{.source = MediaUrl{}, .cache = CacheMarkOf(part.value())};
  if (image.value().IsString()) {  // some clients leave out the object
    decoded.source = common::SourceFromUrl(image.value().string());
  } else {
    GH_CHECK_OK(RequireObject(image));
    GH_TRY(const std::string_view url, RequireString(image["url"]));
    decoded.source = common::SourceFromUrl(url);
    GH_CHECK_OK(Read(image["detail"], decoded.detail));
  }
  block = std::move(decoded);
  return Ok();
}

std::string AudioType(std::string_view format) {
  return format == "mp3" ? std::string("audio/mpeg") : std::string("audio/").append(format);
}

Status DecodeAudio(const Node& part, Block& block) {
  const Node audio = part["input_audio"];
  GH_CHECK_OK(RequireObject(audio));
  GH_TRY(const std::string_view data, RequireString(audio["data"]));
  GH_TRY(const std::string_view format, RequireString(audio["format"]));
  block = AudioBlock{InlineMedia{.media_type = AudioType(format), .base64 = std::string(data)}};
  return Ok();
}

// A data URL, a plain URL, or bare base64 whose type only the name tells.
DocumentBlock FileFromText(std::string_view text, std::string_view name) {
  if (auto media = common::ParseDataUrl(text)) return {.source = *std::move(media)};
  if (text.starts_with("https://") || text.starts_with("http://")) return {.source = MediaUrl{std::string(text), {}}};
  const std::string_view by_name = common::MediaTypeOfFile(name);
  return {.source = InlineMedia{std::string(by_name.empty() ? "application/pdf" : by_name), std::string(text)}};
}

Status DecodeFile(const Node& part, Block& block) {
  const Node file = part["file"];
  GH_CHECK_OK(RequireObject(file));
  std::string id;
  std::string name;
  GH_CHECK_OK(Read(file["file_id"], id));
  GH_CHECK_OK(Read(file["filename"], name));
  DocumentBlock document{.source = MediaFile{.id = id}};
  if (id.empty()) {
    GH_TRY(const std::string_view text, RequireString(file["file_data"]));
    document = FileFromText(text, name);
  }
  document.name = std::move(name);
  document.cache = CacheMarkOf(part.value());
  block = std::move(document);
  return Ok();
}

// Mistral's reasoning part: {"type":"thinking","thinking":[{"type":"text","text"}]}, or the text itself.
Status DecodeThinking(const Node& part, Block& block) {
  ReasoningBlock reasoning{};
  const Value thinking = part.value()["thinking"];
  reasoning.text = thinking.string();
  for (const auto piece : thinking) reasoning.text += piece.value["text"].string();
  reasoning.signature = part.value()["signature"].string();
  block = std::move(reasoning);
  return Ok();
}

struct PartKind {
  std::string_view type;
  Status (*decode)(const Node& part, Block& block);
};
constexpr PartKind kParts[] = {
    {"text", DecodeText},       {"image_url", DecodeImage},   {"input_audio", DecodeAudio}, {"file", DecodeFile},
    {"refusal", DecodeRefusal}, {"thinking", DecodeThinking}, {"output_text", DecodeText},  {"input_text", DecodeText},
};

Status DecodePart(const Node& part, std::vector<Block>& blocks) {
  GH_CHECK_OK(RequireObject(part));
  GH_TRY(const std::string_view type, RequireString(part["type"]));
  const auto* known = std::ranges::find(kParts, type, &PartKind::type);
  if (known == std::end(kParts)) {
    blocks.emplace_back(OpaqueBlock{DialectId::kOpenAiChat, std::string(type), std::string(part.value().raw())});
    return Ok();
  }
  Block block = TextBlock{};
  GH_CHECK_OK(known->decode(part, block));
  blocks.push_back(std::move(block));
  return Ok();
}

// A string, or an array of parts.
Status DecodeContent(const Node& content, std::vector<Block>& blocks) {
  if (content.value().IsString()) {
    blocks.emplace_back(TextBlock{.text = std::string(content.value().string())});
    return Ok();
  }
  if (!content.value().IsArray()) return common::WrongType(content, "a string or an array of parts");
  std::size_t index = 0;
  for (const auto part : content.value()) GH_CHECK_OK(DecodePart(content.Element(part.value, index++), blocks));
  return Ok();
}

// A mark on the message itself belongs to its last block.
void MarkLastBlock(Value message, std::vector<Block>& blocks) {
  const auto mark = CacheMarkOf(message);
  if (!mark || blocks.empty()) return;
  if (auto* text = std::get_if<TextBlock>(&blocks.back())) text->cache = mark;
  if (auto* result = std::get_if<ToolResultBlock>(&blocks.back())) result->cache = mark;
}

Status DecodeToolCall(const Node& node, std::string_view seed, std::uint32_t index, std::vector<Block>& blocks) {
  GH_CHECK_OK(RequireObject(node));
  const bool custom = node.value()["type"].string() == "custom";
  const Node body = node[custom ? "custom" : "function"];
  GH_CHECK_OK(RequireObject(body));
  ToolCallBlock call;
  GH_TRY(const std::string_view name, RequireString(body["name"]));
  call.name = name;
  call.kind = custom ? ToolKind::kCustom : ToolKind::kFunction;
  const Value arguments = body.value()[custom ? "input" : "arguments"];
  // Some servers send the arguments as an object instead of its text.
  call.arguments = arguments.IsObject() ? arguments.raw() : arguments.string();
  GH_CHECK_OK(Read(node["id"], call.id));
  if (call.id.empty()) call.id = common::SyntheticCallId(seed, 0, index);
  call.signature = ReadThoughtSignature(node.value());
  blocks.emplace_back(std::move(call));
  return Ok();
}

Status DecodeToolCalls(const Node& message, std::string_view seed, std::vector<Block>& blocks) {
  const Node calls = message["tool_calls"];
  GH_CHECK_OK(common::AllowArray(calls));
  std::uint32_t index = 0;
  for (const auto call : calls.value()) {
    GH_CHECK_OK(DecodeToolCall(calls.Element(call.value, index), seed, index, blocks));
    ++index;
  }
  const Node legacy = message["function_call"];
  if (!legacy.present()) return Ok();
  GH_CHECK_OK(RequireObject(legacy));
  GH_TRY(const std::string_view name, RequireString(legacy["name"]));
  blocks.emplace_back(ToolCallBlock{.id = common::SyntheticCallId(seed, 0, index),
                                    .name = std::string(name),
                                    .arguments = std::string(legacy.value()["arguments"].string())});
  return Ok();
}

// `images`, the extension by which an answer brought them.
Status DecodeMadeImages(const Node& message, std::vector<Block>& blocks) {
  const Node images = message["images"];
  GH_CHECK_OK(common::AllowArray(images));
  std::size_t index = 0;
  for (const auto element : images.value()) {
    const Node image = images.Element(element.value, index++);
    GH_CHECK_OK(RequireObject(image));
    Block block = TextBlock{};
    GH_CHECK_OK(DecodeImage(image, block));
    std::get<ImageBlock>(block).signature = ReadThoughtSignature(element.value);
    blocks.push_back(std::move(block));
  }
  return Ok();
}

// Puts the reasoning where it stood among the other blocks; in front where nothing says so.
void PlaceReasoning(std::vector<DetailedBlock> reasoning, std::vector<Block>& blocks) {
  std::size_t front = 0;
  for (DetailedBlock& detailed : reasoning) {
    const std::size_t place = std::min(detailed.place.value_or(front), blocks.size());
    blocks.insert(blocks.begin() + static_cast<std::ptrdiff_t>(place), std::move(detailed.reasoning));
    ++front;
  }
}

// `reasoning_details` where there are any; the plain field has the same text without seal.
std::vector<DetailedBlock> DecodeReasoning(Value message) {
  auto detailed = DecodeDetails(message["reasoning_details"]);
  const Value content = message["reasoning_content"];
  const std::string_view plain = content.IsString() ? content.string() : message["reasoning"].string();
  if (plain.empty()) return detailed;
  if (detailed.empty()) detailed.push_back({ReasoningBlock{.text = std::string(plain)}, std::nullopt});
  const bool has_text = std::ranges::any_of(detailed, [](const auto& d) { return !d.reasoning.text.empty(); });
  if (!has_text) detailed.front().reasoning.text = plain;
  return detailed;
}

// What the messages before said, for those that refer back by name.
struct Thread {
  std::map<std::string, std::string, std::less<>> last_call_by_name;
};

Status DecodeAssistantMessage(const Node& node, Thread& thread, Message& message) {
  message.role = Role::kAssistant;
  GH_CHECK_OK(DecodeAssistant(node, message.source, message.blocks));
  for (const Block& block : message.blocks) {
    if (const auto* call = std::get_if<ToolCallBlock>(&block)) thread.last_call_by_name[call->name] = call->id;
  }
  const Value audio = node.value()["audio"];
  if (audio.IsObject()) {
    message.blocks.emplace_back(OpaqueBlock{DialectId::kOpenAiChat, "audio", std::string(audio.raw())});
  }
  return Ok();
}

Status DecodeToolMessage(const Node& node, WireRole role, const Thread& thread, Message& message) {
  ToolResultBlock result;
  if (role == WireRole::kTool) {
    GH_TRY(const std::string_view id, RequireString(node["tool_call_id"]));
    result.tool_call_id = id;
    GH_CHECK_OK(Read(node["name"], result.name));
  } else {
    GH_TRY(const std::string_view name, RequireString(node["name"]));
    result.name = name;
    const auto call = thread.last_call_by_name.find(name);
    if (call == thread.last_call_by_name.end()) {
      return common::Invalid(node["name"], "names no function that an earlier message called");
    }
    result.tool_call_id = call->second;
  }
  if (node["content"].present()) GH_CHECK_OK(DecodeContent(node["content"], result.content));
  message.blocks.emplace_back(std::move(result));
  return Ok();
}

Status DecodeMessage(const Node& node, Thread& thread, Message& message) {
  GH_CHECK_OK(RequireObject(node));
  GH_TRY(const std::string_view word, RequireString(node["role"]));
  const auto role = common::FindValue(kRoles, word);
  if (!role) return common::Invalid(node["role"], "must be system, developer, user, assistant, tool or function");
  switch (*role) {
    case WireRole::kAssistant:
      GH_CHECK_OK(DecodeAssistantMessage(node, thread, message));
      GH_CHECK_OK(Read(node["name"], message.name));
      break;
    case WireRole::kTool:
    case WireRole::kFunction: GH_CHECK_OK(DecodeToolMessage(node, *role, thread, message)); break;
    case WireRole::kSystem:
    case WireRole::kDeveloper:
    case WireRole::kUser:
      message.role = *role == WireRole::kUser     ? Role::kUser
                     : *role == WireRole::kSystem ? Role::kSystem
                                                  : Role::kDeveloper;
      GH_CHECK_OK(DecodeContent(node["content"], message.blocks));
      GH_CHECK_OK(Read(node["name"], message.name));
      break;
  }
  MarkLastBlock(node.value(), message.blocks);
  return Ok();
}

}  // namespace

std::string_view ReadThoughtSignature(Value value) {
  return value["extra_content"]["google"]["thought_signature"].string();
}

Status DecodeAssistant(const Node& message, std::string_view seed, std::vector<Block>& blocks) {
  if (message["content"].present()) GH_CHECK_OK(DecodeContent(message["content"], blocks));
  // An empty text beside tool calls is the wire's way to say that there is none.
  std::erase_if(blocks, [](const Block& b) {
    return std::holds_alternative<TextBlock>(b) && std::get<TextBlock>(b).text.empty();
  });
  if (const auto signature = ReadThoughtSignature(message.value()); !signature.empty() && !blocks.empty()) {
    if (auto* text = std::get_if<TextBlock>(&blocks.back())) text->signature = signature;
  }
  GH_CHECK_OK(DecodeMadeImages(message, blocks));
  std::string refusal;
  GH_CHECK_OK(Read(message["refusal"], refusal));
  if (!refusal.empty()) blocks.emplace_back(RefusalBlock{std::move(refusal)});
  GH_CHECK_OK(DecodeToolCalls(message, seed, blocks));
  PlaceReasoning(DecodeReasoning(message.value()), blocks);
  return Ok();
}

Status DecodeMessages(const Node& node, std::vector<Message>& messages) {
  GH_CHECK_OK(RequireArray(node));
  if (node.value().empty()) return common::Invalid(node, "must hold at least one message");
  Thread thread;
  std::size_t index = 0;
  for (const auto element : node.value()) {
    const Node child = node.Element(element.value, index++);
    Message& message = messages.emplace_back();
    message.source = child.path();
    GH_CHECK_OK(DecodeMessage(child, thread, message));
  }
  common::FillToolNames(messages);
  return Ok();
}

}  // namespace gatehouse::llm::dialect::openai_chat
