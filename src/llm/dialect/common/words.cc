#include "llm/dialect/common/words.h"

#include <algorithm>

#include "llm/dialect/common/fields.h"

namespace gatehouse::llm::dialect::common {
namespace {

constexpr Word<Effort> kEfforts[] = {
    {"none", Effort::kNone}, {"minimal", Effort::kMinimal}, {"low", Effort::kLow}, {"medium", Effort::kMedium},
    {"high", Effort::kHigh}, {"xhigh", Effort::kXHigh},     {"max", Effort::kMax},
};

struct Budget {
  Effort effort;
  std::uint32_t tokens;
};
constexpr Budget kBudgets[] = {
    {Effort::kNone, 0},      {Effort::kMinimal, 1024}, {Effort::kLow, 2048},   {Effort::kMedium, 8192},
    {Effort::kHigh, 16'384}, {Effort::kXHigh, 32'768}, {Effort::kMax, 65'536},
};

}  // namespace

std::string_view ToString(Effort effort) { return FindText(kEfforts, effort); }
std::optional<Effort> ParseEffort(std::string_view text) { return FindValue(kEfforts, text); }

base::Status ReadEffort(const Node& node, std::optional<Effort>& out) {
  if (!node.present()) return base::Ok();
  GH_TRY(const auto word, RequireString(node));
  const auto effort = ParseEffort(word);
  if (!effort) return Invalid(node, "must be none, minimal, low, medium, high, xhigh or max");
  out = effort;
  return base::Ok();
}

std::uint32_t BudgetFor(Effort effort) {
  const auto* found = std::ranges::find(kBudgets, effort, &Budget::effort);
  return found == std::end(kBudgets) ? 0 : found->tokens;
}

// The smallest effort whose budget covers the one asked for.
Effort EffortFor(std::uint32_t budget_tokens) {
  const auto* found = std::ranges::find_if(kBudgets, [&](const Budget& b) { return b.tokens >= budget_tokens; });
  return found == std::end(kBudgets) ? Effort::kMax : found->effort;
}

std::optional<Effort> EffortOf(const ReasoningConfig& config) {
  if (config.mode == ReasoningConfig::Mode::kDisabled) return Effort::kNone;
  if (config.effort) return config.effort;
  if (config.budget_tokens) return EffortFor(*config.budget_tokens);
  return std::nullopt;
}

std::uint32_t BudgetOf(const ReasoningConfig& config, std::optional<std::uint64_t> max_output_tokens) {
  if (config.mode == ReasoningConfig::Mode::kDisabled) return 0;
  const std::uint32_t wanted =
      config.budget_tokens ? *config.budget_tokens : BudgetFor(config.effort.value_or(Effort::kMedium));
  if (!max_output_tokens || wanted < *max_output_tokens) return wanted;
  return *max_output_tokens == 0 ? 0 : static_cast<std::uint32_t>(*max_output_tokens - 1);
}

}  // namespace gatehouse::llm::dialect::common
