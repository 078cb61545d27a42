#pragma once

#include <exception>
#include <optional>
#include <utility>

#include "net/loop.h"
#include "net/race.h"
#include "net/task.h"

namespace gatehouse::net {

namespace internal {

// Awaits `task`, keeps its value in `into` (outlives the task, as `done` does) and says so.
template <class T>
Task<> RunInto(Task<T> task, std::optional<NonVoid<T>>& into, std::move_only_function<void()> done) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    into.emplace();
  } else {
    into.emplace(co_await std::move(task));
  }
  done();
}

}  // namespace internal

// Runs the loop on the calling thread until the task has ended or the loop is stopped for another reason (nullopt; the
// task is cancelled). For main() and tests; never from within the loop.
template <class AnyLoop, class T>
std::optional<internal::NonVoid<T>> BlockOn(AnyLoop& loop, Task<T> task) {
  std::optional<internal::NonVoid<T>> value;
  TaskGroup group(loop);
  group.Spawn(internal::RunInto(std::move(task), value, [&loop] { loop.Stop(); }));
  loop.Run();
  return value;
}

}  // namespace gatehouse::net
