#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "features/policy/rule_set.h"
#include "pipeline/enforcer.h"

namespace gatehouse::features::policy {

// Whether every rule is enforced wherever it applies: what the stages of a pipeline say they do, against what the rules
// ask for. A rule (or a default that denies) that nobody enforces on a surface is a hole.
struct Coverage {
  struct Row {
    std::string rule;
    pipeline::Phase phase = pipeline::Phase::kRequest;
    pipeline::Effect effect = pipeline::Effect::kDeny;
    pipeline::Decision::Mode mode = pipeline::Decision::Mode::kEnforced;
    std::string enforced_by;  // a stage's name; "" for nobody
    Surfaces surfaces;        // where that is so
  };
  std::vector<Row> rows;  // several for a rule that is enforced here and there only

  bool IsWhole() const;
};

using Enforcers = std::vector<const pipeline::Enforcer*>;
Coverage Prove(const RuleSet& rules, const Enforcers& enforcers);

// The table surface x rule x phase, for people; "" where there is no rule.
std::string ToTable(const Coverage& coverage);

// kInvalidRequest with the table where the coverage is not whole.
base::Status Require(const Coverage& coverage);

}  // namespace gatehouse::features::policy
