#include "llm/dialect/anthropic/thinking.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "llm/dialect/anthropic/words.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using enum Thinking::Type;
using Mode = ReasoningConfig::Mode;

constexpr std::uint32_t kLeastBudget = 1024;

bool ForcesTool(const ChatRequest& request) {
  if (!request.tool_choice) return false;
  const ToolChoice& choice = *request.tool_choice;
  return choice.mode == ToolChoice::Mode::kRequired || choice.mode == ToolChoice::Mode::kNamed ||
         (choice.mode == ToolChoice::Mode::kAllowed && choice.allowed == ToolChoice::Strength::kRequired);
}

bool Holds(const common::Turn& turn, bool (*matches)(const Block& block)) {
  return std::ranges::any_of(turn.blocks, [&](const common::TurnBlock& b) { return matches(*b.block); });
}
bool IsCall(const Block& block) { return std::holds_alternative<ToolCallBlock>(block); }
bool IsSealedReasoning(const Block& block) {
  const auto* reasoning = std::get_if<ReasoningBlock>(&block);
  return reasoning != nullptr && reasoning->origin == DialectId::kAnthropic &&
         !(reasoning->signature.empty() && reasoning->redacted.empty());
}

// With a budget, a turn of the assistant that called tools has to begin with its thinking when the results come back.
// Clients of other dialects have lost it.
bool LacksThinking(std::span<const common::Turn> turns) {
  if (turns.size() < 2 || turns.back().role != Role::kUser) return false;
  const common::Turn& assistant = turns[turns.size() - 2];
  return assistant.role == Role::kAssistant && Holds(assistant, IsCall) && !Holds(assistant, IsSealedReasoning);
}

bool WantsNone(const ReasoningConfig& config) {
  return config.mode == Mode::kDisabled || config.effort == Effort::kNone;
}

// To Anthropic's own clients an effort is no wish to think, only a measure of it.
bool WantsThinking(const ChatRequest& request) {
  const ReasoningConfig& config = *request.reasoning;
  if (config.mode == Mode::kEnabled || config.mode == Mode::kAdaptive) return true;
  return request.origin != DialectId::kAnthropic && common::EffortOf(config).has_value();
}

Thinking::Type TypeFor(const ReasoningConfig& config, Capabilities::Thinking can) {
  if (can == Capabilities::Thinking::kBudget) return kBudget;
  if (can == Capabilities::Thinking::kEither && config.mode != Mode::kAdaptive && config.budget_tokens) return kBudget;
  return kAdaptive;
}

std::string_view DisplayFor(const ReasoningConfig& config) {
  if (!config.display.empty()) return config.display;
  const bool asked = !config.summary.empty() || config.include_text == true;
  return asked ? kDisplaySummarized : std::string_view();
}

Loss Parameter(std::string reason) { return {Loss::Kind::kParameter, "reasoning", std::move(reason)}; }

// Why thinking cannot be asked for; without a value it can. A client that cannot hold thinking would be refused in
// every turn after its first tool call, so there the rest of the turn goes on without, and only a hint is lost.
std::optional<Loss> Obstacle(const ChatRequest& request, const Thinking& plan, std::span<const common::Turn> turns) {
  if (plan.type == kBudget && plan.budget_tokens < kLeastBudget) {
    return Parameter("The output limit leaves no room for thinking, which takes at least 1024 tokens.");
  }
  if (request.origin == DialectId::kAnthropic) return std::nullopt;
  if (ForcesTool(request)) return Parameter("Anthropic does not think when a tool call is forced.");
  if (plan.type != kBudget || !LacksThinking(turns)) return std::nullopt;
  return Loss{Loss::Kind::kHint, "reasoning",
              "The conversation does not carry the thinking that came before its tool calls."};
}

}  // namespace

Thinking PlanThinking(const ChatRequest& request, const Capabilities& can, std::uint64_t max_tokens,
                      std::span<const common::Turn> turns, std::vector<Loss>& losses) {
  if (!request.reasoning) return {};
  const ReasoningConfig& config = *request.reasoning;
  if (WantsNone(config)) return {.type = can.thinking == Capabilities::Thinking::kNone ? kUnsaid : kDisabled};
  if (!WantsThinking(request)) return {.type = kUnsaid, .effort = config.effort};
  if (can.thinking == Capabilities::Thinking::kNone) {
    losses.push_back(Parameter("This model does not think."));
    return {};
  }
  Thinking plan{.type = TypeFor(config, can.thinking), .display = DisplayFor(config)};
  if (plan.type == kBudget) plan.budget_tokens = common::BudgetOf(config, max_tokens);
  const bool keeps_effort = plan.type == kAdaptive || request.origin == DialectId::kAnthropic;
  if (keeps_effort) plan.effort = plan.type == kAdaptive ? common::EffortOf(config) : config.effort;
  if (auto obstacle = Obstacle(request, plan, turns)) {
    losses.push_back(*std::move(obstacle));
    return {.type = kUnsaid, .effort = plan.effort};
  }
  return plan;
}

void WriteThinking(codec::json::Writer& writer, const Thinking& thinking) {
  if (thinking.type == kUnsaid) return;
  writer.Key("thinking").BeginObject();
  if (thinking.type == kDisabled) writer.Field("type", "disabled");
  if (thinking.type == kAdaptive) writer.Field("type", "adaptive");
  if (thinking.type == kBudget) writer.Field("type", "enabled").Field("budget_tokens", thinking.budget_tokens);
  if (!thinking.display.empty() && thinking.thinks()) writer.Field("display", thinking.display);
  writer.EndObject();
}

std::string_view EffortWord(Effort effort) {
  return effort <= Effort::kMinimal ? common::ToString(Effort::kLow) : common::ToString(effort);
}

}  // namespace gatehouse::llm::dialect::anthropic
