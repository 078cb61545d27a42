#include "features/policy/rule_set.h"

#include <algorithm>
#include <utility>

namespace gatehouse::features::policy {
namespace {

using pipeline::Effect;

void Ask(const Rule& rule, const codec::cel::Activation& facts, codec::cel::Scratch& scratch, Finding& finding) {
  finding.rule = &rule;
  finding.reason.clear();
  finding.outcome = Finding::Outcome::kHolds;
  if (!rule.condition) return;
  const auto holds = rule.condition->Test(facts, scratch);
  if (!holds.ok()) {
    finding.outcome = Finding::Outcome::kFailed;
    finding.reason = holds.error().public_message;
  } else if (!holds.value()) {
    finding.outcome = Finding::Outcome::kDoesNotHold;
  }
}

}  // namespace

bool Finding::Speaks() const {
  if (outcome == Outcome::kDoesNotHold) return false;
  return outcome == Outcome::kHolds || rule->effect != Effect::kAllow;
}

Effect Finding::Says() const { return outcome == Outcome::kFailed ? Effect::kDeny : rule->effect; }

RuleSet::RuleSet(Settings settings) : settings_(std::move(settings)) {
  for (const Rule& rule : settings_.rules) {
    for (std::size_t surface = 0; surface < pipeline::kSurfaces; ++surface) {
      if (!rule.scope.surfaces.test(surface)) continue;
      by_surface_.at(static_cast<std::size_t>(rule.phase)).at(surface).push_back(&rule);
    }
  }
}

bool RuleSet::empty() const {
  const auto allows = [](Effect effect) { return effect == Effect::kAllow; };
  return settings_.rules.empty() && std::ranges::all_of(settings_.otherwise, allows);
}

std::vector<const Rule*> RuleSet::Select(pipeline::Phase phase, const Subject& subject) const {
  std::vector<const Rule*> selected;
  const auto& rules = by_surface_.at(static_cast<std::size_t>(phase)).at(static_cast<std::size_t>(subject.surface));
  for (const Rule* rule : rules) {
    if (rule->scope.Covers(subject, rule->OfUnknownModel())) selected.push_back(rule);
  }
  return selected;
}

void RuleSet::Judge(pipeline::Phase phase, const std::vector<const Rule*>& selected,
                    const codec::cel::Activation& facts, codec::cel::Scratch& scratch, Verdict& verdict) const {
  verdict.findings.resize(selected.size());
  verdict.decisive = nullptr;
  bool allowed = Otherwise(phase) == Effect::kAllow;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    Finding& finding = verdict.findings[i];
    Ask(*selected[i], facts, scratch, finding);
    if (!finding.Speaks() || finding.rule->mode == pipeline::Decision::Mode::kShadow) continue;
    allowed = allowed || finding.Says() == Effect::kAllow;
    if (verdict.decisive == nullptr || finding.Says() > verdict.decisive->Says()) verdict.decisive = &finding;
  }
  verdict.effect = verdict.decisive == nullptr ? Effect::kAllow : verdict.decisive->Says();
  if (allowed || verdict.effect > Effect::kRestrict) return;
  // A restriction narrows what is allowed and opens nothing.
  verdict.effect = Effect::kDeny;
  verdict.decisive = nullptr;
}

}  // namespace gatehouse::features::policy
