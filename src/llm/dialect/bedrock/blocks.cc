#include "llm/dialect/bedrock/blocks.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "llm/dialect/bedrock/words.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using common::Node;

struct Found {
  std::string format;
  std::string bytes;
  std::string uri;
  std::string text;
};

base::Result<Found> ReadSource(const Node& media) {
  GH_CHECK_OK(common::RequireObject(media));
  Found found;
  const auto format = media["format"];
  const auto source = media["source"];
  GH_CHECK_OK(common::Read(format, found.format));
  GH_CHECK_OK(common::RequireObject(source));
  const auto s3 = source["s3Location"];
  GH_CHECK_OK(common::AllowObject(s3));
  GH_CHECK_OK(common::Read(source["bytes"], found.bytes));
  GH_CHECK_OK(common::Read(source["text"], found.text));
  GH_CHECK_OK(common::Read(s3["uri"], found.uri));
  if (found.bytes.empty() && found.uri.empty() && found.text.empty()) {
    return common::Invalid(source, "has none of bytes, text, s3Location");
  }
  return found;
}

// "image/png"; a format that is not known keeps its word under the kind's type.
std::string MediaType(std::string_view kind, const std::string& format) {
  const auto known = MediaTypeOf(format);
  return known.empty() ? std::string(kind) + "/" + format : std::string(known);
}

base::Result<Block> ReadImage(const Node& node) {
  GH_TRY(auto found, ReadSource(node));
  auto type = MediaType("image", found.format);
  if (found.bytes.empty()) return Block(ImageBlock{MediaFile{std::move(found.uri), std::move(type)}});
  return Block(ImageBlock{InlineMedia{std::move(type), std::move(found.bytes)}});
}

base::Result<Block> ReadDocument(const Node& node) {
  DocumentBlock document;
  const auto source = node["source"];
  if (source["content"].present()) return Block(OpaqueBlock{DialectId::kBedrock, "document", {}});
  GH_TRY(auto found, ReadSource(node));
  auto type = MediaType("application", found.format);
  if (!found.bytes.empty()) {
    document.source = InlineMedia{std::move(type), std::move(found.bytes)};
  } else if (!found.uri.empty()) {
    document.source = MediaFile{std::move(found.uri), std::move(type)};
  } else {
    document.source = std::move(found.text);
  }
  GH_CHECK_OK(common::Read(node["name"], document.name));
  GH_CHECK_OK(common::Read(node["context"], document.context));
  GH_CHECK_OK(common::ReadRawObject(node["citations"], document.citations));
  return Block(std::move(document));
}

base::Result<Block> ReadAudio(const Node& node) {
  GH_TRY(auto found, ReadSource(node));
  if (found.bytes.empty()) return Block(OpaqueBlock{DialectId::kBedrock, "audio", {}});
  return Block(AudioBlock{InlineMedia{MediaType("audio", found.format), std::move(found.bytes)}});
}

base::Result<Block> ReadToolUse(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  const auto id_node = node["toolUseId"];
  const auto name_node = node["name"];
  GH_TRY(const auto id, common::RequireString(id_node));
  GH_TRY(const auto name, common::RequireString(name_node));
  std::string input;
  GH_CHECK_OK(common::ReadRawObject(node["input"], input));
  return Block(ToolCallBlock{
      .id = std::string(id), .name = std::string(name), .arguments = input.empty() ? "{}" : std::move(input)});
}

base::Status ReadResultContent(const Node& content, ToolResultBlock& result) {
  GH_CHECK_OK(common::RequireArray(content));
  if (content.value().size() == 1) result.structured = std::string(content.value().at(0)["json"].raw());
  std::size_t index = 0;
  for (const auto element : content.value()) {
    const auto part = content.Element(element.value, index++);
    if (const auto json = element.value["json"]; !json.IsMissing()) {
      result.content.push_back(TextBlock{std::string(json.raw())});
      continue;
    }
    GH_TRY(auto block, ReadBlock(part));
    result.content.push_back(std::move(block));
  }
  return base::Ok();
}

base::Result<Block> ReadToolResult(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  const auto id_node = node["toolUseId"];
  GH_TRY(const auto id, common::RequireString(id_node));
  ToolResultBlock result{.tool_call_id = std::string(id), .content = {}};
  GH_CHECK_OK(ReadResultContent(node["content"], result));
  if (node["status"].value().string() == "error") result.outcome = ToolResultBlock::Outcome::kFailed;
  return Block(std::move(result));
}

base::Result<Block> ReadReasoning(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  ReasoningBlock reasoning{.text = {}, .signature = {}, .redacted = {}, .origin = DialectId::kBedrock};
  const auto text = node["reasoningText"];
  GH_CHECK_OK(common::AllowObject(text));
  GH_CHECK_OK(common::Read(text["text"], reasoning.text));
  GH_CHECK_OK(common::Read(text["signature"], reasoning.signature));
  GH_CHECK_OK(common::Read(node["redactedContent"], reasoning.redacted));
  if (!reasoning.signature.empty()) reasoning.origin = DialectId::kAnthropic;
  return Block(std::move(reasoning));
}

base::Result<Block> ReadText(const Node& node) {
  GH_TRY(const auto text, common::RequireString(node));
  return Block(TextBlock{std::string(text)});
}

struct Kind {
  std::string_view name;
  base::Result<Block> (*read)(const Node& node);
};
constexpr Kind kKinds[] = {
    {"text", ReadText},       {"image", ReadImage},           {"document", ReadDocument},          {"audio", ReadAudio},
    {"toolUse", ReadToolUse}, {"toolResult", ReadToolResult}, {"reasoningContent", ReadReasoning},
};

void Mark(Block& block, CacheMark mark) {
  std::visit(
      [&](auto& b) {
        if constexpr (requires { b.cache; }) b.cache = std::move(mark);
      },
      block);
}

}  // namespace

base::Result<Block> ReadBlock(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  for (const auto member : node.value()) {
    if (member.value.IsNull()) continue;
    for (const auto& kind : kKinds) {
      if (kind.name != member.key) continue;
      GH_TRY(auto block, kind.read(node.Member(member)));
      auto* opaque = std::get_if<OpaqueBlock>(&block);
      if (opaque != nullptr) opaque->json = std::string(node.value().raw());
      return block;
    }
    return Block(OpaqueBlock{DialectId::kBedrock, std::string(member.key), std::string(node.value().raw())});
  }
  return common::Invalid(node, "has none of text, image, document, toolUse, toolResult, ...");
}

std::optional<CacheMark> CachePoint(codec::json::Value element) {
  const auto point = element["cachePoint"];
  if (!point.IsObject()) return std::nullopt;
  return CacheMark{std::string(point["ttl"].string())};
}

base::Status ReadBlocks(const Node& array, std::vector<Block>& blocks) {
  GH_CHECK_OK(common::RequireArray(array));
  std::size_t index = 0;
  for (const auto element : array.value()) {
    const auto node = array.Element(element.value, index++);
    if (auto mark = CachePoint(element.value)) {
      if (!blocks.empty()) Mark(blocks.back(), *std::move(mark));
      continue;
    }
    GH_TRY(auto block, ReadBlock(node));
    blocks.push_back(std::move(block));
  }
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::bedrock
