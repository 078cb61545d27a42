#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/cel/cel.h"
#include "features/policy/scope.h"
#include "pipeline/approval.h"
#include "pipeline/content_rules.h"
#include "pipeline/decision.h"
#include "pipeline/review_terms.h"

namespace gatehouse::features::policy {

// What a rule of effect `restrict` does to a request, or to what is found in texts.
struct Restriction {
  std::optional<std::uint64_t> max_output_tokens;  // clamp_max_tokens: the least of several holds
  std::string model;                               // downgrade_model: the first of several holds
  std::string provider;                            // pin_target: all must say the same
  std::vector<std::string> dropped_tools;          // drop_tool: globs
  std::vector<pipeline::ContentMeasure> measures;  // mask, hash, tokenise, neutralise, drop_part
  std::string text;                                // for people: "clamp_max_tokens 1000, drop_tool shell"
};

// A sentence of a policy, ready to be asked. Immutable and shared by all loops.
struct Rule {
  std::string id;
  pipeline::Phase phase = pipeline::Phase::kRequest;
  Scope scope;
  std::string when;                              // as written; "" always holds
  std::optional<codec::cel::Program> condition;  // none where `when` is empty
  pipeline::Effect effect = pipeline::Effect::kDeny;
  Restriction restriction;
  std::string message;
  std::vector<std::string> controls;
  pipeline::Decision::Mode mode = pipeline::Decision::Mode::kEnforced;
  pipeline::ApprovalTerms approval;             // of one that challenges
  std::optional<pipeline::ReviewTerms> review;  // of what it lets go

  // A rule that takes away holds where it is not known whether it does; one that gives does not.
  Scope::UnknownModel OfUnknownModel() const {
    return effect == pipeline::Effect::kAllow ? Scope::UnknownModel::kNotCovered : Scope::UnknownModel::kCovered;
  }
};

}  // namespace gatehouse::features::policy
