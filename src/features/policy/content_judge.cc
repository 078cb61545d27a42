#include "features/policy/content_judge.h"

#include <string_view>
#include <utility>

#include "features/policy/finding_list.h"

namespace gatehouse::features::policy {
namespace {

using pipeline::ContentQuestion;
using pipeline::ContentVerdict;
using pipeline::Effect;
using pipeline::Phase;

std::string_view WhatIsRefused(Phase phase) {
  return phase == Phase::kPrompt || phase == Phase::kToolResult ? "request" : "answer";
}

}  // namespace

bool ContentJudge::AreAbout(pipeline::Surface surface, Phase phase) const {
  return pipeline::IsOfContent(phase) && judge_.rules().AreAbout(surface, phase);
}

ContentVerdict ContentJudge::Judge(pipeline::Exchange& exchange, const ContentQuestion& question) const {
  const FindingList findings(question.findings);
  const TextList tools(question.tools);
  const auto judgement = judge_.Decide(
      exchange,
      {.phase = question.phase, .content = {.findings = &findings, .tools = &tools}, .round = question.round});
  ContentVerdict verdict;
  const bool challenged = judgement.verdict.effect == Effect::kChallenge;
  const bool approved = challenged && pipeline::IsApproved(exchange, question.phase);
  if (judgement.verdict.effect > Effect::kRestrict && !approved) {
    if (challenged) exchange.Attach(pipeline::Challenged{QuestionOf(judgement, question.phase)});
    const Finding* decisive = judgement.verdict.decisive;
    verdict.refusal = Refusal(judgement.verdict, WhatIsRefused(question.phase));
    verdict.refused_by = decisive == nullptr ? "default" : decisive->rule->id;
    return verdict;
  }
  for (const Rule* rule : Restrictions(judgement.docket)) {
    for (const auto& measure : rule->restriction.measures) {
      verdict.orders.push_back({.rule = rule->id, .measure = &measure});
    }
  }
  return verdict;
}

bool HasContentRules(const RuleSet& rules) {
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    if (!pipeline::IsOfContent(static_cast<Phase>(phase))) continue;
    for (std::size_t surface = 0; surface < pipeline::kSurfaces; ++surface) {
      if (rules.AreAbout(static_cast<pipeline::Surface>(surface), static_cast<Phase>(phase))) return true;
    }
  }
  return false;
}

}  // namespace gatehouse::features::policy
