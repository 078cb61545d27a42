#include "llm/dialect/bedrock/tool_config.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "llm/dialect/bedrock/write_messages.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/schema.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::json::Writer;

std::set<std::string_view> CalledTools(const ChatRequest& request) {
  std::set<std::string_view> names;
  for (const auto& message : request.messages) {
    for (const auto& block : message.blocks) {
      if (const auto* call = std::get_if<ToolCallBlock>(&block)) names.insert(call->name);
      const auto* result = std::get_if<ToolResultBlock>(&block);
      if (result != nullptr && !result->name.empty()) names.insert(result->name);
    }
  }
  return names;
}

bool IsNone(const ChatRequest& request) {
  return request.tool_choice && request.tool_choice->mode == ToolChoice::Mode::kNone;
}

bool IsOffered(const ChatRequest& request, const Tool& tool) {
  if (!request.tool_choice || request.tool_choice->mode != ToolChoice::Mode::kAllowed) return true;
  return std::ranges::find(request.tool_choice->names, tool.name) != request.tool_choice->names.end();
}

base::Result<JsonText> SchemaOf(const Tool& tool, std::string_view field, std::vector<Loss>& losses) {
  if (tool.origin == DialectId::kBedrock) return common::ObjectSchema(tool.parameters);
  return common::ArgumentsSchema(tool.parameters, field, "Bedrock", losses);
}

base::Status WriteTool(Writer& writer, const Tool& tool, std::size_t index, std::vector<Loss>& losses) {
  if (tool.kind == ToolKind::kProviderDefined && tool.origin == DialectId::kBedrock) {
    writer.Raw(tool.original);
    return base::Ok();
  }
  const std::string field = "tools[" + std::to_string(index) + "]";
  if (tool.kind == ToolKind::kCustom) {
    return WriteTool(writer, common::AsFunction(tool, field, "Bedrock", losses), index, losses);
  }
  if (tool.kind != ToolKind::kFunction) {
    losses.push_back({Loss::Kind::kContent, field, common::NoEquivalent("Bedrock", "the tool " + tool.name)});
    return base::Ok();
  }
  GH_TRY(const auto schema, SchemaOf(tool, field, losses));
  writer.BeginObject().Key("toolSpec").BeginObject().Field("name", tool.name);
  if (!tool.description.empty()) writer.Field("description", tool.description);
  writer.Key("inputSchema").BeginObject().RawField("json", schema).EndObject();
  if (tool.strict) writer.Field("strict", *tool.strict);
  writer.EndObject().EndObject();
  WriteCachePoint(writer, tool.cache);
  return base::Ok();
}

void DeclareCalled(Writer& writer, std::string_view name) {
  writer.BeginObject().Key("toolSpec").BeginObject().Field("name", name);
  writer.Field("description", "Was called earlier in this conversation. It is not available any more: do not call it.");
  writer.Key("inputSchema").BeginObject().RawField("json", R"({"type":"object","properties":{}})").EndObject();
  writer.EndObject().EndObject();
}

void WriteChoice(Writer& writer, const ToolChoice& choice) {
  const bool required =
      choice.mode == ToolChoice::Mode::kRequired ||
      (choice.mode == ToolChoice::Mode::kAllowed && choice.allowed == ToolChoice::Strength::kRequired);
  writer.Key("toolChoice").BeginObject();
  if (choice.mode == ToolChoice::Mode::kNamed && !choice.names.empty()) {
    writer.Key("tool").BeginObject().Field("name", choice.names.front()).EndObject();
  } else {
    writer.Key(required ? "any" : "auto").BeginObject().EndObject();
  }
  writer.EndObject();
}

}  // namespace

base::Status WriteToolConfig(Writer& writer, const ChatRequest& request, std::vector<Loss>& losses) {
  const auto called = CalledTools(request);
  const bool none = IsNone(request);
  if (called.empty() && (request.tools.empty() || none)) return base::Ok();
  if (none && !request.tools.empty()) {
    losses.push_back({Loss::Kind::kParameter, "tool_choice", "Bedrock cannot forbid calls while it knows the tools"});
  }
  writer.Key("toolConfig").BeginObject().Key("tools").BeginArray();
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    if (IsOffered(request, request.tools[i])) GH_CHECK_OK(WriteTool(writer, request.tools[i], i, losses));
  }
  if (request.tools.empty()) {
    for (const auto name : called) DeclareCalled(writer, name);
  }
  writer.EndArray();
  if (request.tool_choice && !none && !request.tools.empty()) WriteChoice(writer, *request.tool_choice);
  writer.EndObject();
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::bedrock
