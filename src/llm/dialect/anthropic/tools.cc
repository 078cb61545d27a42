#include "llm/dialect/anthropic/tools.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "codec/json/document.h"
#include "llm/dialect/anthropic/content.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/schema.h"
#include "llm/dialect/common/strict_schema.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Writer;

constexpr std::array<std::string_view, 6> kNeutralMembers = {"type",         "name",   "description",
                                                             "input_schema", "strict", "cache_control"};

bool IsAllowed(const ChatRequest& request, const Tool& tool) {
  if (!request.tool_choice || request.tool_choice->mode != ToolChoice::Mode::kAllowed) return true;
  return std::ranges::find(request.tool_choice->names, tool.name) != request.tool_choice->names.end();
}

// Members of the client's tool that have no neutral word.
void WriteFurtherMembers(Writer& writer, const Tool& tool) {
  if (tool.origin != DialectId::kAnthropic || tool.original.empty()) return;
  codec::json::Document document;
  if (!document.Parse(tool.original).ok()) return;
  for (const auto member : document.root()) {
    const bool neutral = std::ranges::find(kNeutralMembers, member.key) != kNeutralMembers.end();
    if (!neutral) writer.RawField(member.key, member.value.raw());
  }
}

// The schema of another dialect's tool as this one takes it: `strict` holds the model to a grammar.
base::Result<JsonText> SchemaOf(const Tool& tool, const std::string& path, std::vector<Loss>& losses) {
  if (tool.origin == DialectId::kAnthropic) return common::ObjectSchema(tool.parameters);
  GH_TRY(JsonText schema, common::ArgumentsSchema(tool.parameters, path, kTarget, losses));
  if (!tool.strict.value_or(false)) return schema;
  GH_TRY(common::StrictSchema strict, common::ToStrictSchema(schema));
  common::NoteTold(strict, path, kTarget, losses);
  return std::move(strict.schema);
}

base::Status WriteFunction(Writer& writer, const Tool& tool, const std::string& path, std::vector<Loss>& losses) {
  auto schema = SchemaOf(tool, path, losses);
  if (!schema.ok()) {
    base::Error error = std::move(schema).TakeError();
    error.param = path;
    return error;
  }
  writer.BeginObject().Field("name", tool.name);
  if (!tool.description.empty()) writer.Field("description", tool.description);
  writer.RawField("input_schema", schema.value());
  if (tool.strict.value_or(false)) writer.Field("strict", true);
  WriteFurtherMembers(writer, tool);
  WriteCacheMark(writer, tool.cache);
  writer.EndObject();
  return base::Ok();
}

base::Status WriteTool(Writer& writer, const Tool& tool, const std::string& path, std::vector<Loss>& losses) {
  if (tool.kind == ToolKind::kFunction) return WriteFunction(writer, tool, path, losses);
  if (tool.kind == ToolKind::kCustom) {
    return WriteFunction(writer, common::AsFunction(tool, path, kTarget, losses), path, losses);
  }
  if (tool.origin == DialectId::kAnthropic && !tool.original.empty()) {
    writer.Raw(tool.original);
  } else {
    losses.push_back({Loss::Kind::kContent, path, common::NoEquivalent(kTarget, "the tool " + tool.name)});
  }
  return base::Ok();
}

ToolChoice::Mode ModeOf(const ToolChoice& choice) {
  if (choice.mode != ToolChoice::Mode::kAllowed) return choice.mode;
  return choice.allowed == ToolChoice::Strength::kRequired ? ToolChoice::Mode::kRequired : ToolChoice::Mode::kAuto;
}

void WriteChoice(Writer& writer, const ChatRequest& request) {
  const bool serial = request.parallel_tool_calls == false;
  if (!request.tool_choice && !serial) return;
  const ToolChoice choice = request.tool_choice.value_or(ToolChoice{});
  const ToolChoice::Mode mode = ModeOf(choice);
  writer.Key("tool_choice").BeginObject().Field("type", common::FindText(kToolChoiceModes, mode));
  if (mode == ToolChoice::Mode::kNamed && !choice.names.empty()) writer.Field("name", choice.names.front());
  if (serial && mode != ToolChoice::Mode::kNone) writer.Field("disable_parallel_tool_use", true);
  writer.EndObject();
}

}  // namespace

base::Status WriteTools(Writer& writer, const ChatRequest& request, std::vector<Loss>& losses) {
  std::string tools;
  Writer tools_writer(tools);
  tools_writer.BeginArray();
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    if (!IsAllowed(request, request.tools[i])) continue;
    GH_CHECK_OK(WriteTool(tools_writer, request.tools[i], "tools[" + std::to_string(i) + "]", losses));
  }
  tools_writer.EndArray();
  if (tools == "[]") return base::Ok();
  writer.RawField("tools", tools);
  WriteChoice(writer, request);
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::anthropic
