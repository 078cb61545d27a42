#pragma once

#include <cstdint>
#include <vector>

#include "features/oversight/approval.h"
#include "features/oversight/review.h"

namespace gatehouse::features::oversight {

// What one person said about one thing, and how long he can have looked at it at the most.
struct Judgement {
  Person by;
  enum class Says : std::uint8_t { kYes, kNo } says = Says::kYes;
  std::int64_t dwell_ms = 0;
  // Beside what others said about the same; alone: nobody else said anything.
  enum class Beside : std::uint8_t { kAlone, kAgrees, kDiffers } beside = Beside::kAlone;
  // Of what was planted, to see whether he finds it.
  enum class Planted : std::uint8_t { kNo, kCaught, kMissed } planted = Planted::kNo;
};

// How one person has decided: what shows whether he looks at what he decides about (EU AI Act, Article 14(4)(b)).
struct Reviewer {
  Person person;
  std::int64_t approved = 0;
  std::int64_t denied = 0;
  std::int64_t too_fast = 0;  // decisions sooner than anybody can have looked at what they are about
  std::int64_t median_dwell_ms = 0;
  std::int64_t agreed = 0;  // with all others who decided about the same
  std::int64_t differed = 0;
  std::int64_t caught = 0;  // of what was planted: as it was expected
  std::int64_t missed = 0;
  // Approves nearly everything, nearly at once.
  enum class Pattern : std::uint8_t { kNone, kRubberStamp } pattern = Pattern::kNone;

  std::int64_t decisions() const { return approved + denied; }
};

// What makes a rubber stamp: of at least so many decisions, more than so many approvals, in less time than `too_fast`
// in the median.
inline constexpr std::int64_t kLeastDecisions = 20;
inline constexpr double kMostApproved = 0.98;

// From the request for approval to each vote.
std::vector<Judgement> JudgementsOf(const std::vector<Approval>& approvals);
// From the beginning of a review, or from the person's verdict before, to each verdict: he looks at one after the
// other.
std::vector<Judgement> JudgementsOf(const std::vector<Review>& reviews);

// By who decided most; `median_dwell_ms` of all of them.
struct Reviewers {
  std::vector<Reviewer> people;
  std::int64_t decisions = 0;
  std::int64_t median_dwell_ms = 0;
};
Reviewers ReviewersOf(const std::vector<Judgement>& judgements, std::int64_t too_fast_ms);

}  // namespace gatehouse::features::oversight
