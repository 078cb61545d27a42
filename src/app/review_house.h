#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "admin/approvals_api.h"
#include "app/config_oversight.h"
#include "base/log.h"
#include "base/secret.h"
#include "features/common/notice.h"
#include "features/oversight/loop_reviews.h"
#include "features/oversight/review_draw.h"
#include "features/oversight/review_queue.h"
#include "features/policy/rule_set.h"
#include "net/loop.h"
#include "store/database.h"

namespace gatehouse::features::audit {
class Record;
}

namespace gatehouse::app {

// What people look at afterwards, of this gateway. Owned by the OversightHouse, on its loop; outlives the other loops.
class ReviewHouse {
 public:
  // All outlive it. `record` null: none is kept. `raise` tells people, on `loop`.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    const base::Log& log;
    features::audit::Record* record = nullptr;
    std::function<void(features::common::Notice)> raise;
  };
  // `key` is of the draw, `process` as in ReviewDraw.
  ReviewHouse(Parts parts, base::Secret key, std::string process);

  features::oversight::ReviewQueue& queue() { return queue_; }
  const features::oversight::ReviewQueue& queue() const { return queue_; }
  const admin::ReviewSettings& settings() const { return settings_; }

  // What a configuration says, from now on.
  void Use(const ReviewConfig& config);
  // What a policy wants looked at; for the loops. Null for nothing. Thread-safe.
  std::shared_ptr<const features::oversight::ReviewPlan> PlanOf(const features::policy::RuleSet& rules);
  // Writes down what came, for ever.
  net::Task<> Follow(base::Duration interval) { return queue_.Follow(interval, parts_.log); }

  // What came of reviews since the start, by this gateway's doing. Of the main loop.
  struct Counts {
    std::uint64_t opened = 0;
    std::uint64_t missed = 0;
    std::uint64_t overdue = 0;
    std::uint64_t fine = 0;
    std::uint64_t not_fine = 0;
    std::uint64_t verdict_ms = 0;  // from the end of the exchange to each verdict, together
    std::uint64_t agreed = 0;      // reviews by several people, who all said the same
    std::uint64_t differed = 0;
    std::uint64_t planted_caught = 0;
    std::uint64_t planted_missed = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  // Writes entries of the record, counts, and has people told.
  class Recorder final : public features::oversight::ReviewWitness {
   public:
    explicit Recorder(ReviewHouse& house) : house_(house) {}
    void NoteOpened(const features::oversight::Review& review) override;
    void NoteMissed(const features::oversight::Review& review, std::string_view why) override;
    void NoteVerdict(const features::oversight::Review& review, const features::oversight::Verdict& verdict) override;
    void NoteOverdue(const features::oversight::Review& review) override;

   private:
    ReviewHouse& house_;  // outlives it
  };

  void Count(const features::oversight::Review& review, const features::oversight::Verdict& verdict);
  void TellNotFine(const features::oversight::Review& review);
  void TellOverdue(const features::oversight::Review& review);
  std::string Where(const std::string& word) const;
  std::int64_t NowMs() const;

  const Parts parts_;
  std::string link_;
  admin::ReviewSettings settings_;
  Counts counts_;
  features::oversight::ReviewDraw draw_;
  Recorder recorder_{*this};
  features::oversight::ReviewQueue queue_;
};

}  // namespace gatehouse::app
