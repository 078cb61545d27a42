#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "net/frame_pool.h"

namespace gatehouse::net {

template <class T = void>
class Task;

namespace internal {

// What all promises share: the one who waits, and a frame from the thread's pool.
struct PromiseCommon {
  std::coroutine_handle<> waiter = std::noop_coroutine();
  std::exception_ptr failure;

  static void* operator new(std::size_t bytes) { return AllocateFrame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) { ReleaseFrame(frame, bytes); }

  struct ResumeWaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().waiter;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  ResumeWaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { failure = std::current_exception(); }
};

template <class T>
struct Promise : PromiseCommon {
  std::optional<T> value;

  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseCommon {
  Task<void> get_return_object();
  void return_void() {}
  void Take() {}
};

}  // namespace internal

// A lazily started coroutine that owns its frame; it runs when awaited, on the awaiting thread's loop, and stays there.
// Destroying an unfinished Task cancels it: every pending I/O and timer under it is withdrawn before the destructor
// returns, because the frame's awaiters withdraw themselves. A Task is awaited at most once. An exception that escapes
// it is a bug and surfaces in the awaiter.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Drop();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { Drop(); }

  explicit operator bool() const { return handle_ != nullptr; }
  // Cancels now.
  void Drop() {
    if (auto handle = std::exchange(handle_, nullptr)) handle.destroy();
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
        handle.promise().waiter = waiter;
        return handle;
      }
      T await_resume() {
        if (handle.promise().failure) std::rethrow_exception(handle.promise().failure);
        return handle.promise().Take();
      }
    };
    return Awaiter{handle_};
  }
  // Awaits a task that somebody else had begun to await, and was dropped while this task was kept: it goes on from
  // where it is, for whoever awaits this. Cancelled by dropping the task.
  auto Rest() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() noexcept { return handle.done(); }
      void await_suspend(std::coroutine_handle<> waiter) noexcept { handle.promise().waiter = waiter; }
      T await_resume() {
        if (handle.promise().failure) std::rethrow_exception(handle.promise().failure);
        return handle.promise().Take();
      }
    };
    return Awaiter{handle_};
  }

 private:
  friend promise_type;
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_ = nullptr;
};

template <class T>
Task<T> internal::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> internal::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace gatehouse::net
