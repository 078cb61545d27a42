#include "llm/dialect/openai_chat/tools.h"

#include <utility>

#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/schema.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/openai_chat/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using base::Ok;
using base::Status;
using codec::json::Value;
using codec::json::Writer;
using common::Node;
using common::Read;
using common::RequireArray;
using common::RequireObject;
using common::RequireString;

constexpr common::Word<ToolChoice::Mode> kModes[] = {
    {"auto", ToolChoice::Mode::kAuto},
    {"none", ToolChoice::Mode::kNone},
    {"required", ToolChoice::Mode::kRequired},
    {"any", ToolChoice::Mode::kRequired},  // Mistral
};
constexpr common::Word<ResponseFormat::Kind> kFormats[] = {
    {"text", ResponseFormat::Kind::kText},
    {"json_object", ResponseFormat::Kind::kJsonObject},
    {"json_schema", ResponseFormat::Kind::kJsonSchema},
};

std::optional<CacheMark> CacheMarkOf(Value tool) {
  const Value mark = tool["cache_control"];
  if (!mark.IsObject()) return std::nullopt;
  return CacheMark{std::string(mark["ttl"].string())};
}

Status DecodeFunction(const Node& function, Tool& tool) {
  GH_CHECK_OK(RequireObject(function));
  GH_TRY(const std::string_view name, RequireString(function["name"]));
  tool.name = name;
  GH_CHECK_OK(Read(function["description"], tool.description));
  GH_CHECK_OK(common::ReadRawObject(function["parameters"], tool.parameters));
  return Read(function["strict"], tool.strict);
}

base::Result<Tool> DecodeTool(const Node& node) {
  GH_CHECK_OK(RequireObject(node));
  GH_TRY(const std::string_view type, RequireString(node["type"]));
  Tool tool{.name = {}, .cache = CacheMarkOf(node.value())};
  if (type == "function") {
    GH_CHECK_OK(DecodeFunction(node["function"], tool));
    return tool;
  }
  tool.original = node.value().raw();
  if (type != "custom") {
    tool.kind = ToolKind::kProviderDefined;
    tool.name = type;
    return tool;
  }
  tool.kind = ToolKind::kCustom;
  const Node custom = node["custom"];
  GH_CHECK_OK(RequireObject(custom));
  GH_TRY(const std::string_view name, RequireString(custom["name"]));
  tool.name = name;
  GH_CHECK_OK(Read(custom["description"], tool.description));
  return tool;
}

base::Result<Tool> DecodeLegacyFunction(const Node& node) {
  Tool tool{.name = {}};
  GH_CHECK_OK(DecodeFunction(node, tool));
  return tool;
}

// {"type":"function","function":{"name"}} or {"type":"custom","custom":{"name"}}
base::Result<std::string> NameOfTool(const Node& node) {
  GH_CHECK_OK(RequireObject(node));
  GH_TRY(const std::string_view type, RequireString(node["type"]));
  const Node body = node[type];
  GH_CHECK_OK(RequireObject(body));
  GH_TRY(const std::string_view name, RequireString(body["name"]));
  return std::string(name);
}

Status DecodeAllowedTools(const Node& allowed, ToolChoice& choice) {
  GH_CHECK_OK(RequireObject(allowed));
  choice.mode = ToolChoice::Mode::kAllowed;
  std::string mode = "auto";
  GH_CHECK_OK(Read(allowed["mode"], mode));
  choice.allowed = mode == "required" ? ToolChoice::Strength::kRequired : ToolChoice::Strength::kAuto;
  const Node tools = allowed["tools"];
  GH_CHECK_OK(RequireArray(tools));
  return common::ReadEach(tools, NameOfTool, choice.names);
}

void WriteFunctionMembers(Writer& writer, const Tool& tool, std::string_view parameters) {
  writer.Field("name", tool.name);
  if (!tool.description.empty()) writer.Field("description", tool.description);
  if (!parameters.empty()) writer.RawField("parameters", parameters);
  if (tool.strict) writer.Field("strict", *tool.strict);
}

// The schema as the target accepts it: as it came from our own language, completed from others.
std::string ParametersOf(const Tool& tool, DialectId origin, const std::string& field, std::vector<Loss>& losses) {
  if (origin == DialectId::kOpenAiChat || tool.parameters.empty()) return tool.parameters;
  const bool relative = origin == DialectId::kOpenAiResponses;  // takes the same
  auto schema = relative ? common::ObjectSchema(tool.parameters)
                         : common::ArgumentsSchema(tool.parameters, field + ".parameters", kTarget, losses);
  if (schema.ok()) return std::move(schema).value();
  losses.push_back({Loss::Kind::kContent, field + ".parameters", "it is not a JSON Schema of an object"});
  return {};
}

// The format of a custom tool: nested here, flat in the Responses API.
void WriteCustomFormat(Writer& writer, Value format) {
  const bool flat = format["type"].string() == "grammar" && format["grammar"].IsMissing();
  writer.Key("format");
  if (!flat) {
    writer.Raw(format.raw());
    return;
  }
  writer.BeginObject().Field("type", "grammar").Key("grammar").BeginObject();
  writer.Field("syntax", format["syntax"].string()).Field("definition", format["definition"].string());
  writer.EndObject().EndObject();
}

void WriteCustomTool(Writer& writer, const Tool& tool) {
  if (tool.origin == DialectId::kOpenAiChat && !tool.original.empty()) {
    writer.Raw(tool.original);
    return;
  }
  codec::json::Document document;
  const bool parsed = document.Parse(tool.original).ok();
  writer.BeginObject().Field("type", "custom").Key("custom").BeginObject().Field("name", tool.name);
  if (!tool.description.empty()) writer.Field("description", tool.description);
  if (const Value format = document.root()["format"]; parsed && format.IsObject()) WriteCustomFormat(writer, format);
  writer.EndObject().EndObject();
}

bool CanCarry(const Tool& tool) {
  return tool.kind != ToolKind::kProviderDefined || tool.origin == DialectId::kOpenAiChat;
}

void WriteTool(Writer& writer, const ChatRequest& request, const Tool& tool, const std::string& field,
               std::vector<Loss>& losses) {
  if (tool.kind == ToolKind::kProviderDefined) {
    writer.Raw(tool.original);
    return;
  }
  if (tool.kind == ToolKind::kCustom) return WriteCustomTool(writer, tool);
  writer.BeginObject().Field("type", "function").Key("function").BeginObject();
  WriteFunctionMembers(writer, tool, ParametersOf(tool, request.origin, field, losses));
  writer.EndObject().EndObject();
}

void WriteNamed(Writer& writer, const ChatRequest& request, std::string_view name) {
  const char* type = "function";
  for (const Tool& tool : request.tools) {
    if (tool.name == name && tool.kind == ToolKind::kCustom) type = "custom";
  }
  writer.BeginObject().Field("type", type).Key(type).BeginObject().Field("name", name).EndObject().EndObject();
}

void WriteToolChoice(Writer& writer, const ChatRequest& request, const ToolChoice& choice) {
  writer.Key("tool_choice");
  switch (choice.mode) {
    case ToolChoice::Mode::kAuto:
    case ToolChoice::Mode::kNone:
    case ToolChoice::Mode::kRequired: writer.String(common::FindText(kModes, choice.mode)); break;
    case ToolChoice::Mode::kNamed: WriteNamed(writer, request, choice.names.empty() ? "" : choice.names.front()); break;
    case ToolChoice::Mode::kAllowed:
      writer.BeginObject().Field("type", "allowed_tools").Key("allowed_tools").BeginObject();
      writer.Field("mode", choice.allowed == ToolChoice::Strength::kRequired ? "required" : "auto");
      writer.Key("tools").BeginArray();
      for (const std::string& name : choice.names) WriteNamed(writer, request, name);
      writer.EndArray().EndObject().EndObject();
      break;
  }
}

void EncodeFunctions(Writer& writer, const ChatRequest& request) {
  writer.Key("functions").BeginArray();
  for (const Tool& tool : request.tools) {
    writer.BeginObject();
    WriteFunctionMembers(writer, tool, tool.parameters);
    writer.EndObject();
  }
  writer.EndArray();
  if (!request.tool_choice) return;
  if (request.tool_choice->mode == ToolChoice::Mode::kNamed && !request.tool_choice->names.empty()) {
    writer.Key("function_call").BeginObject().Field("name", request.tool_choice->names.front()).EndObject();
  } else {
    writer.Field("function_call", request.tool_choice->mode == ToolChoice::Mode::kNone ? "none" : "auto");
  }
}

}  // namespace

Status DecodeTools(const Node& node, std::vector<Tool>& tools) { return common::ReadEach(node, DecodeTool, tools); }

Status DecodeFunctions(const Node& node, std::vector<Tool>& tools) {
  return common::ReadEach(node, DecodeLegacyFunction, tools);
}

Status DecodeToolChoice(const Node& node, std::optional<ToolChoice>& choice) {
  if (!node.present()) return Ok();
  ToolChoice decoded;
  if (node.value().IsString()) {
    const auto mode = common::FindValue(kModes, node.value().string());
    if (!mode) return common::Invalid(node, "must be none, auto, required or an object");
    decoded.mode = *mode;
  } else {
    GH_CHECK_OK(RequireObject(node));
    if (node.value()["type"].string() == "allowed_tools") {
      GH_CHECK_OK(DecodeAllowedTools(node["allowed_tools"], decoded));
    } else {
      GH_TRY(std::string name, NameOfTool(node));
      decoded.mode = ToolChoice::Mode::kNamed;
      decoded.names.push_back(std::move(name));
    }
  }
  choice = std::move(decoded);
  return Ok();
}

Status DecodeFunctionCall(const Node& node, std::optional<ToolChoice>& choice) {
  if (!node.present() || node.value().IsString()) return DecodeToolChoice(node, choice);
  GH_CHECK_OK(RequireObject(node));
  GH_TRY(const std::string_view name, RequireString(node["name"]));
  choice = ToolChoice{.mode = ToolChoice::Mode::kNamed, .names = {std::string(name)}};
  return Ok();
}

Status DecodeResponseFormat(const Node& node, std::optional<ResponseFormat>& format) {
  if (!node.present()) return Ok();
  GH_CHECK_OK(RequireObject(node));
  GH_TRY(const std::string_view type, RequireString(node["type"]));
  const auto kind = common::FindValue(kFormats, type);
  if (!kind) return common::Invalid(node["type"], "must be text, json_object or json_schema");
  ResponseFormat decoded{.kind = *kind};
  if (*kind == ResponseFormat::Kind::kJsonSchema) {
    const Node body = node["json_schema"];
    GH_CHECK_OK(RequireObject(body));
    GH_TRY(const std::string_view name, RequireString(body["name"]));
    decoded.name = name;
    GH_CHECK_OK(Read(body["description"], decoded.description));
    GH_CHECK_OK(common::ReadRawObject(body["schema"], decoded.schema));
    GH_CHECK_OK(Read(body["strict"], decoded.strict));
  }
  format = std::move(decoded);
  return Ok();
}

void EncodeTools(Writer& writer, const ChatRequest& request, std::vector<Loss>& losses) {
  if (request.tools.empty()) return;
  if (request.tool_style == ChatRequest::ToolStyle::kLegacyFunctions) return EncodeFunctions(writer, request);
  std::size_t index = 0;
  std::size_t written = 0;
  for (const Tool& tool : request.tools) {
    const std::string field = "tools[" + std::to_string(index++) + "]";
    if (!CanCarry(tool)) {
      losses.push_back({Loss::Kind::kContent, field, common::NoEquivalent(kTarget, tool.name)});
      continue;
    }
    if (written++ == 0) writer.Key("tools").BeginArray();
    WriteTool(writer, request, tool, field, losses);
  }
  if (written == 0) return;  // a choice among no tools is refused
  writer.EndArray();
  if (request.tool_choice) WriteToolChoice(writer, request, *request.tool_choice);
  if (request.parallel_tool_calls) writer.Field("parallel_tool_calls", *request.parallel_tool_calls);
}

void EncodeResponseFormat(Writer& writer, const ResponseFormat& format) {
  writer.Key("response_format").BeginObject().Field("type", common::FindText(kFormats, format.kind));
  if (format.kind == ResponseFormat::Kind::kJsonSchema) {
    writer.Key("json_schema").BeginObject().Field("name", format.name.empty() ? common::kUnnamedSchema : format.name);
    if (!format.description.empty()) writer.Field("description", format.description);
    if (!format.schema.empty()) writer.RawField("schema", format.schema);
    if (format.strict) writer.Field("strict", *format.strict);
    writer.EndObject();
  }
  writer.EndObject();
}

}  // namespace gatehouse::llm::dialect::openai_chat
