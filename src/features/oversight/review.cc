#include "features/oversight/review.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::features::oversight {
namespace {

struct Tally {
  Reviewer reviewer;
  std::vector<std::int64_t> dwells;
};

// The lower one of two in the middle.
std::int64_t MedianOf(std::vector<std::int64_t>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

void Add(const Approval& approval, const Vote& vote, std::int64_t too_fast_ms, Tally& tally) {
  const std::int64_t dwell = std::max<std::int64_t>(0, vote.at_ms - approval.created_ms);
  tally.reviewer.person = vote.by;
  ++(vote.says == Vote::Says::kApprove ? tally.reviewer.approved : tally.reviewer.denied);
  if (dwell < too_fast_ms) ++tally.reviewer.too_fast;
  tally.dwells.push_back(dwell);
}

Reviewer::Pattern PatternOf(const Reviewer& reviewer, std::int64_t too_fast_ms) {
  const std::int64_t decisions = reviewer.approved + reviewer.denied;
  const bool nearly_all = static_cast<double>(reviewer.approved) > kMostApproved * static_cast<double>(decisions);
  const bool at_once = reviewer.median_dwell_ms < too_fast_ms;
  return decisions >= kLeastDecisions && nearly_all && at_once ? Reviewer::Pattern::kRubberStamp
                                                               : Reviewer::Pattern::kNone;
}

}  // namespace

Review ReviewOf(const std::vector<Approval>& approvals, std::int64_t too_fast_ms) {
  std::map<std::string, Tally> tallies;
  std::vector<std::int64_t> dwells;
  for (const Approval& approval : approvals) {
    for (const Vote& vote : approval.votes) Add(approval, vote, too_fast_ms, tallies[vote.by.key]);
  }
  Review review;
  for (auto& [key, tally] : tallies) {
    dwells.insert(dwells.end(), tally.dwells.begin(), tally.dwells.end());
    tally.reviewer.median_dwell_ms = MedianOf(tally.dwells);
    tally.reviewer.pattern = PatternOf(tally.reviewer, too_fast_ms);
    review.reviewers.push_back(std::move(tally.reviewer));
  }
  std::ranges::sort(review.reviewers, {}, [](const Reviewer& one) {
    return std::pair(-(one.approved + one.denied), std::string_view(one.person.key));
  });
  review.decisions = static_cast<std::int64_t>(dwells.size());
  review.median_dwell_ms = MedianOf(dwells);
  return review;
}

}  // namespace gatehouse::features::oversight
