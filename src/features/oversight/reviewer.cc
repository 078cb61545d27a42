#include "features/oversight/reviewer.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::features::oversight {
namespace {

using Says = Judgement::Says;

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

void Add(const Judgement& judgement, std::int64_t too_fast_ms, Tally& tally) {
  Reviewer& reviewer = tally.reviewer;
  reviewer.person = judgement.by;
  ++(judgement.says == Says::kYes ? reviewer.approved : reviewer.denied);
  if (judgement.dwell_ms < too_fast_ms) ++reviewer.too_fast;
  if (judgement.beside == Judgement::Beside::kAgrees) ++reviewer.agreed;
  if (judgement.beside == Judgement::Beside::kDiffers) ++reviewer.differed;
  if (judgement.planted == Judgement::Planted::kCaught) ++reviewer.caught;
  if (judgement.planted == Judgement::Planted::kMissed) ++reviewer.missed;
  tally.dwells.push_back(judgement.dwell_ms);
}

Reviewer::Pattern PatternOf(const Reviewer& reviewer, std::int64_t too_fast_ms) {
  const bool nearly_all =
      static_cast<double>(reviewer.approved) > kMostApproved * static_cast<double>(reviewer.decisions());
  const bool at_once = reviewer.median_dwell_ms < too_fast_ms;
  return reviewer.decisions() >= kLeastDecisions && nearly_all && at_once ? Reviewer::Pattern::kRubberStamp
                                                                          : Reviewer::Pattern::kNone;
}

Judgement::Beside BesideOthers(const Review& review, const Verdict& verdict) {
  if (review.verdicts.size() < 2) return Judgement::Beside::kAlone;
  const bool all = std::ranges::all_of(review.verdicts, [&](const Verdict& one) { return one.says == verdict.says; });
  return all ? Judgement::Beside::kAgrees : Judgement::Beside::kDiffers;
}

Judgement::Planted FoundIn(const Review& review, const Verdict& verdict) {
  if (!review.expected) return Judgement::Planted::kNo;
  return *review.expected == verdict.says ? Judgement::Planted::kCaught : Judgement::Planted::kMissed;
}

// A verdict with the review that it is about.
struct Given {
  const Review* review = nullptr;
  const Verdict* verdict = nullptr;
};

}  // namespace

std::vector<Judgement> JudgementsOf(const std::vector<Approval>& approvals) {
  std::vector<Judgement> judgements;
  for (const Approval& approval : approvals) {
    for (const Vote& vote : approval.votes) {
      judgements.push_back({.by = vote.by,
                            .says = vote.says == Vote::Says::kApprove ? Says::kYes : Says::kNo,
                            .dwell_ms = std::max<std::int64_t>(0, vote.at_ms - approval.created_ms)});
    }
  }
  return judgements;
}

std::vector<Judgement> JudgementsOf(const std::vector<Review>& reviews) {
  std::vector<Given> all;
  for (const Review& review : reviews) {
    for (const Verdict& verdict : review.verdicts) all.push_back({.review = &review, .verdict = &verdict});
  }
  std::ranges::sort(all, {}, [](const Given& one) { return std::pair(one.verdict->at_ms, one.review->id); });
  std::map<std::string_view, std::int64_t> before;  // when a person gave the last one
  std::vector<Judgement> judgements;
  for (const auto& [review, verdict] : all) {
    std::int64_t& last = before[verdict->by.key];
    const std::int64_t began = std::max(review->created_ms, last);
    last = verdict->at_ms;
    judgements.push_back({.by = verdict->by,
                          .says = verdict->says == Verdict::Says::kFine ? Says::kYes : Says::kNo,
                          .dwell_ms = std::max<std::int64_t>(0, verdict->at_ms - began),
                          .beside = BesideOthers(*review, *verdict),
                          .planted = FoundIn(*review, *verdict)});
  }
  return judgements;
}

Reviewers ReviewersOf(const std::vector<Judgement>& judgements, std::int64_t too_fast_ms) {
  std::map<std::string, Tally> tallies;
  std::vector<std::int64_t> dwells;
  for (const Judgement& judgement : judgements) {
    Add(judgement, too_fast_ms, tallies[judgement.by.key]);
    dwells.push_back(judgement.dwell_ms);
  }
  Reviewers reviewers;
  for (auto& [key, tally] : tallies) {
    tally.reviewer.median_dwell_ms = MedianOf(tally.dwells);
    tally.reviewer.pattern = PatternOf(tally.reviewer, too_fast_ms);
    reviewers.people.push_back(std::move(tally.reviewer));
  }
  std::ranges::sort(reviewers.people, {},
                    [](const Reviewer& one) { return std::pair(-one.decisions(), std::string_view(one.person.key)); });
  reviewers.decisions = static_cast<std::int64_t>(dwells.size());
  reviewers.median_dwell_ms = MedianOf(dwells);
  return reviewers;
}

}  // namespace gatehouse::features::oversight
