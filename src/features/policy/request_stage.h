#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "features/policy/phase_judge.h"
#include "pipeline/approval.h"
#include "pipeline/enforcer.h"
#include "pipeline/stage.h"

namespace gatehouse::features::policy {

// Decides about every request before anything is spent on it: refuses, restricts, or lets through. Belongs to one loop.
class RequestStage final : public pipeline::Stage, public pipeline::Enforcer {
 public:
  // `decisions` is the loop's family of DecisionsDeclaration(); both outlive the stage.
  // `desk` asks people about what a rule challenges; null: nobody can be asked, and that is refused.
  RequestStage(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions,
               std::shared_ptr<pipeline::ApprovalDesk> desk = nullptr)
      : judge_(std::move(rules), recorder, decisions), desk_(std::move(desk)) {}

  std::string_view Name() const override { return "policy"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;
  // Every surface runs the pipeline, and this stage looks at whatever comes.
  pipeline::Enforcement Enforces(pipeline::Surface surface, pipeline::Phase phase) const override;

 private:
  // Ok where the exchange may go on; that it was challenged is noted in `challenge`, and what restricts it then.
  struct Challenge {
    std::optional<pipeline::ApprovalQuestion> question;
    std::vector<const Rule*> restrictions;
  };
  base::Status Decide(pipeline::Exchange& exchange, Challenge& challenge) const;
  net::Task<base::Result<pipeline::Reply>> AskAndServe(pipeline::Exchange& exchange, Challenge challenge,
                                                       pipeline::Next next) const;
  static net::Task<base::Result<pipeline::Reply>> Refuse(base::Error error);

  mutable PhaseJudge judge_;  // what it keeps is of no consequence
  const std::shared_ptr<pipeline::ApprovalDesk> desk_;
};

}  // namespace gatehouse::features::policy
