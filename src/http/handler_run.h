#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <utility>

#include "net/task.h"

namespace gatehouse::http {

// Awaits a handler's task so that it can be cancelled while it waits: its task is dropped, then the awaiting coroutine
// resumes. Lives in that coroutine's frame.
class HandlerRun {
 public:
  enum class Outcome : std::uint8_t { kEnded, kFault, kCancelled };

  explicit HandlerRun(net::Task<> task) : task_(std::move(task)), awaited_(std::move(task_).operator co_await()) {}
  HandlerRun(const HandlerRun&) = delete;
  HandlerRun& operator=(const HandlerRun&) = delete;

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    return awaited_.await_suspend(waiter);
  }
  // A handler that throws has a bug; its exchange ends, the process and the other exchanges go on.
  Outcome await_resume() {
    if (!task_) return Outcome::kCancelled;
    try {
      awaited_.await_resume();
    } catch (const std::exception&) {
      return Outcome::kFault;
    }
    return Outcome::kEnded;
  }

  // REQUIRES: the handler is suspended. This may be gone when it returns.
  void Cancel() {
    task_.Drop();
    waiter_.resume();
  }

 private:
  net::Task<> task_;
  decltype(std::declval<net::Task<>>().operator co_await()) awaited_;
  std::coroutine_handle<> waiter_;
};

}  // namespace gatehouse::http
