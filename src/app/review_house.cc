#include "app/review_house.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "codec/json/field_writer.h"
#include "features/alerts/alert.h"
#include "features/audit/record.h"

namespace gatehouse::app {
namespace {

using codec::json::FieldWriter;
using features::common::Notice;
using features::oversight::Review;
using features::oversight::Verdict;

constexpr std::size_t kLongestName = 64;
constexpr std::int64_t kHourMs = 3'600'000;

std::string_view Bounded(std::string_view name) { return name.substr(0, std::min(name.size(), kLongestName)); }

void WriteReview(FieldWriter& entry, const Review& review) {
  entry.Word(R"(,"review":)", review.Word());
  entry.Text(R"(,"id":)", Bounded(review.request_id));
  entry.Text(R"(,"rule":)", Bounded(review.rule));
  entry.Word(R"(,"phase":)", review.phase);
}

// What was drawn can be drawn again by who has the key.
void WriteDraw(FieldWriter& entry, const Review& review) {
  if (!review.chain.empty()) entry.NumberAsWord(R"(,"org":)", review.chain.front().value);
  if (review.draw.empty()) return;
  entry.Text(R"(,"draw":)", review.draw);
  entry.Signed(R"(,"share_ppm":)", review.share_ppm);
}

}  // namespace

ReviewHouse::ReviewHouse(Parts parts, base::Secret key, std::string process)
    : parts_(std::move(parts)),
      draw_(std::move(key), std::move(process)),
      queue_({.loop = parts_.loop, .database = parts_.database, .witness = recorder_}) {}

void ReviewHouse::Use(const ReviewConfig& config) {
  link_ = config.link;
  settings_.too_fast = config.too_fast;
  queue_.SetMostWaiting(config.max_waiting);
}

std::shared_ptr<const features::oversight::ReviewPlan> ReviewHouse::PlanOf(const features::policy::RuleSet& rules) {
  features::oversight::ReviewPlan::Terms terms;
  for (const features::policy::Rule& rule : rules.rules()) {
    if (rule.review) terms.emplace(rule.id, *rule.review);
  }
  if (terms.empty()) return nullptr;
  return std::make_shared<const features::oversight::ReviewPlan>(terms, draw_);
}

std::int64_t ReviewHouse::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(parts_.loop.clock().Wall().time_since_epoch()).count();
}

// Where people look, for a notice: what it is about is seen there by who may see it.
std::string ReviewHouse::Where(const std::string& word) const {
  const std::string command = " Look at it with `gatehouse review " + (word.empty() ? "list" : "show " + word) + "`";
  if (link_.empty()) return command + ".";
  return command + ", or at " + link_ + (word.empty() ? "" : "/" + word) + " .";
}

void ReviewHouse::TellNotFine(const Review& review) {
  if (!parts_.raise) return;
  Notice notice{.kind = std::string(features::common::kReviewNotFine),
                .key = "review/" + review.Word(),
                .severity = features::common::Severity::kWarning,
                .chain = review.chain,
                .path = {},
                .title = "A reviewer found something wrong (" + review.Word() + ")",
                .text = "Somebody looked at an exchange of the rule '" + review.rule +
                        "' and says that it is not fine." + Where(review.Word()),
                .facts = {{"review", review.Word()}, {"rule", review.rule}, {"request_id", review.request_id}}};
  if (!link_.empty()) notice.facts.emplace_back("link", link_ + "/" + review.Word());
  parts_.raise(std::move(notice));
}

// Once for a rule and an hour: where nobody looks, many are overdue.
void ReviewHouse::TellOverdue(const Review& review) {
  if (!parts_.raise) return;
  Notice notice{.kind = std::string(features::common::kReviewOverdue),
                .key = "review/overdue/" + review.rule + "/" + std::to_string(NowMs() / kHourMs),
                .severity = features::common::Severity::kWarning,
                .chain = {},
                .path = {},
                .title = "Reviews of the rule '" + review.rule + "' are overdue",
                .text = "Exchanges of the rule '" + review.rule +
                        "' should have been looked at by now, and nobody has." + Where(""),
                .facts = {{"rule", review.rule}, {"review", review.Word()}},
                .lasts = Notice::Lasts::kUntilMended};
  if (!link_.empty()) notice.facts.emplace_back("link", link_);
  parts_.raise(std::move(notice));
}

void ReviewHouse::Recorder::NoteOpened(const Review& review) {
  ++house_.counts_.opened;
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("review.opened", [&](FieldWriter& entry) {
    WriteReview(entry, review);
    WriteDraw(entry, review);
    entry.Signed(R"(,"reviewers":)", review.reviewers);
    entry.Signed(R"(,"decide_by":)", review.decide_by_ms * 1000);
  });
}

void ReviewHouse::Recorder::NoteMissed(const Review& review, std::string_view why) {
  if (++house_.counts_.missed == 1) {
    house_.parts_.log.Warning("an exchange that people should look at was not put to them",
                              {{"rule", review.rule}, {"why", why}});
  }
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("review.missed", [&](FieldWriter& entry) {
    WriteReview(entry, review);
    WriteDraw(entry, review);
    entry.Word(R"(,"why":)", why);
  });
}

void ReviewHouse::Count(const Review& review, const Verdict& verdict) {
  ++(verdict.says == Verdict::Says::kFine ? counts_.fine : counts_.not_fine);
  counts_.verdict_ms += static_cast<std::uint64_t>(std::max<std::int64_t>(0, verdict.at_ms - review.created_ms));
  if (review.expected) ++(*review.expected == verdict.says ? counts_.planted_caught : counts_.planted_missed);
  if (review.state != Review::State::kDone || review.verdicts.size() < 2) return;
  const bool all = std::ranges::all_of(review.verdicts, [&](const Verdict& one) { return one.says == verdict.says; });
  ++(all ? counts_.agreed : counts_.differed);
}

// What was planted is told with the verdict, and not before.
void ReviewHouse::Recorder::NoteVerdict(const Review& review, const Verdict& verdict) {
  house_.Count(review, verdict);
  if (verdict.says == Verdict::Says::kNotFine && !review.expected) house_.TellNotFine(review);
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("review.verdict", [&](FieldWriter& entry) {
    WriteReview(entry, review);
    entry.Text(R"(,"actor":)", verdict.by.word());
    entry.Word(R"(,"says":)", ToString(verdict.says));
    entry.Signed(R"(,"after_ms":)", verdict.at_ms - review.created_ms);
    if (review.expected) entry.Word(R"(,"expected":)", ToString(*review.expected));
    if (review.state == Review::State::kDone) entry.Raw(R"(,"done":true)");
  });
}

void ReviewHouse::Recorder::NoteOverdue(const Review& review) {
  ++house_.counts_.overdue;
  house_.TellOverdue(review);
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("review.overdue", [&](FieldWriter& entry) { WriteReview(entry, review); });
}

}  // namespace gatehouse::app
