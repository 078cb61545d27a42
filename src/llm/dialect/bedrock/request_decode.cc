#include "llm/dialect/bedrock/request_decode.h"

#include <string>
#include <string_view>
#include <utility>

#include "llm/dialect/bedrock/blocks.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using base::Status;
using common::Field;
using common::Node;

Status ReadMessage(const Node& node, ChatRequest& request) {
  constexpr common::Word<Role> kRoles[] = {
      {"user", Role::kUser}, {"assistant", Role::kAssistant}, {"system", Role::kSystem}};
  GH_CHECK_OK(common::RequireObject(node));
  const auto role_node = node["role"];
  GH_TRY(const auto word, common::RequireString(role_node));
  const auto role = common::FindValue(kRoles, word);
  if (!role) return common::Invalid(role_node, "must be user, assistant or system");
  Message message{.role = *role, .blocks = {}, .source = node.path()};
  GH_CHECK_OK(ReadBlocks(node["content"], message.blocks));
  request.messages.push_back(std::move(message));
  return base::Ok();
}

Status ReadMessages(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::AllowArray(node));
  std::size_t index = 0;
  for (const auto element : node.value()) {
    GH_CHECK_OK(ReadMessage(node.Element(element.value, index++), request));
  }
  return base::Ok();
}

Status ReadSystem(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  Message system{.role = Role::kSystem, .blocks = {}, .source = node.path()};
  GH_CHECK_OK(ReadBlocks(node, system.blocks));
  request.messages.insert(request.messages.begin(), std::move(system));
  return base::Ok();
}

Status ReadInference(const Node& node, ChatRequest& request) {
  constexpr Field<ChatRequest> kFields[] = {
      {"maxTokens", [](const Node& n, ChatRequest& r) { return common::Read(n, r.max_output_tokens); }},
      {"temperature", [](const Node& n, ChatRequest& r) { return common::Read(n, r.temperature); }},
      {"topP", [](const Node& n, ChatRequest& r) { return common::Read(n, r.top_p); }},
      {"stopSequences", [](const Node& n, ChatRequest& r) { return common::ReadStrings(n, r.stop); }},
  };
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kFields, request, &request.extra, "inferenceConfig.");
}

Status ReadToolSpec(const Node& node, ChatRequest& request) {
  constexpr Field<Tool> kFields[] = {
      {"name", [](const Node& n, Tool& t) { return common::Read(n, t.name); }},
      {"description", [](const Node& n, Tool& t) { return common::Read(n, t.description); }},
      {"strict", [](const Node& n, Tool& t) { return common::Read(n, t.strict); }},
      {"inputSchema",
       [](const Node& n, Tool& t) -> Status {
         GH_CHECK_OK(common::RequireObject(n));
         return common::ReadRawObject(n["json"], t.parameters);
       }},
  };
  Tool tool{.name = {}, .origin = DialectId::kBedrock};
  GH_CHECK_OK(common::ReadFields<Tool>(node, kFields, tool, nullptr));
  if (tool.name.empty()) return common::WrongType(node["name"], "a string");
  request.tools.push_back(std::move(tool));
  return base::Ok();
}

Status ReadTool(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::RequireObject(node));
  if (auto mark = CachePoint(node.value())) {
    if (!request.tools.empty()) request.tools.back().cache = std::move(mark);
    return base::Ok();
  }
  const auto spec = node["toolSpec"];
  if (spec.present()) return ReadToolSpec(spec, request);
  for (const auto member : node.value()) {
    request.tools.push_back({.kind = ToolKind::kProviderDefined,
                             .name = std::string(member.key),
                             .origin = DialectId::kBedrock,
                             .original = std::string(node.value().raw())});
    return base::Ok();
  }
  return common::Invalid(node, "has none of toolSpec, systemTool, cachePoint");
}

Status ReadTools(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::AllowArray(node));
  std::size_t index = 0;
  for (const auto element : node.value()) GH_CHECK_OK(ReadTool(node.Element(element.value, index++), request));
  return base::Ok();
}

Status ReadChoice(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  ToolChoice choice;
  const auto tool = node["tool"];
  if (node["any"].present()) choice.mode = ToolChoice::Mode::kRequired;
  if (tool.present()) {
    const auto name_node = tool["name"];
    GH_TRY(const auto name, common::RequireString(name_node));
    choice.mode = ToolChoice::Mode::kNamed;
    choice.names.emplace_back(name);
  }
  request.tool_choice = std::move(choice);
  return base::Ok();
}

Status ReadToolConfig(const Node& node, ChatRequest& request) {
  constexpr Field<ChatRequest> kFields[] = {{"tools", ReadTools}, {"toolChoice", ReadChoice}};
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kFields, request, &request.extra, "toolConfig.");
}

Status ReadTextFormat(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  const auto structure = node["structure"];
  const auto schema = structure["jsonSchema"];
  GH_CHECK_OK(common::RequireObject(schema));
  ResponseFormat format{.kind = ResponseFormat::Kind::kJsonSchema};
  GH_CHECK_OK(common::Read(schema["name"], format.name));
  GH_CHECK_OK(common::Read(schema["description"], format.description));
  GH_CHECK_OK(common::Read(schema["schema"], format.schema));
  codec::json::Document parsed;
  if (!parsed.Parse(format.schema).ok()) return common::Invalid(schema["schema"], "must be a JSON Schema in a string");
  request.response_format = std::move(format);
  return base::Ok();
}

Status ReadOutputConfig(const Node& node, ChatRequest& request) {
  constexpr Field<ChatRequest> kFields[] = {{"textFormat", ReadTextFormat}};
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kFields, request, &request.extra, "outputConfig.");
}

Status ReadAdditional(const Node& node, ChatRequest& request) {
  constexpr Field<ChatRequest> kFields[] = {
      {"top_k", [](const Node& n, ChatRequest& r) { return common::Read(n, r.top_k); }}};
  if (!node.present()) return base::Ok();
  return common::ReadFields<ChatRequest>(node, kFields, request, &request.extra, "additionalModelRequestFields.");
}

Status ReadServiceTier(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  return common::Read(node["type"], request.service_tier);
}

constexpr Field<ChatRequest> kRequestFields[] = {
    {"messages", ReadMessages},
    {"system", ReadSystem},
    {"inferenceConfig", ReadInference},
    {"toolConfig", ReadToolConfig},
    {"outputConfig", ReadOutputConfig},
    {"additionalModelRequestFields", ReadAdditional},
    {"serviceTier", ReadServiceTier},
    {"requestMetadata", [](const Node& n, ChatRequest& r) { return common::ReadRawObject(n, r.metadata); }},
};

}  // namespace

base::Result<ChatRequest> ReadRequest(const Node& body, const RequestPath& path) {
  ChatRequest request;
  request.origin = DialectId::kBedrock;
  request.model = std::string(path.model);
  request.stream = path.delivery == Delivery::kStream;
  GH_CHECK_OK(common::ReadFields<ChatRequest>(body, kRequestFields, request, &request.extra));
  const auto messages = body["messages"];
  GH_CHECK_OK(common::RequireArray(messages));
  if (messages.value().empty()) return common::Invalid(messages, "must hold at least one message");
  common::FillToolNames(request.messages);
  return request;
}

}  // namespace gatehouse::llm::dialect::bedrock
