#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "admin/oversight_api.h"
#include "app/config_oversight.h"
#include "app/review_house.h"
#include "base/log.h"
#include "base/secret.h"
#include "features/common/notice.h"
#include "features/oversight/approval_queue.h"
#include "features/oversight/kill_switch.h"
#include "features/oversight/witness.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::audit {
class Record;
}

namespace gatehouse::app {

// Human oversight of this gateway: what people stopped, and what they are asked about. Owned by the Gateway, on its
// loop; outlives the other loops.
class OversightHouse {
 public:
  // All outlive it. `record` null: none is kept. `raise` tells people, on `loop`.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    const base::Log& log;
    features::audit::Record* record = nullptr;
    std::function<void(features::common::Notice)> raise;
    base::Secret draw_key;  // of what is reviewed
    std::string process;    // as in ReviewDraw
  };
  explicit OversightHouse(Parts parts);

  features::oversight::KillSwitch& kill_switch() { return kill_switch_; }
  features::oversight::ApprovalQueue& approvals() { return approvals_; }
  ReviewHouse& reviews() { return reviews_; }
  const ReviewHouse& reviews() const { return reviews_; }
  const features::oversight::KillSwitch& kill_switch() const { return kill_switch_; }
  const features::oversight::ApprovalQueue& approvals() const { return approvals_; }

  // What a configuration says, from now on.
  void Use(const OversightConfig& config);
  // What is stopped by the database: before anything is served.
  net::Task<base::Status> Load(net::Deadline deadline) { return kill_switch_.Refresh(deadline); }
  // Follow the database for ever.
  net::Task<> FollowStops(base::Duration interval) { return kill_switch_.Follow(interval, parts_.log); }
  net::Task<> FollowApprovals(base::Duration interval) { return approvals_.Follow(interval, parts_.log); }
  net::Task<> FollowReviews(base::Duration interval) { return reviews_.Follow(interval); }

  // How many requests came to that since the start, by this gateway's doing.
  std::uint64_t outcomes(features::oversight::Approval::State state) const {
    return outcomes_[static_cast<std::size_t>(state)].load(std::memory_order_relaxed);
  }

  admin::OversightServices services() {
    return {.kill_switch = kill_switch_,
            .approvals = approvals_,
            .reviews = reviews_.queue(),
            .settings = settings_,
            .review_settings = reviews_.settings()};
  }

 private:
  // Writes entries of the record and lines of the log, and has people told.
  class Recorder final : public features::oversight::Witness {
   public:
    explicit Recorder(OversightHouse& house) : house_(house) {}
    void NoteStop(const features::oversight::Stop& stop, const features::oversight::Halted& halted) override;
    void NoteLift(const features::oversight::Stop& stop) override;
    void NoteRequest(const features::oversight::Approval& approval) override;
    void NoteVote(const features::oversight::Approval& approval, const features::oversight::Vote& vote) override;
    void NoteOutcome(const features::oversight::Approval& approval) override;

   private:
    OversightHouse& house_;  // outlives it
  };

  void Tell(const features::oversight::Approval& approval);

  const Parts parts_;
  std::string link_;
  admin::ReviewSettings settings_;
  std::array<std::atomic<std::uint64_t>, features::oversight::kApprovalStates> outcomes_{};
  Recorder recorder_{*this};
  features::oversight::KillSwitch kill_switch_;
  features::oversight::ApprovalQueue approvals_;
  ReviewHouse reviews_;
};

}  // namespace gatehouse::app
