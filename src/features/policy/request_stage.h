#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "codec/cel/cel.h"
#include "features/policy/json_value.h"
#include "features/policy/recorder.h"
#include "features/policy/rule_set.h"
#include "pipeline/enforcer.h"
#include "pipeline/stage.h"

namespace gatehouse::features::policy {

// gatehouse_policy_decisions_total
base::Metrics::Declaration DecisionsDeclaration();

// Decides about every request before anything is spent on it: refuses, restricts, or lets through. Belongs to one loop.
class RequestStage final : public pipeline::Stage, public pipeline::Enforcer {
 public:
  // `decisions` is the loop's family of DecisionsDeclaration(); both outlive the stage.
  RequestStage(std::shared_ptr<const RuleSet> rules, Recorder& recorder, base::CounterFamily& decisions);

  std::string_view Name() const override { return "policy"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;
  // Every surface runs the pipeline, and this stage looks at whatever comes.
  pipeline::Enforcement Enforces(pipeline::Surface surface, pipeline::Phase phase) const override;

 private:
  // What a principal that asks for a model on a surface is subject to. Kept, because most requests are like one before.
  struct Subjection {
    std::shared_ptr<const pipeline::Principal> principal;  // pinned: its address is part of the key
    std::unique_ptr<const std::string> model;              // what the key shows
    std::unique_ptr<const JsonValue> claims;
    Docket docket;

    const JsonMap* claims_map() const { return claims == nullptr ? nullptr : claims->map(); }
  };
  struct Key {
    const pipeline::Principal* principal;
    pipeline::Surface surface;
    Subject::Model knows_model;
    std::string_view model;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  static constexpr std::size_t kMostSubjections = 4096;
  static constexpr std::size_t kMostFindings = std::size_t{1} << 17U;  // of all of them: some 10 MiB

  // What was decided, and on what grounds; both until the next decision.
  struct Judgement {
    Verdict verdict;
    const Docket& docket;
  };

  Subjection& SubjectionOf(const pipeline::Exchange& exchange, base::WallTime now) const;
  base::Status Decide(pipeline::Exchange& exchange) const;
  Judgement Judge(const pipeline::Exchange& exchange) const;
  void NoteDecisions(const Judgement& judgement, pipeline::Exchange& exchange) const;

  std::shared_ptr<const RuleSet> rules_;
  Recorder& recorder_;
  base::CounterFamily& decisions_;
  // What one decision needs, kept for the next one: a decision is made between two awaits.
  mutable codec::cel::Scratch scratch_;
  mutable std::unordered_map<Key, Subjection, Hash> known_;
  mutable std::size_t findings_ = 0;  // of known_
};

}  // namespace gatehouse::features::policy
