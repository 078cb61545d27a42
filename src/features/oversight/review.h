#pragma once

#include <cstdint>
#include <vector>

#include "features/oversight/approval.h"

namespace gatehouse::features::oversight {

// How one person has decided: what shows whether he looks at what he decides about (EU AI Act, Article 14(4)(b)).
struct Reviewer {
  Person person;
  std::int64_t approved = 0;
  std::int64_t denied = 0;
  std::int64_t too_fast = 0;         // decisions sooner after the request was made than anybody can have looked at it
  std::int64_t median_dwell_ms = 0;  // from the request to the decision
  // Approves nearly everything, nearly at once.
  enum class Pattern : std::uint8_t { kNone, kRubberStamp } pattern = Pattern::kNone;
};

// What makes a rubber stamp: of at least so many decisions, more than so many approvals, in less time than `too_fast`
// in the median.
inline constexpr std::int64_t kLeastDecisions = 20;
inline constexpr double kMostApproved = 0.98;

// Of these requests, by who decided most; `median_dwell_ms` of all of them.
struct Review {
  std::vector<Reviewer> reviewers;
  std::int64_t decisions = 0;
  std::int64_t median_dwell_ms = 0;
};
Review ReviewOf(const std::vector<Approval>& approvals, std::int64_t too_fast_ms);

}  // namespace gatehouse::features::oversight
