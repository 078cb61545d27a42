#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/oversight/approval_book.h"
#include "features/oversight/witness.h"
#include "net/handoff.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::oversight {

// The requests of one process that people are asked about: has what happens to them written down and told, wakes who
// waits, and says of those whose time is over that it is. Belongs to the main loop, but for what says otherwise.
class ApprovalQueue {
 public:
  // How many exchanges of this process may be held open until people have decided.
  static constexpr std::size_t kMostWaiting = 1000;

  // All outlive it.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    Witness& witness;
  };
  explicit ApprovalQueue(Parts parts);
  ApprovalQueue(const ApprovalQueue&) = delete;
  ApprovalQueue& operator=(const ApprovalQueue&) = delete;
  ~ApprovalQueue() = default;

  ApprovalBook& book() { return book_; }  // thread-safe

  using Call = ApprovalBook::Call;
  // ApprovalBook::Submit() and Do(), and told. On any loop.
  net::Task<base::Result<ApprovalBook::Submitted>> Submit(Call call, Approval fresh, ApprovalBounds bounds);
  net::Task<base::Result<Approval>> Do(Call call, std::int64_t id, Move move);

  // Something happened to the request that is waited for.
  struct Changed {};
  // Somebody who waits for a request. On any loop; dropping it ends the wait.
  class Waiter {
   public:
    // `queue` and `loop` outlive it.
    Waiter(ApprovalQueue& queue, net::Loop& loop, std::int64_t id);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    // Whether there was room for one more.
    enum class Place : std::uint8_t { kNone, kOne };
    Place place() const { return place_; }
    // Until something happened, or the deadline. Between two waits something may happen: look after each.
    net::Task<> Wait(net::Deadline deadline);
    // Nobody else waits for the request in this process.
    bool IsAlone() const;

   private:
    ApprovalQueue& queue_;
    net::Loop& loop_;
    const std::int64_t id_;
    std::optional<net::Handoff<Changed>> handoff_;  // renewed after each wait
    Place place_ = Place::kNone;
    std::uint64_t number_ = 0;
  };
  // Whoever asked has gone. On any loop; done when the main loop comes to it.
  void Withdraw(std::int64_t id);

  // Looks for what others did, and for what is due, for ever. The log outlives it.
  net::Task<> Follow(base::Duration interval, const base::Log& log);
  // The same, once.
  net::Task<base::Status> Look(net::Deadline deadline);

  // As of the last look.
  std::int64_t pending() const { return pending_; }

 private:
  struct Waiting {
    std::int64_t id = 0;
    net::Handoff<Changed>::Sender sender;
  };

  net::Task<base::Status> WakeChanged(Call call);
  net::Task<base::Status> ExpireDue(Call call);
  void Wake(std::int64_t id);
  std::int64_t NowMs() const;

  const Parts parts_;
  ApprovalBook book_;
  std::int64_t known_ = -1;  // the change that was looked at last
  std::int64_t pending_ = 0;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Waiting> waiting_;  // guarded by mutex_
  std::uint64_t last_number_ = 0;             // guarded by mutex_
  net::TaskGroup tasks_;                      // last: it uses the rest
};

}  // namespace gatehouse::features::oversight
