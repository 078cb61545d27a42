#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace gatehouse::base {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;  // monotonic: deadlines, latencies
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;   // what goes into logs and records

// The only source of time, so that tests can move it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime Wall() const = 0;
};

// The machine's clocks. Lives as long as the process; ownerless because it has no state.
const Clock& SystemClock();

// Stands still until it is moved.
class FakeClock final : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(Duration(now_.load(std::memory_order_relaxed))); }
  WallTime Wall() const override { return WallTime(Duration(kWallOffset + now_.load(std::memory_order_relaxed))); }
  void Advance(Duration by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t kWallOffset = 1'700'000'000'000'000'000;
  std::atomic<std::int64_t> now_ = 1'000'000'000;
};

}  // namespace gatehouse::base
