#include "features/ratelimit/rule_set.h"

#include <algorithm>
#include <utility>

namespace gatehouse::features::ratelimit {
namespace {

bool Concerns(const RuleSet::Entry& entry, const pipeline::Principal& principal) {
  if (!entry.rule->node) return true;
  if (!entry.node || principal.chain.empty()) return entry.rule->node->Contains(principal);
  return std::ranges::find(principal.chain, *entry.node, &pipeline::Link::id) != principal.chain.end();
}

}  // namespace

RuleSet::RuleSet(std::shared_ptr<const std::vector<Rule>> rules, MeterBoard& board, const FindNode& find)
    : rules_(std::move(rules)), key_(board.key()), replenisher_(board.replenisher()) {
  for (const Rule& rule : *rules_) {
    Entry entry{.rule = &rule, .meter = board.Get(rule.name), .node = {}};
    if (rule.node && find) entry.node = find(rule.node->text());
    (rule.ByProvider() ? by_provider_ : general_).push_back(std::move(entry));
  }
}

bool RuleSet::CountsSlots() const {
  return std::ranges::any_of(*rules_, [](const Rule& rule) { return rule.concurrent > 0; });
}

void RuleSet::Add(const Entry& entry, const pipeline::Principal& principal, std::string_view model, base::TimePoint now,
                  std::vector<Match>& into) const {
  if (!entry.rule->ForModel(model) || !Concerns(entry, principal)) return;
  if (!entry.rule->each) {
    into.push_back({.rule = entry.rule, .bucket = entry.meter->common()});
  } else if (const auto caller = CallerOf(principal, *entry.rule->each, key_)) {
    into.push_back({.rule = entry.rule, .bucket = entry.meter->Of(*caller, now)});
  }
}

void RuleSet::Select(const pipeline::Principal& principal, std::string_view model, base::TimePoint now,
                     std::vector<Match>& into) const {
  into.reserve(into.size() + general_.size());
  for (const Entry& entry : general_) Add(entry, principal, model, now, into);
}

void RuleSet::SelectFor(std::string_view provider, const pipeline::Principal& principal, std::string_view model,
                        base::TimePoint now, std::vector<Match>& into) const {
  for (const Entry& entry : by_provider_) {
    if (Fits(entry.rule->provider, provider)) Add(entry, principal, model, now, into);
  }
}

}  // namespace gatehouse::features::ratelimit
