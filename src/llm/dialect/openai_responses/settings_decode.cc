#include <utility>

#include "llm/dialect/common/fields.h"
#include "llm/dialect/openai_responses/settings.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using base::Status;
using common::Field;
using common::Node;

constexpr Field<Tool> kFunctionFields[] = {
    {"type", [](const Node&, Tool&) { return base::Ok(); }},
    {"name", [](const Node& node, Tool& tool) { return common::Read(node, tool.name); }},
    {"description", [](const Node& node, Tool& tool) { return common::Read(node, tool.description); }},
    {"parameters", [](const Node& node, Tool& tool) { return common::ReadRawObject(node, tool.parameters); }},
    {"strict", [](const Node& node, Tool& tool) { return common::Read(node, tool.strict); }},
};

// Further members ("defer_loading", "output_schema") stay in `original`.
Status DecodeFunction(const Node& node, Tool& tool) {
  std::vector<ExtraField> further;
  GH_CHECK_OK(common::ReadFields<Tool>(node, kFunctionFields, tool, &further));
  GH_CHECK_OK(common::RequireString(node["name"]));
  if (!further.empty()) tool.original = node.value().raw();
  return base::Ok();
}

base::Result<Tool> DecodeTool(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  GH_TRY(const auto type, common::RequireString(node["type"]));
  Tool tool{.name = {}, .origin = DialectId::kOpenAiResponses};
  if (type == "function") {
    GH_CHECK_OK(DecodeFunction(node, tool));
    return tool;
  }
  tool.original = node.value().raw();
  tool.kind = type == "custom" ? ToolKind::kCustom : ToolKind::kProviderDefined;
  GH_CHECK_OK(common::Read(node["name"], tool.name));
  if (tool.kind == ToolKind::kCustom) {
    GH_CHECK_OK(common::RequireString(node["name"]));
    GH_CHECK_OK(common::Read(node["description"], tool.description));
  }
  if (tool.name.empty()) tool.name = type;
  return tool;
}

base::Result<std::string> NameOfTool(const Node& tool) {
  GH_TRY(const auto name, common::RequireString(tool["name"]));
  return std::string(name);
}

Status ReadAllowed(const Node& node, ToolChoice& choice) {
  choice.mode = ToolChoice::Mode::kAllowed;
  std::string mode;
  GH_CHECK_OK(common::Read(node["mode"], mode));
  choice.allowed = mode == "required" ? ToolChoice::Strength::kRequired : ToolChoice::Strength::kAuto;
  const Node tools = node["tools"];
  GH_CHECK_OK(common::RequireArray(tools));
  return common::ReadEach(tools, NameOfTool, choice.names);
}

Status ReadFormat(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  const Node type = node["type"];
  GH_TRY(const auto word, common::RequireString(type));
  const auto kind = common::FindValue(kFormats, word);
  if (!kind) return common::Invalid(type, "must be text, json_object or json_schema");
  ResponseFormat format{.kind = *kind};
  GH_CHECK_OK(common::Read(node["name"], format.name));
  GH_CHECK_OK(common::Read(node["description"], format.description));
  GH_CHECK_OK(common::ReadRawObject(node["schema"], format.schema));
  GH_CHECK_OK(common::Read(node["strict"], format.strict));
  request.response_format = std::move(format);
  return base::Ok();
}

constexpr Field<ChatRequest> kTextFields[] = {
    {"format", ReadFormat},
    {"verbosity", [](const Node& node, ChatRequest& r) { return common::Read(node, r.verbosity); }},
};

constexpr Field<ChatRequest> kReasoningFields[] = {
    {"effort", [](const Node& node, ChatRequest& r) { return common::ReadEffort(node, r.reasoning->effort); }},
    {"summary", [](const Node& node, ChatRequest& r) { return common::Read(node, r.reasoning->summary); }},
};

}  // namespace

Status ReadTools(const Node& node, ChatRequest& request) { return common::ReadEach(node, DecodeTool, request.tools); }

Status ReadToolChoice(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  if (node.value().IsString()) {
    const auto mode = common::FindValue(kToolChoiceModes, node.value().string());
    if (!mode) return common::Invalid(node, "must be auto, none, required or an object");
    request.tool_choice = ToolChoice{.mode = *mode};
    return base::Ok();
  }
  if (!node.value().IsObject()) return common::WrongType(node, "a string or an object");
  GH_TRY(const auto type, common::RequireString(node["type"]));
  ToolChoice choice;
  if (type == "allowed_tools") {
    GH_CHECK_OK(ReadAllowed(node, choice));
  } else if (type == "function" || type == "custom") {
    GH_TRY(const auto name, common::RequireString(node["name"]));
    choice = {.mode = ToolChoice::Mode::kNamed, .names = {std::string(name)}};
  } else {
    request.extra.push_back({"tool_choice", std::string(node.value().raw())});  // a tool of the provider's own
    return base::Ok();
  }
  request.tool_choice = std::move(choice);
  return base::Ok();
}

Status ReadText(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kTextFields, request, &request.extra, "text.");
}

Status ReadReasoning(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  request.reasoning.emplace();
  return common::ReadFields<ChatRequest>(node, kReasoningFields, request, &request.extra, "reasoning.");
}

}  // namespace gatehouse::llm::dialect::openai_responses
