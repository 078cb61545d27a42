#include <utility>

#include "llm/dialect/anthropic/citation.h"
#include "llm/dialect/anthropic/content.h"
#include "llm/dialect/common/seal.h"
#include "llm/dialect/common/tool_call.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using common::Node;

OpaqueBlock Opaque(const Node& node, std::string_view type) {
  return {.origin = DialectId::kAnthropic, .type = std::string(type), .json = std::string(node.value().raw())};
}

base::Result<std::string> RequiredString(const Node& node) {
  GH_TRY(const auto text, common::RequireString(node));
  return std::string(text);
}

base::Result<Block> DecodeText(const Node& node) {
  TextBlock block;
  GH_TRY(block.text, RequiredString(node["text"]));
  GH_CHECK_OK(ReadCacheMark(node["cache_control"], block.cache));
  const Node citations = node["citations"];
  GH_CHECK_OK(common::AllowArray(citations));
  block.citations = OwnCitations(citations.value());
  block.citations_origin = DialectId::kAnthropic;
  return Block(std::move(block));
}

// The sources that images and documents share; nullopt for another type.
base::Result<std::optional<MediaSource>> DecodeSource(const Node& source) {
  GH_CHECK_OK(common::RequireObject(source));
  GH_TRY(const auto type, common::RequireString(source["type"]));
  if (type == "base64") {
    InlineMedia media;
    GH_TRY(media.media_type, RequiredString(source["media_type"]));
    GH_TRY(media.base64, RequiredString(source["data"]));
    return std::optional<MediaSource>(std::move(media));
  }
  if (type == "url") {
    GH_TRY(auto url, RequiredString(source["url"]));
    return std::optional<MediaSource>(MediaUrl{.url = std::move(url), .media_type = {}});
  }
  if (type == "file") {
    GH_TRY(auto id, RequiredString(source["file_id"]));
    return std::optional<MediaSource>(MediaFile{.id = std::move(id), .media_type = {}});
  }
  return std::optional<MediaSource>();
}

base::Result<Block> DecodeImage(const Node& node) {
  GH_TRY(auto source, DecodeSource(node["source"]));
  if (!source) return Block(Opaque(node, "image"));
  ImageBlock block{.source = *std::move(source)};
  GH_CHECK_OK(ReadCacheMark(node["cache_control"], block.cache));
  return Block(std::move(block));
}

base::Result<Block> DecodeDocument(const Node& node) {
  DocumentBlock block;
  const Node source = node["source"];
  GH_TRY(auto media, DecodeSource(source));
  const Node content = source["content"];
  if (media) {
    block.source = std::visit([](auto m) { return decltype(block.source)(std::move(m)); }, *std::move(media));
  } else if (source.value()["type"].string() == "text") {
    GH_TRY(block.source, RequiredString(source["data"]));
  } else if (content.value().IsString()) {
    block.source = std::string(content.value().string());
  } else {
    return Block(Opaque(node, "document"));
  }
  GH_CHECK_OK(common::Read(node["title"], block.name));
  GH_CHECK_OK(common::Read(node["context"], block.context));
  GH_CHECK_OK(common::ReadRawObject(node["citations"], block.citations));
  GH_CHECK_OK(ReadCacheMark(node["cache_control"], block.cache));
  return Block(std::move(block));
}

base::Result<Block> DecodeToolUse(const Node& node) {
  ToolCallBlock block;
  GH_TRY(block.id, RequiredString(node["id"]));
  GH_TRY(block.name, RequiredString(node["name"]));
  GH_CHECK_OK(common::RequireObject(node["input"]));
  block.arguments = node.value()["input"].raw();
  GH_CHECK_OK(ReadCacheMark(node["cache_control"], block.cache));
  return Block(std::move(block));
}

base::Result<Block> DecodeToolResult(const Node& node) {
  ToolResultBlock block;
  GH_TRY(block.tool_call_id, RequiredString(node["tool_use_id"]));
  if (const Node content = node["content"]; content.present()) GH_CHECK_OK(DecodeContent(content, block.content));
  bool failed = false;
  GH_CHECK_OK(common::Read(node["is_error"], failed));
  block.outcome = failed ? ToolResultBlock::Outcome::kFailed : ToolResultBlock::Outcome::kOk;
  GH_CHECK_OK(ReadCacheMark(node["cache_control"], block.cache));
  return Block(std::move(block));
}

base::Result<Block> DecodeThinking(const Node& node) {
  ReasoningBlock block{.text = {}, .signature = {}, .redacted = {}, .origin = DialectId::kAnthropic};
  GH_TRY(block.text, RequiredString(node["thinking"]));
  GH_TRY(auto signature, RequiredString(node["signature"]));
  if (!common::OpenSeal(signature, block)) block.signature = std::move(signature);
  return Block(std::move(block));
}

base::Result<Block> DecodeRedactedThinking(const Node& node) {
  ReasoningBlock block{.text = {}, .signature = {}, .redacted = {}, .origin = DialectId::kAnthropic};
  GH_TRY(auto seal, RequiredString(node["data"]));
  if (!common::OpenSeal(seal, block)) block.redacted = std::move(seal);
  return Block(std::move(block));
}

struct BlockKind {
  std::string_view type;
  base::Result<Block> (*decode)(const Node& node);
};
constexpr BlockKind kKinds[] = {
    {"text", DecodeText},
    {"image", DecodeImage},
    {"document", DecodeDocument},
    {"tool_use", DecodeToolUse},
    {"thinking", DecodeThinking},
    {"redacted_thinking", DecodeRedactedThinking},
    {"tool_result", DecodeToolResult},
};

base::Result<Block> DecodeBlock(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  GH_TRY(const auto type, common::RequireString(node["type"]));
  for (const auto& kind : kKinds) {
    if (kind.type == type) return kind.decode(node);
  }
  return Block(Opaque(node, type));
}

// A call's seal of another family stands before it, as redacted thinking: gives it to the call.
std::optional<common::Seal> SealOfNextCall(const Block& block) {
  const auto* reasoning = std::get_if<ReasoningBlock>(&block);
  if (reasoning == nullptr || reasoning->redacted.empty()) return std::nullopt;
  auto seal = common::UnwrapSeal(reasoning->redacted);
  return seal && seal->kind == common::Seal::Kind::kToolCall ? std::move(seal) : std::nullopt;
}

}  // namespace

base::Status ReadCacheMark(const Node& node, std::optional<CacheMark>& out) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  CacheMark mark;
  GH_CHECK_OK(common::Read(node["ttl"], mark.ttl));
  out = std::move(mark);
  return base::Ok();
}

base::Status DecodeContent(const Node& content, std::vector<Block>& blocks) {
  if (content.value().IsString()) {
    blocks.emplace_back(TextBlock{.text = std::string(content.value().string())});
    return base::Ok();
  }
  if (!content.value().IsArray()) return common::WrongType(content, "a string or an array of blocks");
  std::string call_seal;
  std::size_t index = 0;
  for (const auto element : content.value()) {
    GH_TRY(Block block, DecodeBlock(content.Element(element.value, index++)));
    if (auto seal = SealOfNextCall(block)) {
      call_seal = std::move(seal->payload);
      continue;
    }
    if (auto* call = std::get_if<ToolCallBlock>(&block)) call->signature = std::exchange(call_seal, {});
    blocks.push_back(std::move(block));
  }
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::anthropic
