#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/block_on.h"
#include "net/loop.h"

namespace gatehouse::net::fake {

// A loop for tests: no descriptors, and a clock that moves only when it is told to. Deterministic as long as nobody
// posts from another thread. `clock` outlives it.
class FakeLoop final : public Loop {
 public:
  explicit FakeLoop(base::FakeClock& clock) : Loop(clock), fake_clock_(clock) {}
  ~FakeLoop() override { DropDeferred(); }

  void Post(std::move_only_function<void()> work) override;

  // Takes turns until nothing is left to do at the present time.
  void RunUntilIdle();
  // Moves the clock by `duration`, stopping at each timer on the way, and is idle at the end.
  void Advance(base::Duration duration);
  // Waits, in real time, until another thread has posted, then runs until idle. For tests of worker threads only.
  void RunAfterPost();

  // Starts the task and runs until idle; nullopt when it is still waiting then (it is cancelled).
  template <class T>
  std::optional<internal::NonVoid<T>> Await(Task<T> task) {
    return AwaitFor(std::move(task), base::Duration::zero());
  }
  // The same, moving the clock up to `limit`, by no more than the task needs.
  template <class T>
  std::optional<internal::NonVoid<T>> AwaitFor(Task<T> task, base::Duration limit) {
    std::optional<internal::NonVoid<T>> value;
    TaskGroup group(*this);
    const auto until = fake_clock_.Now() + limit;
    group.Spawn(internal::RunInto(std::move(task), value, [] {}));
    RunUntilIdle();
    while (!value && StepTo(until)) RunUntilIdle();
    return value;
  }

 private:
  // Moves the clock to the next timer, if that is not after `until`.
  bool StepTo(base::TimePoint until);
  bool HasPosted();
  void Turn();

  base::FakeClock& fake_clock_;
  std::mutex mutex_;
  std::condition_variable posted_something_;
  std::vector<std::move_only_function<void()>> posted_;  // guarded by mutex_
};

}  // namespace gatehouse::net::fake
