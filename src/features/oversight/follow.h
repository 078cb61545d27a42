#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::features::oversight {

// What people wait for in the database, as one process follows it.
struct Following {
  static constexpr base::Duration kQueryTime = std::chrono::seconds(10);
  static constexpr base::Duration kCleaning = std::chrono::hours(1);
  static constexpr std::chrono::hours kKept{24 * 400};  // what is over: longer than a year of evidence

  base::Duration interval;
  std::string_view problem;  // in the log, once, when looking begins to fail
};

// Looks again and again, for ever, and once an hour forgets what is old. `look` (deadline) and `forget` (deadline,
// milliseconds since 1970) give a Task<Status>; loop and log outlive it.
template <class Look, class Forget>
net::Task<> FollowForever(net::Loop& loop, const base::Log& log, Following how, Look look, Forget forget) {
  enum class Answers : std::uint8_t { kYes, kNo } answers = Answers::kYes;
  base::TimePoint clean = loop.Now();
  for (;;) {
    const base::Status looked = co_await look(loop.In(Following::kQueryTime));
    if (!looked.ok() && answers == Answers::kYes) {
      log.Warning(how.problem, {{"detail", looked.error().detail}});
    }
    answers = looked.ok() ? Answers::kYes : Answers::kNo;
    if (looked.ok() && loop.Now() >= clean) {
      const auto before = loop.clock().Wall().time_since_epoch() - Following::kKept;
      static_cast<void>(co_await forget(loop.In(Following::kQueryTime),
                                        std::chrono::duration_cast<std::chrono::milliseconds>(before).count()));
      clean = loop.Now() + Following::kCleaning;
    }
    co_await loop.Sleep(how.interval);
  }
}

}  // namespace gatehouse::features::oversight
