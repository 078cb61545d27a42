#include "features/oversight/review.h"

#include <algorithm>
#include <array>
#include <utility>

#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

using State = Review::State;

constexpr std::array<std::string_view, kReviewStates> kStates = {"open", "overdue", "done"};

base::Error Conflict(std::string message) {
  return {
      .code = base::ErrorCode::kConflict, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

base::Status CheckReviewer(const Review& review, const Person& person) {
  if (review.state == State::kDone) return Conflict("The review is done, so that this cannot be done.");
  if (std::ranges::find(review.verdicts, person, &Verdict::by) != review.verdicts.end()) {
    return Conflict("You have said something about this before. Another person must look too.");
  }
  if (!review.IsOf(person) && (!review.expected || review.planted_by != person)) return base::Ok();
  return base::Error{.code = base::ErrorCode::kDenied,
                     .source = base::ErrorSource::kClient,
                     .public_message = "Nobody reviews what he had a part in himself."};
}

}  // namespace

std::string_view ToString(State state) { return kStates.at(static_cast<std::size_t>(state)); }

std::optional<State> ReviewStateOf(std::string_view word) {
  const auto* const found = std::ranges::find(kStates, word);
  if (found == kStates.end()) return {};
  return static_cast<State>(found - kStates.begin());
}

std::string_view ToString(Verdict::Says says) { return says == Verdict::Says::kFine ? "fine" : "not_fine"; }

std::optional<Verdict::Says> SaysOf(std::string_view word) {
  if (word == "fine") return Verdict::Says::kFine;
  if (word == "not_fine") return Verdict::Says::kNotFine;
  return {};
}

std::optional<std::int64_t> ReviewIdOf(std::string_view word) { return IdBehind("rev_", word); }

bool Review::IsOf(const Person& person) const { return Has(chain, person); }

base::Result<Review> Apply(Review review, Verdict verdict) {
  GH_CHECK_OK(CheckReviewer(review, verdict.by));
  ++review.version;
  const std::int64_t now = verdict.at_ms;
  review.verdicts.push_back(std::move(verdict));
  if (std::ssize(review.verdicts) < review.reviewers) return review;
  review.state = State::kDone;
  review.changed_ms = now;
  return review;
}

Review Plant(const Review& known, Person by, Verdict::Says expected, std::int64_t now_ms) {
  Review planted = known;
  planted.id = NewId();
  planted.state = State::kOpen;
  planted.draw.clear();
  planted.created_ms = planted.changed_ms = now_ms;
  planted.decide_by_ms = now_ms + (known.decide_by_ms - known.created_ms);
  planted.verdicts.clear();
  planted.version = 0;
  planted.planted_by = std::move(by);
  planted.expected = expected;
  return planted;
}

}  // namespace gatehouse::features::oversight
