#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "net/task.h"

namespace gatehouse::net {

// A task that is awaited, as whoever may end it from outside sees it.
class Interruptible {
 public:
  Interruptible() = default;
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  // Drops the task, with all that it did, and resumes who awaits it. REQUIRES: the task is suspended; on its loop's
  // thread. This may be gone when it returns.
  void Interrupt() {
    DropTask();
    waiter_.resume();
  }

 protected:
  ~Interruptible() = default;
  void SetWaiter(std::coroutine_handle<> waiter) { waiter_ = waiter; }

 private:
  virtual void DropTask() = 0;

  std::coroutine_handle<> waiter_;
};

// Awaits a task so that it can be interrupted while it waits; costs no frame of its own. Lives in the frame of the
// awaiting coroutine.
template <class T = void>
class InterruptibleTask final : public Interruptible {
 public:
  explicit InterruptibleTask(Task<T> task) : task_(std::move(task)), awaited_(std::move(task_).operator co_await()) {}

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    SetWaiter(waiter);
    return awaited_.await_suspend(waiter);
  }
  // What the task came to; nullopt when it was interrupted.
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> await_resume() {
    if (!task_) return std::nullopt;
    if constexpr (std::is_void_v<T>) {
      awaited_.await_resume();
      return std::monostate();
    } else {
      return awaited_.await_resume();
    }
  }

 private:
  void DropTask() override { task_.Drop(); }

  Task<T> task_;
  decltype(std::declval<Task<T>>().operator co_await()) awaited_;
};

}  // namespace gatehouse::net
