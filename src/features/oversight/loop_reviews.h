#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "features/oversight/review_draw.h"
#include "features/oversight/review_queue.h"
#include "net/loop.h"
#include "pipeline/observer.h"
#include "pipeline/review_terms.h"

namespace gatehouse::features::oversight {

// Which rules of a configuration want reviews. Immutable; shared by the loops.
class ReviewPlan {
 public:
  using Terms = std::map<std::string, pipeline::ReviewTerms, std::less<>>;  // by the rule's id
  // `draw` outlives it.
  ReviewPlan(const Terms& terms, ReviewDraw& draw);

  struct Line {
    pipeline::ReviewTerms terms;
    std::atomic<std::uint64_t>* count = nullptr;  // of the draw
  };
  bool empty() const { return lines_.empty(); }
  const Line* Find(std::string_view rule) const;
  const ReviewDraw& draw() const { return draw_; }

 private:
  ReviewDraw& draw_;
  std::map<std::string, Line, std::less<>> lines_;
};

// Has people look at exchanges of one loop that were let go by rules which want that, when they are over. Only at what
// got as far as an upstream. Belongs to its loop.
class LoopReviews final : public pipeline::ExchangeObserver {
 public:
  // Both outlive it.
  LoopReviews(net::Loop& loop, ReviewQueue& queue) : loop_(loop), queue_(queue) {}

  void Use(std::shared_ptr<const ReviewPlan> plan) { plan_ = std::move(plan); }

  void Began(pipeline::Surface) override {}
  void Ended(const pipeline::ExchangeEnd& end) override;

 private:
  void Consider(const pipeline::Exchange& exchange, const pipeline::Decision& decision);

  net::Loop& loop_;
  ReviewQueue& queue_;
  std::shared_ptr<const ReviewPlan> plan_;  // null: none is wanted
};

}  // namespace gatehouse::features::oversight
