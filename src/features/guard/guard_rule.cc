#include "features/guard/guard_rule.h"

#include <algorithm>

namespace gatehouse::features::guard {
namespace {

using inspect::Category;
using inspect::Channel;
using pipeline::Side;

std::size_t At(Side side) { return static_cast<std::size_t>(side); }
std::size_t At(Channel channel) { return static_cast<std::size_t>(channel); }
std::size_t At(Category category) { return static_cast<std::size_t>(category); }

// Below that a detector says that there is something, not what.
constexpr float kLikely = 0.6F;
// Little doubt: what is refused without anybody having asked for it.
constexpr float kCertain = 0.9F;

GuardRule About(std::string id, Category category, float at_least, Measure measure) {
  GuardRule rule{.id = std::move(id)};
  rule.categories.set(At(category));
  rule.at_least = at_least;
  rule.measure = measure;
  return rule;
}

}  // namespace

bool GuardRule::IsAbout(const inspect::Finding& finding, Channel channel, Side side) const {
  if (finding.confidence < at_least || !channels.test(At(channel)) || !sides.test(At(side))) return false;
  if (categories.none() && entities.empty()) return true;
  return categories.test(At(finding.category)) || std::ranges::find(entities, finding.entity) != entities.end();
}

Docket::Docket(const std::vector<GuardRule>& rules, pipeline::Surface surface, std::string_view model) {
  for (const GuardRule& rule : rules) {
    if (!rule.surfaces.test(static_cast<std::size_t>(surface))) continue;
    if (rule.models.empty() || std::ranges::find(rule.models, model) != rule.models.end()) rules_.push_back(&rule);
  }
}

bool Docket::Reaches(Side side) const {
  return std::ranges::any_of(rules_, [side](const GuardRule* rule) { return rule->sides.test(At(side)); });
}

std::vector<GuardRule> DefaultRules() {
  std::vector<GuardRule> rules;
  rules.push_back(About("default-secrets", Category::kSecret, kLikely, Measure::kMask));
  rules.back().controls = {"OWASP LLM02"};
  rules.push_back(About("default-injection", Category::kInjection, kCertain, Measure::kDeny));
  rules.back().channels.reset().set(At(Channel::kToolResult)).set(At(Channel::kDocument));
  rules.back().controls = {"OWASP LLM01"};
  rules.back().message = "A tool result or a document in this request holds instructions that look like an attack.";
  rules.push_back(About("default-exfiltration", Category::kExfiltration, kLikely, Measure::kNeutralise));
  rules.back().sides.reset().set(At(Side::kAnswer));
  rules.back().controls = {"OWASP LLM05"};
  GuardRule rest{.id = "default-notes"};
  rules.push_back(std::move(rest));
  return rules;
}

}  // namespace gatehouse::features::guard
