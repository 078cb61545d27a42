#include "features/policy/phase_judge.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

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
          "What policy rules said about exchanges.",
          base::MetricKind::kCounter,
          {"rule", "effect", "mode"}};
}

base::Error Refusal(const Verdict& verdict, std::string_view what) {
  const std::string it(what);
  if (verdict.decisive == nullptr) {
    return Denied("No policy rule allows this " + it + ". Ask the operator of this gateway for a rule that does.");
  }
  const Finding& finding = *verdict.decisive;
  const Rule& rule = *finding.rule;
  if (finding.outcome == Finding::Outcome::kFailed) {
    base::Error error = Denied(
        Signed("A policy condition could not be decided for this " + it + ", which is therefore refused.", rule));
    error.detail = "rule " + rule.id + ": " + finding.reason;
    return error;
  }
  const std::string said =
      rule.message.empty() ? "A policy of this gateway does not allow this " + it + "." : rule.message;
  if (finding.Says() != Effect::kChallenge) return Denied(Signed(said, rule));
  return Denied(Signed(rule.message.empty()
                           ? "challenge_required: this " + it + " needs an approval, and nobody can give one here yet."
                           : "challenge_required: " + rule.message,
                       rule));
}

pipeline::ApprovalQuestion QuestionOf(const PhaseJudge::Judgement& judgement, Phase phase) {
  const Rule& rule = *judgement.verdict.decisive->rule;
  pipeline::ApprovalQuestion question{.phase = phase, .rule = rule.id, .message = rule.message, .terms = rule.approval};
  for (const Finding& finding : judgement.docket.findings()) {
    const bool challenges =
        finding.rule->mode == Decision::Mode::kEnforced && finding.Speaks() && finding.Says() == Effect::kChallenge;
    const auto quorum = finding.rule->approval.quorum;
    if (challenges && quorum > question.terms.quorum) question.terms.quorum = quorum;
  }
  return question;
}

std::vector<const Rule*> Restrictions(const Docket& docket) {
  std::vector<const Rule*> restrictions;
  for (const Finding& finding : docket.findings()) {
    const bool enforced = finding.rule->mode == Decision::Mode::kEnforced;
    if (enforced && finding.Speaks() && finding.Says() == Effect::kRestrict) restrictions.push_back(finding.rule);
  }
  return restrictions;
}

PhaseJudge::PhaseJudge(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions)
    : rules_(std::move(rules)), recorder_(recorder), decisions_(decisions), clock_(rules_->zone()) {}

std::size_t PhaseJudge::Hash::operator()(const Key& key) const noexcept {
  constexpr std::size_t kOdd = 0x9E3779B97F4A7C15U;
  const std::size_t who = std::hash<const void*>()(key.principal) * kOdd;
  const std::size_t when = static_cast<std::size_t>(key.surface) * kPhases + static_cast<std::size_t>(key.phase);
  const std::size_t where = when * 2 + static_cast<std::size_t>(key.knows_model);
  return (who ^ std::hash<std::string_view>()(key.model)) + where * kOdd;
}

PhaseJudge::Subjection& PhaseJudge::SubjectionOf(const pipeline::Exchange& exchange, Phase phase, base::WallTime now) {
  const Subject subject = SubjectOf(exchange);
  Key key{.principal = exchange.principal.get(),
          .surface = subject.surface,
          .phase = phase,
          .knows_model = subject.knows_model,
          .model = subject.model};
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  Subjection fresh{.principal = exchange.principal,
                   .model = std::make_unique<const std::string>(subject.model),
                   .claims = ReadClaims(exchange.principal->claims),
                   .docket = {}};
  const ExchangeFacts facts(exchange, now, clock_, fresh.claims_map());
  fresh.docket = rules_->DocketOf(phase, subject, StandingFacts(facts, subject.knows_model), scratch_);
  if (subject.model.size() > kMostModelBytes) return passing_.emplace(std::move(fresh));
  if (known_.size() >= kMostSubjections || findings_ >= kMostFindings) {
    known_.clear();
    findings_ = 0;
  }
  findings_ += fresh.docket.findings().size();
  key.model = *fresh.model;
  return known_.emplace(key, std::move(fresh)).first->second;
}

PhaseJudge::Judgement PhaseJudge::Decide(pipeline::Exchange& exchange, const Question& question) {
  const base::WallTime now = exchange.loop.Wall();
  const base::TimePoint began = exchange.loop.clock().Now();
  Subjection& subjection = SubjectionOf(exchange, question.phase, now);
  const ExchangeFacts facts(exchange, now, clock_, subjection.claims_map(), question.content);
  const Judgement judgement{.verdict = RuleSet::Judge(subjection.docket, facts, scratch_), .docket = subjection.docket};
  const base::Duration took = exchange.loop.clock().Now() - began;
  const News news = Note(judgement, question, exchange);
  if (question.round == Question::Round::kAgain && news == News::kNone) return judgement;
  recorder_.Note({.request_id = exchange.id,
                  .when = now,
                  .surface = pipeline::ToString(exchange.surface),
                  .model = exchange.model,
                  .took = took},
                 question.phase, subjection.docket, rules_);
  return judgement;
}

PhaseJudge::News PhaseJudge::Note(const Judgement& judgement, const Question& question, pipeline::Exchange& exchange) {
  News news = News::kNone;
  if (judgement.verdict.speaks == Verdict::Speaks::kSome) {
    for (const Finding& finding : judgement.docket.findings()) {
      if (finding.Speaks() && NoteOne(NewDecision(finding), question.round, exchange) == News::kSome) {
        news = News::kSome;
      }
    }
  }
  if (judgement.verdict.effect != Effect::kDeny || judgement.verdict.decisive != nullptr) return news;
  return NoteOne({.rule = std::string(kDefaultRule), .phase = question.phase, .effect = Effect::kDeny}, question.round,
                 exchange);
}

PhaseJudge::News PhaseJudge::NoteOne(Decision decision, Question::Round round, pipeline::Exchange& exchange) {
  const auto same = [&](const Decision& known) {
    return known.rule == decision.rule && known.phase == decision.phase && known.effect == decision.effect;
  };
  if (round == Question::Round::kAgain && std::ranges::any_of(exchange.decisions, same)) return News::kNone;
  decisions_.At({decision.rule, pipeline::ToString(decision.effect), Word(decision.mode)}).Add();
  exchange.decisions.push_back(std::move(decision));
  return News::kSome;
}

}  // namespace gatehouse::features::policy
