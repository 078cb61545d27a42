#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "net/intrusive_list.h"
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
class TimerWheel;

// Calls OnTimer once at, or up to one tick after, the time it was armed for, never within Arm. A member of whoever
// needs it; disarms itself when destroyed, and may be destroyed within OnTimer. Belongs to its loop's thread.
class Timer : private internal::ListNode {
 public:
  explicit Timer(Loop& loop) : loop_(&loop) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer();

  void Arm(base::TimePoint at);  // replaces an earlier arming; TimePoint::max() disarms
  void Disarm();
  bool armed() const { return at_ != base::TimePoint::max(); }
  std::optional<base::TimePoint> armed_at() const { return armed() ? std::optional(at_) : std::nullopt; }

 protected:
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;
  Loop* loop_;
  base::TimePoint at_ = base::TimePoint::max();
  std::uint64_t linked_tick_ = 0;  // the tick of the slot it hangs in: at or before `at_`
};

// Calls OnTurnEnd once, at the end of the loop's turn in which it was scheduled: for what must not happen within the
// caller's own call. A member of whoever needs it; withdraws itself when destroyed. Belongs to its loop's thread.
class Deferral : private internal::ListNode {
 public:
  // All writes of a turn come before any of the other work: what one of them causes waits for the next turn.
  enum class Phase : std::uint8_t { kWrite, kWork };

  Deferral() = default;
  virtual ~Deferral() = default;

  void Schedule(Loop& loop, Phase phase = Phase::kWork);  // no effect when it is scheduled
  void Withdraw() { Unlink(); }
  bool scheduled() const { return linked(); }

 protected:
  virtual void OnTurnEnd() = 0;

 private:
  friend class Loop;
};

// One thread's event loop. Everything of an exchange happens on the loop that accepted it. Only Post() may be called
// from another thread. Outlives all that was made on it. Implementations: EpollLoop (the process), FakeLoop (tests: no
// descriptors, a clock moved by hand).
class Loop {
 public:
  explicit Loop(const base::Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop();

  // The time at the start of this turn: cheap, the same for all that happens within one turn.
  base::TimePoint Now() const { return now_; }
  // The same on the wall clock.
  base::WallTime Wall() const { return wall_; }
  // Counts the turns.
  std::uint64_t turn() const { return turn_; }
  const base::Clock& clock() const { return clock_; }
  Deadline In(base::Duration duration) const { return {now_ + duration}; }

  // Runs `work` on this loop's thread in a later turn. Thread-safe; the queue is bounded by what posts to it: every
  // poster has at most a stated number of items under way.
  virtual void Post(std::move_only_function<void()> work) = 0;
  // Runs `work` at the end of this turn; on the loop's thread only. What is deferred at the end of a turn runs at the
  // end of the next one. Prefer a Deferral member where the work may have to be withdrawn.
  void Defer(std::move_only_function<void()> work) { deferred_work_.push_back(std::move(work)); }

  // Suspends the awaiting coroutine for that long; cancelled by dropping it.
  Task<> Sleep(base::Duration duration);

 protected:
  // What an implementation runs in each turn: BeginTurn after it woke, then its own events, then EndTurn, which fires
  // the timers and runs what was deferred.
  void BeginTurn();
  void EndTurn();
  // Drops what is deferred: for the destructor of an implementation, while its own parts still live.
  void DropDeferred();
  bool HasDeferred() const { return !deferred_work_.empty() || !deferrals_.empty() || !writes_.empty(); }
  // When a timer needs the next turn at the latest; nullopt: no timer is armed.
  std::optional<base::TimePoint> NextExpiry() const;

 private:
  friend class Timer;
  friend class Deferral;
  const base::Clock& clock_;  // outlives the loop
  base::TimePoint now_;
  base::WallTime wall_;
  std::uint64_t turn_ = 0;
  std::unique_ptr<TimerWheel> wheel_;
  static void RunAll(internal::ListNode& scheduled);

  internal::ListNode writes_;
  internal::ListNode deferrals_;
  std::vector<std::move_only_function<void()>> deferred_work_;
  std::vector<std::move_only_function<void()>> running_work_;  // kept for its capacity
};

// Owns tasks that nobody awaits (a connection, a probe). Dropping the group cancels all of them; a task that ends
// removes itself. Belongs to one loop. A task does not destroy the group that owns it (it defers that). An exception
// that escapes a task aborts the process: it is a bug.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts the task at once, until its first suspension.
  void Spawn(Task<> task);
  std::size_t size() const;
  // Resumes when no task is left, or at the deadline. At most one at a time; not to be awaited by a task of the group.
  Task<> Drained(Deadline deadline);

 private:
  struct State;
  struct Root;
  static Root Run(Task<> task);
  static Task<> WaitUntilEmpty(std::shared_ptr<State> state, Deadline deadline);
  std::shared_ptr<State> state_;
};

// A one-shot or repeated wake-up between two coroutines of one loop. Set() resumes the waiter at the end of the turn; a
// Set() with nobody waiting is remembered, and one whose waiter is dropped before it resumes is kept for the next. At
// most one waiter at a time.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();  // whoever still waits is resumed at its deadline only

  void Set();
  enum class Outcome : std::uint8_t { kSet, kTimeout };
  Task<Outcome> Wait(Deadline deadline);

 private:
  class Waiter;
  Loop& loop_;
  Waiter* waiter_ = nullptr;
  bool set_ = false;
};

// Lets everything else of the loop have its turn: for work that is long. Cancelled by dropping it.
Task<> NextTurn(Loop& loop);

}  // namespace gatehouse::net
