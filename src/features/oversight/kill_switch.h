#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/log.h"
#include "base/published.h"
#include "base/result.h"
#include "features/oversight/loop_stops.h"
#include "features/oversight/stop.h"
#include "features/oversight/stop_book.h"
#include "features/oversight/witness.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::oversight {

// Stops what people want stopped, on all loops of this process and, by the database, on all gateways of it. What is
// known stays in force while the database does not answer. Belongs to the main loop, but for what says otherwise.
class KillSwitch {
 public:
  // How many stops may be in force: every exchange is held against each of them.
  static constexpr std::size_t kMostInForce = 1000;
  // How long a call waits until all is ended that it ends.
  static constexpr base::Duration kPatience = std::chrono::seconds(5);

  // All outlive it.
  struct Parts {
    net::Loop& loop;
    store::Database& database;
    Witness& witness;
  };
  explicit KillSwitch(Parts parts);
  KillSwitch(const KillSwitch&) = delete;
  KillSwitch& operator=(const KillSwitch&) = delete;
  ~KillSwitch() = default;

  // For loops. Thread-safe; who was admitted is dismissed before it goes.
  const base::Published<StopTable>& table() const { return table_; }
  void Admit(LoopStops& loop);
  void Dismiss(LoopStops& loop);

  // What is in force by the database; ends what that concerns.
  net::Task<base::Status> Refresh(net::Deadline deadline);
  // Looks for ever. The log outlives it.
  net::Task<> Follow(base::Duration interval, const base::Log& log);

  // In force on this gateway when it returns, and what was under way is ended, or will be. `halted` is absent where
  // somebody else saw to it.
  struct Set {
    Stop stop;
    std::optional<Halted> halted;
  };
  net::Task<base::Result<Set>> Put(Stop stop, net::Deadline deadline);
  // See StopBook::Lift().
  net::Task<base::Result<Stop>> Lift(std::int64_t id, Person by, net::Deadline deadline);

  StopBook& book() { return book_; }
  // Those in force.
  std::size_t size() const { return table_.Pin()->stops().size(); }

 private:
  // How stops come into force, for whoever waits for it.
  struct Coming {
    explicit Coming(net::Loop& loop) : over(loop) {}
    net::Event over;
    std::optional<Halted> halted;
  };
  // What a look at the database found.
  struct News {
    std::vector<Stop> fresh;
    std::vector<Stop> lifted;
    std::shared_ptr<Coming> coming;
  };
  net::Task<base::Result<News>> Look(base::TimePoint began, net::Deadline deadline);
  News Take(std::vector<Stop> stops);
  net::Task<> Enforce(std::vector<Stop> fresh, base::TimePoint began, std::shared_ptr<Coming> coming);
  net::Task<> TellOfLifted(std::vector<Stop> lifted);
  std::int64_t NowMs() const;

  const Parts parts_;
  StopBook book_;
  base::Published<StopTable> table_;
  std::int64_t known_ = -1;  // the change that the table is of
  std::mutex mutex_;
  std::vector<LoopStops*> loops_;  // guarded by mutex_
  net::TaskGroup tasks_;           // goes on when who asked for it is gone; last: it uses the rest
};

}  // namespace gatehouse::features::oversight
