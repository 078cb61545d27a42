#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace gatehouse::features::ratelimit {

// So many units a minute, and so many at once after a pause. Both are at least 1.
class Rate {
 public:
  Rate(std::int64_t per_minute, std::int64_t burst)
      : per_minute_(per_minute), burst_(burst), unit_(LongCostOf(1)), window_(LongCostOf(burst)) {}

  std::int64_t per_minute() const { return per_minute_; }
  std::int64_t burst() const { return burst_; }
  // In which an empty bucket fills.
  base::Duration window() const { return window_; }
  // How long the rate takes for so many units, rounded up to a nanosecond.
  base::Duration CostOf(std::int64_t amount) const { return amount == 1 ? unit_ : LongCostOf(amount); }
  // How many whole units it yields in so long.
  std::int64_t YieldOf(base::Duration time) const;
  bool operator==(const Rate&) const = default;

 private:
  base::Duration LongCostOf(std::int64_t amount) const;

  std::int64_t per_minute_;
  std::int64_t burst_;
  base::Duration unit_;  // for one: what most ask
  base::Duration window_;
};

// A bucket that fills at a Rate and holds a burst at most, as one number: the time at which it will be full (the
// generic cell rate algorithm of ITU-T I.371, whose "theoretical arrival time" that is). A bucket that nobody touches
// needs no timer. Its rate is the caller's, so that it may change between two calls. Thread-safe: what all threads take
// together never exceeds rate times time plus burst, but for what is charged afterwards.
class TokenBucket {
 public:
  // Zero when `amount` was taken; otherwise how long until it could be, and nothing changed. `amount` is at most the
  // burst.
  base::Duration Take(const Rate& rate, std::int64_t amount, base::TimePoint now);
  // The same question, and nothing is taken.
  base::Duration WaitFor(const Rate& rate, std::int64_t amount, base::TimePoint now) const;
  // Takes `amount` whether or not it is there: the bucket may be left with a debt, which is a day at most.
  void Charge(const Rate& rate, std::int64_t amount, base::TimePoint now);
  // Gives back what was taken and not used. What overflows is lost.
  void Return(const Rate& rate, std::int64_t amount);

  // Sets what is in it: `left` whole units, or a debt, and millionths of one more.
  void Set(const Rate& rate, std::int64_t left, std::int64_t millionths, base::TimePoint now);

  struct Level {
    std::int64_t left = 0;     // whole units
    base::Duration full_in{};  // when nobody takes any more
  };
  Level At(const Rate& rate, base::TimePoint now) const;
  bool IsFull(base::TimePoint now) const { return full_at_.load(std::memory_order_relaxed) <= Count(now); }

 private:
  static std::int64_t Count(base::TimePoint at) { return at.time_since_epoch().count(); }

  std::atomic<std::int64_t> full_at_ = 0;  // nanoseconds of the loops' clock
};

}  // namespace gatehouse::features::ratelimit
