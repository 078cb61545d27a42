#include "features/oversight/loop_reviews.h"

#include <chrono>
#include <utility>

#include "features/oversight/word.h"

namespace gatehouse::features::oversight {

ReviewPlan::ReviewPlan(const Terms& terms, ReviewDraw& draw) : draw_(draw) {
  for (const auto& [rule, one] : terms) lines_.emplace(rule, Line{.terms = one, .count = &draw.CountOf(rule)});
}

const ReviewPlan::Line* ReviewPlan::Find(std::string_view rule) const {
  const auto found = lines_.find(rule);
  return found == lines_.end() ? nullptr : &found->second;
}

void LoopReviews::Ended(const pipeline::ExchangeEnd& end) {
  if (plan_ == nullptr || end.exchange == nullptr || end.exchange->attempts.empty()) return;
  for (const pipeline::Decision& decision : end.exchange->decisions) Consider(*end.exchange, decision);
}

void LoopReviews::Consider(const pipeline::Exchange& exchange, const pipeline::Decision& decision) {
  using std::chrono::milliseconds;
  const ReviewPlan::Line* line = plan_->Find(decision.rule);
  if (line == nullptr) return;
  const std::uint64_t number = line->count->fetch_add(1, std::memory_order_relaxed) + 1;
  std::string draw = plan_->draw().TextOf(decision.rule, number);
  if (!plan_->draw().Chooses(draw, line->terms.share_ppm)) return;
  const std::int64_t now = std::chrono::duration_cast<milliseconds>(loop_.clock().Wall().time_since_epoch()).count();
  queue_.Add({.id = NewId(),
              .rule = decision.rule,
              .phase = std::string(pipeline::ToString(decision.phase)),
              .request_id = exchange.id,
              .chain = ChainOf(*exchange.principal),
              .path = PathOf(*exchange.principal),
              .surface = std::string(pipeline::ToString(exchange.surface)),
              .model = exchange.model,
              .draw = std::move(draw),
              .share_ppm = line->terms.share_ppm,
              .reviewers = line->terms.reviewers,
              .created_ms = now,
              .decide_by_ms = now + std::chrono::duration_cast<milliseconds>(line->terms.decide_within).count(),
              .changed_ms = now,
              .verdicts = {},
              .planted_by = {},
              .expected = {}});
}

}  // namespace gatehouse::features::oversight
