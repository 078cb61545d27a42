#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "net/task.h"

namespace gatehouse::net {

// A point in time after which waiting is pointless.
struct Deadline {
  base::TimePoint at = base::TimePoint::max();
  static constexpr Deadline Never() { return {}; }
  Deadline Earlier(Deadline other) const { return {at < other.at ? at : other.at}; }
  bool operator==(const Deadline&) const = default;
};

class Loop;

// Calls OnTimer once at, or up to one tick after, the time it was armed for. A member of whoever needs it; disarms
// itself when destroyed. Belongs to its loop's thread.
class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(&loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer();

  void Arm(base::TimePoint at);  // replaces an earlier arming; TimePoint::max() disarms
  void Disarm();
  bool armed() const { return armed_at_.has_value(); }
  std::optional<base::TimePoint> armed_at() const { return armed_at_; }

 protected:
  virtual void OnTimer() = 0;

 private:
  friend class Loop;
  friend class TimerWheel;
  Loop* loop_;
  Timer* previous_ = nullptr;  // position in the wheel, owned by it
  Timer* next_ = nullptr;
  std::optional<base::TimePoint> armed_at_;
};

class TimerWheel;

// One thread's event loop. Everything of an exchange happens on the loop that accepted it. Only Post() may be called
// from another thread. Implementations: EpollLoop (the process), FakeLoop (tests: no descriptors, a clock moved by
// hand).
class Loop {
 public:
  explicit Loop(const base::Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  // The time at the start of this turn: cheap, the same for all that happens within one turn.
  base::TimePoint Now() const { return now_; }
  const base::Clock& clock() const { return clock_; }
  Deadline In(base::Duration duration) const { return {now_ + duration}; }

  // Runs `work` on this loop's thread in a later turn. Thread-safe; the queue is bounded by what posts to it: every
  // poster has at most a stated number of items under way.
  virtual void Post(std::move_only_function<void()> work) = 0;
  // Resumes `handle` at the end of this turn. For who must not resume it from within its own callback.
  virtual void Defer(std::move_only_function<void()> work) = 0;

  // Suspends the awaiting coroutine for that long; cancelled by dropping it.
  Task<> Sleep(base::Duration duration);

 protected:
  void UpdateNow() { now_ = clock_.Now(); }
  TimerWheel& wheel() { return *wheel_; }

 private:
  friend class Timer;
  const base::Clock& clock_;  // outlives the loop
  base::TimePoint now_;
  std::unique_ptr<TimerWheel> wheel_;
};

// Owns tasks that nobody awaits (a connection, a probe). Dropping the group cancels all of them; a task that ends
// removes itself. Belongs to one loop. An exception that escapes a task aborts the process: it is a bug.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts the task at once, until its first suspension.
  void Spawn(Task<> task);
  std::size_t size() const;
  // Resumes when no task is left, or at the deadline.
  Task<> Drained(Deadline deadline);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A one-shot or repeated wake-up between two coroutines of one loop. Set() resumes the waiter at the end of the turn; a
// Set() with nobody waiting is remembered. At most one waiter at a time.
class Event {
 public:
  explicit Event(Loop& loop);
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();

  void Set();
  // kSet or kTimeout.
  enum class Outcome : std::uint8_t { kSet, kTimeout };
  Task<Outcome> Wait(Deadline deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Runs both; the first to end wins and the other is cancelled. nullopt for the one that lost.
template <class A, class B>
struct Either {
  std::optional<A> first;
  std::optional<B> second;
};
// RaceTasks(a, b) is declared in net/race.h.

}  // namespace gatehouse::net
