#include <utility>

#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/openai_chat/messages.h"
#include "llm/dialect/openai_chat/request.h"
#include "llm/dialect/openai_chat/tools.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using base::Ok;
using base::Status;
using common::Field;
using common::Node;
using common::Read;

// Both may stand in one body; the newer one counts, whichever comes first.
struct Draft {
  ChatRequest request;
  std::optional<std::uint64_t> max_tokens;
  std::string safety_identifier;
  std::vector<Tool> functions;
  std::optional<ToolChoice> function_call;
};

ReasoningConfig& Reasoning(Draft& d) {
  return d.request.reasoning ? *d.request.reasoning : d.request.reasoning.emplace();
}

Status DecodeEffort(const Node& node, Draft& d) {
  if (!node.present()) return Ok();
  return common::ReadEffort(node, Reasoning(d).effort);
}

// The unified `reasoning` object of OpenRouter: {"effort","max_tokens","exclude","enabled"}.
Status DecodeReasoning(const Node& node, Draft& d) {
  if (!node.present()) return Ok();
  GH_CHECK_OK(common::RequireObject(node));
  ReasoningConfig& config = Reasoning(d);
  GH_CHECK_OK(common::ReadEffort(node["effort"], config.effort));
  GH_CHECK_OK(Read(node["max_tokens"], config.budget_tokens));
  std::optional<bool> enabled;
  std::optional<bool> exclude;
  GH_CHECK_OK(Read(node["enabled"], enabled));
  GH_CHECK_OK(Read(node["exclude"], exclude));
  if (enabled) config.mode = *enabled ? ReasoningConfig::Mode::kEnabled : ReasoningConfig::Mode::kDisabled;
  if (exclude) config.include_text = !*exclude;
  return Ok();
}

Status DecodeStreamOptions(const Node& node, Draft& d) {
  if (!node.present()) return Ok();
  constexpr Field<Draft> kFields[] = {
      {"include_usage", [](const Node& n, Draft& draft) { return Read(n, draft.request.stream_usage); }},
      {"include_obfuscation", [](const Node&, Draft&) { return Ok(); }},  // padding of the wire; ours has none
  };
  return common::ReadFields<Draft>(node, kFields, d, &d.request.extra, "stream_options.");
}

constexpr Field<Draft> kFields[] = {
    {"model", [](const Node& n, Draft& d) { return Read(n, d.request.model); }},
    {"messages", [](const Node& n, Draft& d) { return DecodeMessages(n, d.request.messages); }},
    {"tools", [](const Node& n, Draft& d) { return DecodeTools(n, d.request.tools); }},
    {"tool_choice", [](const Node& n, Draft& d) { return DecodeToolChoice(n, d.request.tool_choice); }},
    {"parallel_tool_calls", [](const Node& n, Draft& d) { return Read(n, d.request.parallel_tool_calls); }},
    {"functions", [](const Node& n, Draft& d) { return DecodeFunctions(n, d.functions); }},
    {"function_call", [](const Node& n, Draft& d) { return DecodeFunctionCall(n, d.function_call); }},
    {"stream", [](const Node& n, Draft& d) { return Read(n, d.request.stream); }},
    {"stream_options", DecodeStreamOptions},
    {"max_completion_tokens", [](const Node& n, Draft& d) { return Read(n, d.request.max_output_tokens); }},
    {"max_tokens", [](const Node& n, Draft& d) { return Read(n, d.max_tokens); }},
    {"temperature", [](const Node& n, Draft& d) { return Read(n, d.request.temperature); }},
    {"top_p", [](const Node& n, Draft& d) { return Read(n, d.request.top_p); }},
    {"top_k", [](const Node& n, Draft& d) { return Read(n, d.request.top_k); }},
    {"frequency_penalty", [](const Node& n, Draft& d) { return Read(n, d.request.frequency_penalty); }},
    {"presence_penalty", [](const Node& n, Draft& d) { return Read(n, d.request.presence_penalty); }},
    {"seed", [](const Node& n, Draft& d) { return Read(n, d.request.seed); }},
    {"random_seed", [](const Node& n, Draft& d) { return Read(n, d.request.seed); }},
    {"n", [](const Node& n, Draft& d) { return Read(n, d.request.choices); }},
    {"stop", [](const Node& n, Draft& d) { return common::ReadStrings(n, d.request.stop); }},
    {"logprobs", [](const Node& n, Draft& d) { return Read(n, d.request.logprobs); }},
    {"top_logprobs", [](const Node& n, Draft& d) { return Read(n, d.request.top_logprobs); }},
    {"logit_bias", [](const Node& n, Draft& d) { return common::ReadRawObject(n, d.request.logit_bias); }},
    {"response_format", [](const Node& n, Draft& d) { return DecodeResponseFormat(n, d.request.response_format); }},
    {"reasoning_effort", DecodeEffort},
    {"reasoning", DecodeReasoning},
    {"verbosity", [](const Node& n, Draft& d) { return Read(n, d.request.verbosity); }},
    {"user", [](const Node& n, Draft& d) { return Read(n, d.request.user); }},
    {"safety_identifier", [](const Node& n, Draft& d) { return Read(n, d.safety_identifier); }},
    {"metadata", [](const Node& n, Draft& d) { return common::ReadRawObject(n, d.request.metadata); }},
    {"service_tier", [](const Node& n, Draft& d) { return Read(n, d.request.service_tier); }},
    {"prompt_cache_key", [](const Node& n, Draft& d) { return Read(n, d.request.prompt_cache_key); }},
};

void UseFunctions(Draft& d) {
  if (d.functions.empty() || !d.request.tools.empty()) return;
  d.request.tools = std::move(d.functions);
  d.request.tool_choice = std::move(d.function_call);
  d.request.tool_style = ChatRequest::ToolStyle::kLegacyFunctions;
}

}  // namespace

base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) {
  const Node root(body);
  Draft draft;
  draft.request.origin = DialectId::kOpenAiChat;
  GH_CHECK_OK(common::ReadFields<Draft>(root, kFields, draft, &draft.request.extra));
  ChatRequest& request = draft.request;
  if (!path.model.empty()) request.model = path.model;
  if (request.model.empty()) return common::Invalid(root["model"], "is required");
  if (request.messages.empty()) return common::Invalid(root["messages"], "is required");
  if (!request.max_output_tokens) request.max_output_tokens = draft.max_tokens;
  if (!draft.safety_identifier.empty()) request.user = std::move(draft.safety_identifier);
  UseFunctions(draft);
  return std::move(draft.request);
}

}  // namespace gatehouse::llm::dialect::openai_chat
