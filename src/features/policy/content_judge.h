#pragma once

#include <memory>

#include "base/metrics.h"
#include "features/policy/phase_judge.h"
#include "pipeline/content_rules.h"

namespace gatehouse::features::policy {

// The rules of the phases of content, for whoever looks into it. Belongs to one loop.
class ContentJudge final : public pipeline::ContentRules {
 public:
  // `decisions` is the loop's family of DecisionsDeclaration(); both outlive this.
  ContentJudge(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions)
      : judge_(std::move(rules), recorder, decisions) {}

  bool AreAbout(pipeline::Surface surface, pipeline::Phase phase) const override;
  pipeline::ContentVerdict Judge(pipeline::Exchange& exchange,
                                 const pipeline::ContentQuestion& question) const override;

 private:
  mutable PhaseJudge judge_;  // what it keeps is of no consequence
};

// Whether there is anything to decide about content, on any surface.
bool HasContentRules(const RuleSet& rules);

}  // namespace gatehouse::features::policy
