#include "features/policy/request_stage.h"

#include <utility>

#include "features/policy/restrict.h"

namespace gatehouse::features::policy {

using pipeline::Effect;
using pipeline::Phase;

pipeline::Enforcement RequestStage::Enforces(pipeline::Surface, Phase phase) const {
  return phase == Phase::kRequest ? pipeline::Enforcement::kEnforced : pipeline::Enforcement::kNone;
}

base::Status RequestStage::Decide(pipeline::Exchange& exchange, Challenge& challenge) const {
  const PhaseJudge::Judgement judgement = judge_.Decide(exchange, {.phase = Phase::kRequest, .content = {}});
  const Verdict& verdict = judgement.verdict;
  if (verdict.effect == Effect::kAllow) return base::Ok();
  if (verdict.effect == Effect::kRestrict) return Restrict(Restrictions(judgement.docket), exchange);
  if (verdict.effect == Effect::kDeny || desk_ == nullptr) return Refusal(verdict, "request");
  challenge = {.question = QuestionOf(judgement, Phase::kRequest), .restrictions = Restrictions(judgement.docket)};
  return base::Ok();
}

net::Task<base::Result<pipeline::Reply>> RequestStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  Challenge challenge;
  base::Status decided = Decide(exchange, challenge);
  if (!decided.ok()) return Refuse(std::move(decided).TakeError());
  if (challenge.question) [[unlikely]]
    return AskAndServe(exchange, std::move(challenge), std::move(next));
  return std::move(next)(exchange);
}

net::Task<base::Result<pipeline::Reply>> RequestStage::AskAndServe(pipeline::Exchange& exchange, Challenge challenge,
                                                                   pipeline::Next next) const {
  GH_CO_CHECK_OK(co_await desk_->Ask(exchange, *std::move(challenge.question)));
  if (!challenge.restrictions.empty()) GH_CO_CHECK_OK(Restrict(challenge.restrictions, exchange));
  co_return co_await std::move(next)(exchange);
}

net::Task<base::Result<pipeline::Reply>> RequestStage::Refuse(base::Error error) { co_return error; }

}  // namespace gatehouse::features::policy
