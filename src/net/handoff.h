#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::net {

// One value on its way from a worker thread to a coroutine on a loop. The coroutine owns the Handoff and awaits
// Receive(); the worker holds its Sender. Dropping the Handoff tells the worker, before it begins, that nobody waits;
// what comes later is dropped.
template <class T>
class Handoff {
  struct State;

 public:
  // The worker's end: thread-safe, to be moved into the job.
  class Sender {
   public:
    // Marks the work as begun. False: nobody waits for it any more, and it is not to be done.
    bool Begin() {
      const std::scoped_lock lock(state_->mutex);
      if (state_->loop == nullptr) return false;
      state_->begun = true;
      return true;
    }
    // Once.
    void Send(T value) {
      const std::scoped_lock lock(state_->mutex);
      if (state_->loop == nullptr) return;
      state_->value.emplace(std::move(value));
      state_->loop->Post([state = state_] {
        if (state->arrived != nullptr) state->arrived->Set();
      });
    }

   private:
    friend class Handoff;
    explicit Sender(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  explicit Handoff(Loop& loop) : arrived_(loop), state_(std::make_shared<State>()) {
    state_->loop = &loop;
    state_->arrived = &arrived_;
  }
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;
  ~Handoff() { static_cast<void>(Leave()); }

  Sender sender() { return Sender(state_); }

  // The value, or nullopt at the deadline; then begun() tells whether the work may yet be done.
  Task<std::optional<T>> Receive(Deadline deadline) {
    static_cast<void>(co_await arrived_.Wait(deadline));
    co_return Leave();
  }
  bool begun() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->begun;
  }

 private:
  struct State {
    std::mutex mutex;
    Loop* loop = nullptr;      // guarded by mutex; null when nobody waits
    std::optional<T> value;    // guarded by mutex
    bool begun = false;        // guarded by mutex
    Event* arrived = nullptr;  // touched on the loop's thread only
  };

  std::optional<T> Leave() {
    const std::scoped_lock lock(state_->mutex);
    state_->loop = nullptr;
    state_->arrived = nullptr;
    return std::exchange(state_->value, std::nullopt);
  }

  Event arrived_;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::net
