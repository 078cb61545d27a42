#include "features/policy/restrict.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "features/policy/facts.h"
#include "features/policy/scope.h"
#include "pipeline/attachments.h"

namespace gatehouse::features::policy {
namespace {

using pipeline::ChatCall;
using pipeline::Exchange;

base::Error Impossible(const Rule& rule, std::string_view why) {
  return base::Error{.code = base::ErrorCode::kDenied,
                     .source = base::ErrorSource::kPolicy,
                     .public_message = "The policy rule '" + rule.id + "' restricts this request, and " +
                                       std::string(why) + ". It is refused."};
}

void Warn(Exchange& exchange, const Rule& rule, std::string what) {
  exchange.warnings.push_back("policy " + rule.id + ": " + std::move(what));
}

bool IsOpaque(const Exchange& exchange) {
  return std::holds_alternative<pipeline::PassThroughCall>(exchange.operation);
}

base::Status ClampOutput(const Rule& rule, Exchange& exchange) {
  const auto tokens = rule.restriction.max_output_tokens;
  if (!tokens) return base::Ok();
  if (IsOpaque(exchange)) return Impossible(rule, "the length of what this endpoint answers cannot be limited");
  auto* chat = std::get_if<ChatCall>(&exchange.operation);
  if (chat == nullptr) return base::Ok();  // nothing is generated
  auto& asked = chat->request->max_output_tokens;
  if (asked && *asked <= *tokens) return base::Ok();
  asked = tokens;
  chat->output_limit = std::min(chat->output_limit.value_or(*tokens), *tokens);
  Warn(exchange, rule, "at most " + std::to_string(*tokens) + " tokens of output");
  return base::Ok();
}

base::Status DropTools(const Rule& rule, Exchange& exchange) {
  const auto& patterns = rule.restriction.dropped_tools;
  if (patterns.empty()) return base::Ok();
  if (IsOpaque(exchange)) return Impossible(rule, "the tools of this endpoint cannot be taken away");
  auto* chat = std::get_if<ChatCall>(&exchange.operation);
  if (chat == nullptr) return base::Ok();
  llm::ChatRequest& request = *chat->request;
  const auto dropped = [&](const std::string& name) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) { return GlobMatches(pattern, name); });
  };
  for (const llm::Tool& tool : request.tools) {
    if (dropped(tool.name)) Warn(exchange, rule, "tool '" + tool.name + "' was taken away");
  }
  if (std::erase_if(request.tools, [&](const llm::Tool& tool) { return dropped(tool.name); }) == 0) return base::Ok();
  chat->body_is_current = false;
  if (request.tools.empty()) {
    request.tool_choice.reset();
    request.parallel_tool_calls.reset();
  } else if (request.tool_choice && std::erase_if(request.tool_choice->names, dropped) > 0 &&
             request.tool_choice->names.empty()) {
    request.tool_choice.reset();
  }
  return base::Ok();
}

base::Status PinTarget(const Rule& rule, Exchange& exchange) {
  const std::string& provider = rule.restriction.provider;
  if (provider.empty()) return base::Ok();
  const auto* only = exchange.Find<pipeline::OnlyProvider>();
  if (only != nullptr && only->name != provider) {
    return Impossible(rule, "another rule wants another provider for it");
  }
  exchange.Attach(pipeline::OnlyProvider{provider});
  return base::Ok();
}

base::Status DowngradeModel(const Rule& rule, Exchange& exchange) {
  const std::string& model = rule.restriction.model;
  if (model.empty() || std::holds_alternative<pipeline::ModelsCall>(exchange.operation)) return base::Ok();
  if (SubjectOf(exchange).knows_model == Subject::Model::kUnknown) {
    return Impossible(rule, "the model it asks for is not known");
  }
  if (exchange.model == model) return base::Ok();
  Warn(exchange, rule, "model '" + model + "' serves instead of '" + exchange.model + "'");
  exchange.model = model;
  return base::Ok();
}

}  // namespace

base::Status Restrict(const std::vector<const Rule*>& rules, Exchange& exchange) {
  const Rule* downgrade = nullptr;
  for (const Rule* rule : rules) {
    GH_CHECK_OK(ClampOutput(*rule, exchange));
    GH_CHECK_OK(DropTools(*rule, exchange));
    GH_CHECK_OK(PinTarget(*rule, exchange));
    if (downgrade == nullptr && !rule->restriction.model.empty()) downgrade = rule;
  }
  return downgrade == nullptr ? base::Ok() : DowngradeModel(*downgrade, exchange);
}

}  // namespace gatehouse::features::policy
