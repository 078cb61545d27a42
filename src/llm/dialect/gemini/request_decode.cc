#include "llm/dialect/gemini/request_decode.h"

#include <array>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/conversation.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/gemini/parts.h"
#include "llm/dialect/gemini/schema.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using base::Status;
using common::Field;
using common::Node;

constexpr common::Word<Effort> kLevels[] = {
    {"MINIMAL", Effort::kMinimal}, {"LOW", Effort::kLow}, {"MEDIUM", Effort::kMedium}, {"HIGH", Effort::kHigh}};

ResponseFormat& Format(ChatRequest& request) {
  if (!request.response_format) request.response_format.emplace();
  return *request.response_format;
}

ToolChoice& Choice(ChatRequest& request) {
  if (!request.tool_choice) request.tool_choice.emplace();
  return *request.tool_choice;
}

// --- generationConfig ---

Status ReadMimeType(const Node& node, ChatRequest& request) {
  std::string type;
  GH_CHECK_OK(common::Read(node, type));
  if (type == "application/json") {
    auto& format = Format(request);
    if (format.kind == ResponseFormat::Kind::kText) format.kind = ResponseFormat::Kind::kJsonObject;
  } else if (!type.empty() && type != "text/plain") {
    request.extra.push_back({"generationConfig.responseMimeType", std::string(node.value().raw())});
  }
  return base::Ok();
}

Status ReadJsonSchema(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  Format(request).kind = ResponseFormat::Kind::kJsonSchema;
  return common::ReadRawObject(node, Format(request).schema);
}

Status ReadOpenApiSchema(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  Format(request).kind = ResponseFormat::Kind::kJsonSchema;
  Format(request).schema = ToJsonSchema(node.value());
  return base::Ok();
}

// -1 lets the model choose, 0 turns thinking off.
Status ReadBudget(const Node& node, ReasoningConfig& config) {
  std::optional<std::int64_t> budget;
  GH_CHECK_OK(common::Read(node, budget));
  if (!budget) return base::Ok();
  if (*budget < -1 || *budget > 0xffffffff) return common::Invalid(node, "must be -1, 0 or a number of tokens");
  config.mode = *budget == 0    ? ReasoningConfig::Mode::kDisabled
                : *budget == -1 ? ReasoningConfig::Mode::kAdaptive
                                : ReasoningConfig::Mode::kEnabled;
  if (*budget > 0) config.budget_tokens = static_cast<std::uint32_t>(*budget);
  return base::Ok();
}

Status ReadLevel(const Node& node, ReasoningConfig& config) {
  std::string level;
  GH_CHECK_OK(common::Read(node, level));
  if (level.empty() || level == "THINKING_LEVEL_UNSPECIFIED") return base::Ok();
  for (char& c : level) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  config.effort = common::FindValue(kLevels, level);
  if (!config.effort) return common::Invalid(node, "must be MINIMAL, LOW, MEDIUM or HIGH");
  return base::Ok();
}

constexpr Field<ReasoningConfig> kThinkingFields[] = {
    {"includeThoughts", [](const Node& n, ReasoningConfig& c) { return common::Read(n, c.include_text); }},
    {"thinkingBudget", ReadBudget},
    {"thinkingLevel", ReadLevel},
};

Status ReadThinking(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  request.reasoning.emplace();
  return ReadMembers<ReasoningConfig>(node, kThinkingFields, *request.reasoning, &request.extra,
                                      "generationConfig.thinkingConfig.");
}

constexpr Field<ChatRequest> kGenerationFields[] = {
    {"temperature", [](const Node& n, ChatRequest& r) { return common::Read(n, r.temperature); }},
    {"topP", [](const Node& n, ChatRequest& r) { return common::Read(n, r.top_p); }},
    {"topK", [](const Node& n, ChatRequest& r) { return common::Read(n, r.top_k); }},
    {"candidateCount", [](const Node& n, ChatRequest& r) { return common::Read(n, r.choices); }},
    {"maxOutputTokens", [](const Node& n, ChatRequest& r) { return common::Read(n, r.max_output_tokens); }},
    {"stopSequences", [](const Node& n, ChatRequest& r) { return common::ReadStrings(n, r.stop); }},
    {"presencePenalty", [](const Node& n, ChatRequest& r) { return common::Read(n, r.presence_penalty); }},
    {"frequencyPenalty", [](const Node& n, ChatRequest& r) { return common::Read(n, r.frequency_penalty); }},
    {"seed", [](const Node& n, ChatRequest& r) { return common::Read(n, r.seed); }},
    {"responseLogprobs", [](const Node& n, ChatRequest& r) { return common::Read(n, r.logprobs); }},
    {"logprobs", [](const Node& n, ChatRequest& r) { return common::Read(n, r.top_logprobs); }},
    {"responseMimeType", ReadMimeType},
    {"responseSchema", ReadOpenApiSchema},
    {"responseJsonSchema", ReadJsonSchema},
    {"thinkingConfig", ReadThinking},
};

// --- tools ---

Status ReadParameters(const Node& node, Tool& tool) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  if (tool.parameters.empty()) tool.parameters = ToJsonSchema(node.value());
  return base::Ok();
}

// What a declaration has beside these (`response`, `behavior`) stays in `original`.
Status ReadDeclaration(const Node& node, ChatRequest& request) {
  constexpr Field<Tool> kFields[] = {
      {"name", [](const Node& n, Tool& t) { return common::Read(n, t.name); }},
      {"description", [](const Node& n, Tool& t) { return common::Read(n, t.description); }},
      {"parametersJsonSchema", [](const Node& n, Tool& t) { return common::ReadRawObject(n, t.parameters); }},
      {"parameters", ReadParameters},
  };
  Tool tool{.name = {}, .origin = DialectId::kGemini};
  std::vector<ExtraField> beside;
  GH_CHECK_OK(ReadMembers<Tool>(node, kFields, tool, &beside));
  if (tool.name.empty()) return common::WrongType(node["name"], "a string");
  if (!beside.empty()) tool.original = std::string(node.value().raw());
  request.tools.push_back(std::move(tool));
  return base::Ok();
}

Status ReadDeclarations(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::AllowArray(node));
  std::size_t index = 0;
  for (const auto element : node.value()) {
    GH_CHECK_OK(ReadDeclaration(node.Element(element.value, index++), request));
  }
  return base::Ok();
}

// One element of `tools` may hold functions and several of Google's own tools at once.
Status ReadTool(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::RequireObject(node));
  for (const auto member : node.value()) {
    auto name = CamelCase(member.key);
    if (name == "functionDeclarations") {
      GH_CHECK_OK(ReadDeclarations(node.Member(member), request));
    } else if (!member.value.IsNullish()) {
      JsonText original;  // the name is the client's: written as a string, whatever it holds
      codec::json::Writer(original).BeginObject().RawField(name, member.value.raw()).EndObject();
      request.tools.push_back({.kind = ToolKind::kProviderDefined,
                               .name = std::move(name),
                               .origin = DialectId::kGemini,
                               .original = std::move(original)});
    }
  }
  return base::Ok();
}

Status ReadTools(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::AllowArray(node));
  std::size_t index = 0;
  for (const auto element : node.value()) GH_CHECK_OK(ReadTool(node.Element(element.value, index++), request));
  return base::Ok();
}

// VALIDATED, like AUTO, leaves the choice to the model, but holds its arguments to the schema: no other dialect says
// this about all tools, so the word itself travels on.
Status ReadMode(const Node& node, ChatRequest& request) {
  constexpr common::Word<ToolChoice::Mode> kModes[] = {{"AUTO", ToolChoice::Mode::kAuto},
                                                       {"ANY", ToolChoice::Mode::kRequired},
                                                       {"NONE", ToolChoice::Mode::kNone},
                                                       {"VALIDATED", ToolChoice::Mode::kAuto}};
  std::string word;
  GH_CHECK_OK(common::Read(node, word));
  if (word.empty() || word == "MODE_UNSPECIFIED") return base::Ok();
  const auto mode = common::FindValue(kModes, word);
  if (!mode) return common::Invalid(node, "must be AUTO, ANY, NONE or VALIDATED");
  Choice(request).mode = *mode;
  if (word == "VALIDATED") {
    request.extra.push_back({"toolConfig.functionCallingConfig.mode", std::string(node.value().raw())});
  }
  return base::Ok();
}

Status ReadAllowedNames(const Node& node, ChatRequest& request) {
  if (!node.present() || node.value().empty()) return base::Ok();
  return common::ReadStrings(node, Choice(request).names);
}

Status RefuseStreamedArguments(const Node& node, ChatRequest&) {
  std::optional<bool> wanted;
  GH_CHECK_OK(common::Read(node, wanted));
  if (!wanted.value_or(false)) return base::Ok();
  return common::Unsupported(node, "function calls are checked whole here; leave this out");
}

Status ReadCallingConfig(const Node& node, ChatRequest& request) {
  constexpr Field<ChatRequest> kFields[] = {
      {"mode", ReadMode},
      {"allowedFunctionNames", ReadAllowedNames},
      {"streamFunctionCallArguments", RefuseStreamedArguments},
  };
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(ReadMembers<ChatRequest>(node, kFields, request, &request.extra, "toolConfig.functionCallingConfig."));
  if (!request.tool_choice || request.tool_choice->names.empty()) return base::Ok();
  auto& choice = *request.tool_choice;
  const bool required = choice.mode == ToolChoice::Mode::kRequired;
  choice.allowed = required ? ToolChoice::Strength::kRequired : ToolChoice::Strength::kAuto;
  choice.mode = required && choice.names.size() == 1 ? ToolChoice::Mode::kNamed : ToolChoice::Mode::kAllowed;
  return base::Ok();
}

Status ReadToolConfig(const Node& node, ChatRequest& request) {
  constexpr Field<ChatRequest> kFields[] = {{"functionCallingConfig", ReadCallingConfig}};
  if (!node.present()) return base::Ok();
  return ReadMembers<ChatRequest>(node, kFields, request, &request.extra, "toolConfig.");
}

// --- contents ---

Status ReadRole(const Node& node, Message& message) {
  constexpr common::Word<Role> kRoles[] = {
      {"user", Role::kUser}, {"model", Role::kAssistant}, {"function", Role::kUser}};
  std::string word;
  GH_CHECK_OK(common::Read(node, word));
  if (word.empty()) return base::Ok();  // a lone prompt need not say its role
  const auto role = common::FindValue(kRoles, word);
  if (!role) return common::Invalid(node, "must be user or model");
  message.role = *role;
  return base::Ok();
}

Status ReadContent(const Node& node, CallLedger& calls, ChatRequest& request) {
  GH_CHECK_OK(common::RequireObject(node));
  Message message;
  message.source = node.path();
  GH_CHECK_OK(ReadRole(node["role"], message));
  GH_CHECK_OK(ReadParts(node, calls, message.blocks));
  request.messages.push_back(std::move(message));
  return base::Ok();
}

Status ReadContents(const Node& node, ChatRequest& request) {
  GH_CHECK_OK(common::RequireArray(node));
  if (node.value().empty()) return common::Invalid(node, "must not be empty");
  CallLedger calls;
  std::size_t index = 0;
  for (const auto element : node.value()) {
    GH_CHECK_OK(ReadContent(node.Element(element.value, index++), calls, request));
  }
  return base::Ok();
}

Status ReadSystem(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_CHECK_OK(common::RequireObject(node));
  CallLedger calls;
  Message system{.role = Role::kSystem, .blocks = {}, .source = node.path()};
  GH_CHECK_OK(ReadParts(node, calls, system.blocks));
  request.messages.insert(request.messages.begin(), std::move(system));
  return base::Ok();
}

// A cached prefix is part of the conversation: it stands first, as something that only Gemini understands.
Status ReadCachedContent(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  GH_TRY(const auto name, common::RequireString(node));
  static_cast<void>(name);
  Message system{.role = Role::kSystem, .blocks = {}, .source = node.path()};
  system.blocks.push_back(OpaqueBlock{DialectId::kGemini, "cachedContent", std::string(node.value().raw())});
  request.messages.insert(request.messages.begin(), std::move(system));
  return base::Ok();
}

Status ReadGenerationConfig(const Node& node, ChatRequest& request) {
  if (!node.present()) return base::Ok();
  return ReadMembers<ChatRequest>(node, kGenerationFields, request, &request.extra, "generationConfig.");
}

constexpr Field<ChatRequest> kRequestFields[] = {
    {"contents", ReadContents},
    {"systemInstruction", ReadSystem},
    {"cachedContent", ReadCachedContent},
    {"tools", ReadTools},
    {"toolConfig", ReadToolConfig},
    {"generationConfig", ReadGenerationConfig},
    {"labels", [](const Node& n, ChatRequest& r) { return common::ReadRawObject(n, r.metadata); }},
    {"serviceTier", [](const Node& n, ChatRequest& r) { return common::Read(n, r.service_tier); }},
    {"model", [](const Node&, ChatRequest&) { return base::Ok(); }},  // the path says it
};

}  // namespace

base::Result<ChatRequest> ReadRequest(const Node& body, const RequestPath& path) {
  ChatRequest request;
  request.origin = DialectId::kGemini;
  request.model = std::string(path.model);
  request.stream = path.delivery == Delivery::kStream;
  GH_CHECK_OK(ReadMembers<ChatRequest>(body, kRequestFields, request, &request.extra));
  if (request.messages.empty() || request.messages.back().role == Role::kSystem) {
    return common::WrongType(body["contents"], "an array");
  }
  common::FillToolNames(request.messages);
  return request;
}

}  // namespace gatehouse::llm::dialect::gemini
