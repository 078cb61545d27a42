#include "features/policy/request_stage.h"

#include <utility>

#include "features/policy/restrict.h"

namespace gatehouse::features::policy {

using pipeline::Effect;
using pipeline::Phase;

pipeline::Enforcement RequestStage::Enforces(pipeline::Surface, Phase phase) const {
  return phase == Phase::kRequest ? pipeline::Enforcement::kEnforced : pipeline::Enforcement::kNone;
}

base::Status RequestStage::Decide(pipeline::Exchange& exchange) const {
  const PhaseJudge::Judgement judgement = judge_.Decide(exchange, {.phase = Phase::kRequest, .content = {}});
  const Verdict& verdict = judgement.verdict;
  if (verdict.effect == Effect::kAllow) return base::Ok();
  if (verdict.effect != Effect::kRestrict) return Refusal(verdict, "request");
  return Restrict(Restrictions(judgement.docket), exchange);
}

net::Task<base::Result<pipeline::Reply>> RequestStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  base::Status decided = Decide(exchange);
  if (decided.ok()) return std::move(next)(exchange);
  return Refuse(std::move(decided).TakeError());
}

net::Task<base::Result<pipeline::Reply>> RequestStage::Refuse(base::Error error) { co_return error; }

}  // namespace gatehouse::features::policy
