#include <utility>

#include "llm/dialect/anthropic/content.h"
#include "llm/dialect/anthropic/request.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using base::Status;
using common::Field;
using common::Node;

Status Ignore(const Node&, ChatRequest&) { return base::Ok(); }

ReasoningConfig& ReasoningOf(ChatRequest& request) {
  if (!request.reasoning) request.reasoning.emplace();
  return *request.reasoning;
}

Status ReadSystem(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  Message message{.role = Role::kSystem, .blocks = {}, .name = {}, .source = "system"};
  GH_CHECK_OK(DecodeContent(node, message.blocks));
  request.messages.insert(request.messages.begin(), std::move(message));
  return base::Ok();
}

base::Result<Message> DecodeMessage(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  const Node role_node = node["role"];
  GH_TRY(const auto role_word, common::RequireString(role_node));
  const auto role = common::FindValue(kRoles, role_word);
  if (!role) return common::Invalid(role_node, "must be user, assistant or system");
  Message message{.role = *role, .blocks = {}, .name = {}, .source = node.path()};
  const Node content = node["content"];
  if (!content.present()) return common::WrongType(content, "a string or an array of blocks");
  GH_CHECK_OK(DecodeContent(content, message.blocks));
  return message;
}

Status ReadMessages(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::RequireArray(node));
  return common::ReadEach(node, DecodeMessage, request.messages);
}

Status ReadThinking(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  GH_TRY(const auto type, common::RequireString(node["type"]));
  const auto mode = common::FindValue(kThinkingModes, type);
  if (!mode) {
    request.extra.push_back({"thinking", std::string(node.value().raw())});
    return base::Ok();
  }
  ReasoningConfig& reasoning = ReasoningOf(request);
  reasoning.mode = *mode;
  GH_CHECK_OK(common::Read(node["budget_tokens"], reasoning.budget_tokens));
  GH_CHECK_OK(common::Read(node["display"], reasoning.display));
  if (!reasoning.display.empty()) reasoning.include_text = reasoning.display != kDisplayOmitted;
  return base::Ok();
}

Status ReadEffort(const Node& node, ChatRequest& request) {
  return node.present() ? common::ReadEffort(node, ReasoningOf(request).effort) : base::Ok();
}

Status ReadFormat(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  const Node type = node["type"];
  GH_TRY(const auto word, common::RequireString(type));
  if (word != "json_schema") return common::Invalid(type, "must be json_schema");
  const Node schema = node["schema"];
  GH_CHECK_OK(common::RequireObject(schema));
  request.response_format =
      ResponseFormat{.kind = ResponseFormat::Kind::kJsonSchema, .schema = std::string(schema.value().raw())};
  return base::Ok();
}

constexpr Field<ChatRequest> kOutputFields[] = {{"effort", ReadEffort}, {"format", ReadFormat}};

Status ReadOutputConfig(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kOutputFields, request, &request.extra, "output_config.");
}

// Members of a tool that the neutral Tool has words for.
constexpr Field<Tool> kToolFields[] = {
    {"type", [](const Node&, Tool&) { return base::Ok(); }},
    {"name", [](const Node& node, Tool& tool) { return common::Read(node, tool.name); }},
    {"description", [](const Node& node, Tool& tool) { return common::Read(node, tool.description); }},
    {"input_schema", [](const Node& node, Tool& tool) { return common::ReadRawObject(node, tool.parameters); }},
    {"strict", [](const Node& node, Tool& tool) { return common::Read(node, tool.strict); }},
    {"cache_control", [](const Node& node, Tool& tool) { return ReadCacheMark(node, tool.cache); }},
};

// Tools of the client's own; further members ("eager_input_streaming", "input_examples") stay in `original`.
Status DecodeClientTool(const Node& node, Tool& tool) {
  std::vector<ExtraField> further;
  GH_CHECK_OK(common::ReadFields<Tool>(node, kToolFields, tool, &further));
  GH_CHECK_OK(common::RequireString(node["name"]));
  GH_CHECK_OK(common::RequireObject(node["input_schema"]));
  if (!further.empty()) tool.original = node.value().raw();
  return base::Ok();
}

base::Result<Tool> DecodeTool(const Node& node) {
  GH_CHECK_OK(common::RequireObject(node));
  Tool tool{.name = {}, .origin = DialectId::kAnthropic};
  std::string type;
  GH_CHECK_OK(common::Read(node["type"], type));
  if (type.empty() || type == "custom") {
    GH_CHECK_OK(DecodeClientTool(node, tool));
    return tool;
  }
  tool.kind = ToolKind::kProviderDefined;
  tool.original = node.value().raw();
  GH_CHECK_OK(common::Read(node["name"], tool.name));
  if (tool.name.empty()) tool.name = type;
  GH_CHECK_OK(ReadCacheMark(node["cache_control"], tool.cache));
  return tool;
}

Status ReadTools(const Node& node, ChatRequest& request) { return common::ReadEach(node, DecodeTool, request.tools); }

Status ReadToolChoice(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  const Node type = node["type"];
  GH_TRY(const auto word, common::RequireString(type));
  const auto mode = common::FindValue(kToolChoiceModes, word);
  if (!mode) return common::Invalid(type, "must be auto, any, tool or none");
  ToolChoice choice{.mode = *mode};
  if (*mode == ToolChoice::Mode::kNamed) {
    GH_TRY(const auto name, common::RequireString(node["name"]));
    choice.names.emplace_back(name);
  }
  request.tool_choice = std::move(choice);
  std::optional<bool> serial;
  GH_CHECK_OK(common::Read(node["disable_parallel_tool_use"], serial));
  if (serial) request.parallel_tool_calls = !*serial;
  return base::Ok();
}

Status ReadUser(const Node& node, ChatRequest& request) { return common::Read(node, request.user); }
constexpr Field<ChatRequest> kMetadataFields[] = {{"user_id", ReadUser}};

Status ReadMetadata(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kMetadataFields, request, &request.extra, "metadata.");
}

Status ReadServiceTier(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::Read(node, request.service_tier));
  if (request.service_tier == kStandardOnly) request.service_tier = kNeutralStandard;
  return base::Ok();
}

constexpr Field<ChatRequest> kFields[] = {
    {"anthropic_version", Ignore},
    {"model", [](const Node& node, ChatRequest& r) { return common::Read(node, r.model); }},
    {"max_tokens", [](const Node& node, ChatRequest& r) { return common::Read(node, r.max_output_tokens); }},
    {"messages", ReadMessages},
    {"system", ReadSystem},
    {"temperature", [](const Node& node, ChatRequest& r) { return common::Read(node, r.temperature); }},
    {"top_p", [](const Node& node, ChatRequest& r) { return common::Read(node, r.top_p); }},
    {"top_k", [](const Node& node, ChatRequest& r) { return common::Read(node, r.top_k); }},
    {"stop_sequences", [](const Node& node, ChatRequest& r) { return common::ReadStrings(node, r.stop); }},
    {"stream", [](const Node& node, ChatRequest& r) { return common::Read(node, r.stream); }},
    {"thinking", ReadThinking},
    {"output_config", ReadOutputConfig},
    {"tools", ReadTools},
    {"tool_choice", ReadToolChoice},
    {"metadata", ReadMetadata},
    {"service_tier", ReadServiceTier},
};

}  // namespace

base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path, Purpose purpose) {
  const Node root(body);
  ChatRequest request{.origin = DialectId::kAnthropic, .model = std::string(path.model), .messages = {}};
  GH_CHECK_OK(common::ReadFields<ChatRequest>(root, kFields, request, &request.extra));
  if (!path.model.empty()) {
    request.model = path.model;
    request.stream = path.delivery == Delivery::kStream;
  } else {
    GH_CHECK_OK(common::RequireString(root["model"]));
  }
  GH_CHECK_OK(common::RequireArray(root["messages"]));
  const Node max_tokens = root["max_tokens"];
  if (purpose == Purpose::kAnswer && !max_tokens.present()) return common::WrongType(max_tokens, "a whole number");
  request.stream_usage = request.stream;
  common::FillToolNames(request.messages);
  return request;
}

}  // namespace gatehouse::llm::dialect::anthropic
