#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <utility>

#include "net/interruptible.h"
#include "net/task.h"

namespace gatehouse::http {

// Awaits a handler's task so that it can be cancelled while it waits: its task is dropped, then the awaiting coroutine
// resumes. Lives in that coroutine's frame.
class HandlerRun {
 public:
  enum class Outcome : std::uint8_t { kEnded, kFault, kCancelled };

  explicit HandlerRun(net::Task<> task) : run_(std::move(task)) {}

  bool await_ready() const { return run_.await_ready(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) { return run_.await_suspend(waiter); }
  // A handler that throws has a bug; its exchange ends, the process and the other exchanges go on.
  Outcome await_resume() {
    try {
      return run_.await_resume() ? Outcome::kEnded : Outcome::kCancelled;
    } catch (const std::exception&) {
      return Outcome::kFault;
    }
  }

  // REQUIRES: the handler is suspended. This may be gone when it returns.
  void Cancel() { run_.Interrupt(); }

 private:
  net::InterruptibleTask<> run_;
};

}  // namespace gatehouse::http
