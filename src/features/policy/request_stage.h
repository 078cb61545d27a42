#pragma once

#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "features/policy/phase_judge.h"
#include "pipeline/enforcer.h"
#include "pipeline/stage.h"

namespace gatehouse::features::policy {

// Decides about every request before anything is spent on it: refuses, restricts, or lets through. Belongs to one loop.
class RequestStage final : public pipeline::Stage, public pipeline::Enforcer {
 public:
  // `decisions` is the loop's family of DecisionsDeclaration(); both outlive the stage.
  RequestStage(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions)
      : judge_(std::move(rules), recorder, decisions) {}

  std::string_view Name() const override { return "policy"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;
  // Every surface runs the pipeline, and this stage looks at whatever comes.
  pipeline::Enforcement Enforces(pipeline::Surface surface, pipeline::Phase phase) const override;

 private:
  base::Status Decide(pipeline::Exchange& exchange) const;
  static net::Task<base::Result<pipeline::Reply>> Refuse(base::Error error);

  mutable PhaseJudge judge_;  // what it keeps is of no consequence
};

}  // namespace gatehouse::features::policy
