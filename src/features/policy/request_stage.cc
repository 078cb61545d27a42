#include "features/policy/request_stage.h"

#include <chrono>
#include <functional>
#include <utility>

#include "features/policy/facts.h"
#include "features/policy/restrict.h"

namespace gatehouse::features::policy {
namespace {

using pipeline::Decision;
using pipeline::Effect;
using pipeline::Phase;

constexpr std::string_view kDefaultRule = "default";

std::string_view Word(Decision::Mode mode) { return mode == Decision::Mode::kShadow ? "shadow" : "enforce"; }

std::string Signed(std::string_view message, const Rule& rule) {
  return std::string(message).append(" (policy rule '").append(rule.id).append("')");
}

base::Error Denied(std::string message) {
  return {.code = base::ErrorCode::kDenied, .source = base::ErrorSource::kPolicy, .public_message = std::move(message)};
}

// Why a verdict refuses, for the client.
base::Error Refusal(const Verdict& verdict) {
  if (verdict.decisive == nullptr) {
    return Denied("No policy rule allows this request. Ask the operator of this gateway for a rule that does.");
  }
  const Finding& finding = *verdict.decisive;
  const Rule& rule = *finding.rule;
  if (finding.outcome == Finding::Outcome::kFailed) {
    base::Error error =
        Denied(Signed("A policy condition could not be decided for this request, which is therefore refused.", rule));
    error.detail = "rule " + rule.id + ": " + finding.reason;
    return error;
  }
  const std::string_view said =
      rule.message.empty() ? "A policy of this gateway does not allow this request." : std::string_view(rule.message);
  if (finding.Says() != Effect::kChallenge) return Denied(Signed(said, rule));
  return Denied(Signed(rule.message.empty()
                           ? "challenge_required: this request needs an approval, and nobody can give one here yet."
                           : "challenge_required: " + rule.message,
                       rule));
}

Decision NewDecision(const Finding& finding) {
  const Rule& rule = *finding.rule;
  const Effect says = finding.Says();
  return {.rule = rule.id,
          .phase = rule.phase,
          .effect = says,
          .mode = rule.mode,
          .action = says == Effect::kRestrict ? rule.restriction.text : std::string(),
          .controls = rule.controls};
}

std::unique_ptr<const JsonValue> ReadClaims(const std::string& json) {
  if (json.empty()) return nullptr;
  auto claims = JsonValue::Parse(json);
  return claims.ok() ? std::move(claims).value() : nullptr;  // then a rule that names them fails, and denies
}

}  // namespace

base::Metrics::Declaration DecisionsDeclaration() {
  return {"gatehouse_policy_decisions_total",
          "What policy rules said about requests.",
          base::MetricKind::kCounter,
          {"rule", "effect", "mode"}};
}

RequestStage::RequestStage(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions)
    : rules_(std::move(rules)), recorder_(recorder), decisions_(decisions) {}

pipeline::Enforcement RequestStage::Enforces(pipeline::Surface, Phase phase) const {
  return phase == Phase::kRequest ? pipeline::Enforcement::kEnforced : pipeline::Enforcement::kNone;
}

std::size_t RequestStage::Hash::operator()(const Key& key) const noexcept {
  constexpr std::size_t kOdd = 0x9E3779B97F4A7C15U;
  const std::size_t who = std::hash<const void*>()(key.principal) * kOdd;
  const std::size_t where = static_cast<std::size_t>(key.surface) * 2 + static_cast<std::size_t>(key.knows_model);
  return (who ^ std::hash<std::string_view>()(key.model)) + where * kOdd;
}

RequestStage::Subjection& RequestStage::SubjectionOf(const pipeline::Exchange& exchange, base::WallTime now) const {
  const Subject subject = SubjectOf(exchange);
  Key key{.principal = exchange.principal.get(),
          .surface = subject.surface,
          .knows_model = subject.knows_model,
          .model = subject.model};
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  Subjection fresh{.principal = exchange.principal,
                   .model = std::make_unique<const std::string>(subject.model),
                   .claims = ReadClaims(exchange.principal->claims),
                   .docket = {}};
  const ExchangeFacts facts(exchange, now, rules_->zone(), fresh.claims_map());
  fresh.docket = rules_->DocketOf(Phase::kRequest, subject, StandingFacts(facts, subject.knows_model), scratch_);
  if (known_.size() >= kMostSubjections || findings_ >= kMostFindings) {
    known_.clear();
    findings_ = 0;
  }
  findings_ += fresh.docket.findings().size();
  key.model = *fresh.model;
  return known_.emplace(key, std::move(fresh)).first->second;
}

RequestStage::Judgement RequestStage::Judge(const pipeline::Exchange& exchange) const {
  const base::WallTime now = exchange.loop.clock().Wall();
  const base::TimePoint began = exchange.loop.clock().Now();
  Subjection& subjection = SubjectionOf(exchange, now);
  const ExchangeFacts facts(exchange, now, rules_->zone(), subjection.claims_map());
  const Judgement judgement{.verdict = RuleSet::Judge(subjection.docket, facts, scratch_), .docket = subjection.docket};
  recorder_.Note({.request_id = exchange.id,
                  .when = now,
                  .surface = pipeline::ToString(exchange.surface),
                  .model = exchange.model,
                  .took = exchange.loop.clock().Now() - began},
                 Phase::kRequest, judgement.verdict, judgement.docket, rules_);
  return judgement;
}

void RequestStage::NoteDecisions(const Judgement& judgement, pipeline::Exchange& exchange) const {
  if (judgement.verdict.speaks == Verdict::Speaks::kSome) {
    for (const Finding& finding : judgement.docket.findings()) {
      if (!finding.Speaks()) continue;
      decisions_.At({finding.rule->id, pipeline::ToString(finding.Says()), Word(finding.rule->mode)}).Add();
      exchange.decisions.push_back(NewDecision(finding));
    }
  }
  if (judgement.verdict.effect != Effect::kDeny || judgement.verdict.decisive != nullptr) return;
  decisions_.At({kDefaultRule, pipeline::ToString(Effect::kDeny), Word(Decision::Mode::kEnforced)}).Add();
  exchange.decisions.push_back({.rule = std::string(kDefaultRule), .phase = Phase::kRequest, .effect = Effect::kDeny});
}

base::Status RequestStage::Decide(pipeline::Exchange& exchange) const {
  const Judgement judgement = Judge(exchange);
  NoteDecisions(judgement, exchange);
  const Verdict& verdict = judgement.verdict;
  if (verdict.effect == Effect::kAllow) return base::Ok();
  if (verdict.effect != Effect::kRestrict) return Refusal(verdict);
  std::vector<const Rule*> restrictions;
  for (const Finding& finding : judgement.docket.findings()) {
    const bool enforced = finding.rule->mode == Decision::Mode::kEnforced;
    if (enforced && finding.Speaks() && finding.Says() == Effect::kRestrict) restrictions.push_back(finding.rule);
  }
  return Restrict(restrictions, exchange);
}

net::Task<base::Result<pipeline::Reply>> RequestStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  base::Status decided = Decide(exchange);
  if (!decided.ok()) co_return std::move(decided).TakeError();
  co_return co_await std::move(next)(exchange);
}

}  // namespace gatehouse::features::policy
