#include "features/policy/rule_set.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace gatehouse::features::policy {
namespace {

using pipeline::Effect;
using pipeline::Phase;
using Outcome = Finding::Outcome;

void Ask(const codec::cel::Activation& facts, codec::cel::Scratch& scratch, Finding& finding) {
  if (finding.outcome == Finding::Outcome::kFailed) finding.reason.clear();
  const auto holds = finding.rule->condition->Test(facts, scratch);
  if (!holds.ok()) {
    finding.outcome = Finding::Outcome::kFailed;
    finding.reason = holds.error().public_message;
  } else {
    finding.outcome = holds.value() ? Finding::Outcome::kHolds : Finding::Outcome::kDoesNotHold;
  }
}

bool IsEnforced(const Finding& finding) { return finding.rule->mode == pipeline::Decision::Mode::kEnforced; }

// The facts that a condition looks at, less those that all requests share.
FactMemory::Mask Varying(const codec::cel::Program& condition, const codec::cel::Activation& standing) {
  FactMemory::Mask mask = 0;
  for (const std::uint32_t slot : condition.slots()) {
    if (standing.Get(slot).Is(codec::cel::Kind::kUnknown)) mask |= FactMemory::Mask{1} << slot;
  }
  return mask;
}

// The first of the strictest.
const Finding* Stricter(const Finding* a, const Finding* b) {
  if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
  if (a->Says() != b->Says()) return a->Says() > b->Says() ? a : b;
  return std::less<>()(a, b) ? a : b;
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

bool RuleSet::AreAbout(pipeline::Surface surface, Phase phase) const {
  const auto& rules = by_surface_.at(static_cast<std::size_t>(phase)).at(static_cast<std::size_t>(surface));
  return !rules.empty() || Otherwise(phase) != Effect::kAllow;
}

Docket RuleSet::DocketOf(Phase phase, const Subject& subject, const codec::cel::Activation& standing,
                         codec::cel::Scratch& scratch) const {
  Docket docket;
  docket.first_rule_ = settings_.rules.data();
  docket.allowed_ = Otherwise(phase) == Effect::kAllow;
  FactMemory::Mask watched = 0;
  const auto& rules = by_surface_.at(static_cast<std::size_t>(phase)).at(static_cast<std::size_t>(subject.surface));
  for (const Rule* rule : rules) {
    if (!rule->scope.Covers(subject, rule->OfUnknownModel())) continue;
    Finding& finding = docket.findings_.emplace_back(Finding{.rule = rule, .outcome = Outcome::kHolds, .reason = {}});
    if (!rule->condition) continue;
    Ask(standing, scratch, finding);
    if (finding.outcome != Outcome::kFailed) continue;
    const FactMemory::Mask reads = Varying(*rule->condition, standing);
    docket.open_.push_back({.finding = static_cast<std::uint32_t>(docket.findings_.size() - 1), .reads = reads});
    watched |= reads;
  }
  docket.memory_.Watch(watched);
  for (const Finding& finding : docket.findings_) {
    if (finding.outcome == Outcome::kFailed || !finding.Speaks()) continue;
    docket.speaks_ = true;
    if (!IsEnforced(finding)) continue;
    docket.allowed_ = docket.allowed_ || finding.Says() == Effect::kAllow;
    docket.decisive_ = Stricter(docket.decisive_, &finding);
  }
  docket.verdict_ = docket.Conclude();
  return docket;
}

Verdict Docket::Conclude() const {
  const Finding* decisive = decisive_;
  bool allowed = allowed_;
  bool speaks = speaks_;
  for (const Open& open : open_) {
    const Finding& finding = findings_[open.finding];
    if (!finding.Speaks()) continue;
    speaks = true;
    if (!IsEnforced(finding)) continue;
    allowed = allowed || finding.Says() == Effect::kAllow;
    decisive = Stricter(decisive, &finding);
  }
  const auto some = speaks ? Verdict::Speaks::kSome : Verdict::Speaks::kNone;
  const Effect effect = decisive == nullptr ? Effect::kAllow : decisive->Says();
  // A restriction narrows what is allowed and opens nothing.
  if (!allowed && effect <= Effect::kRestrict) return {.effect = Effect::kDeny, .decisive = nullptr, .speaks = some};
  return {.effect = effect, .decisive = decisive, .speaks = some};
}

Verdict RuleSet::Judge(Docket& docket, const codec::cel::Activation& facts, codec::cel::Scratch& scratch) {
  const FactMemory::Mask changed = docket.memory_.Renew(facts);
  if (changed == 0) return docket.verdict_;
  for (const Docket::Open& open : docket.open_) {
    if ((open.reads & changed) == 0) continue;
    Finding& finding = docket.findings_[open.finding];
    const Outcome before = finding.outcome;
    Ask(facts, scratch, finding);
    if (finding.outcome != before || finding.outcome == Outcome::kFailed) docket.minutes_.reset();
  }
  return docket.verdict_ = docket.Conclude();
}

std::shared_ptr<const Minutes> Docket::TakeMinutes() {
  if (minutes_ != nullptr) return minutes_;
  auto minutes = std::make_shared<Minutes>();
  minutes->effect = verdict_.effect;
  minutes->decisive = verdict_.decisive == nullptr ? nullptr : verdict_.decisive->rule;
  for (const Finding& finding : findings_) {
    minutes->marks.push_back(
        {.rule = static_cast<std::uint32_t>(finding.rule - first_rule_), .outcome = finding.outcome});
    if (finding.outcome == Outcome::kFailed) minutes->reasons.push_back(finding.reason);
  }
  return minutes_ = std::move(minutes);
}

}  // namespace gatehouse::features::policy
