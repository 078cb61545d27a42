#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "net/frame_pool.h"
#include "net/task.h"

namespace gatehouse::net {

namespace internal {

template <class T>
using NonVoid = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// What the two sides of a race share. Lives in the frame of RaceTasks, which outlives both sides.
struct RaceState {
  const void* winner = nullptr;  // frame of the side that ended first
  std::coroutine_handle<> waiter = std::noop_coroutine();
  std::exception_ptr failure;
};

// One side of a race. Owns its frame; the first to end marks the race as over and resumes the one who awaits it.
class [[nodiscard]] RaceSide {
 public:
  struct promise_type {
    RaceState* race = nullptr;

    static void* operator new(std::size_t bytes) { return AllocateFrame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) { ReleaseFrame(frame, bytes); }

    struct Finish {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> side) noexcept {
        auto& shared = *side.promise().race;
        if (shared.winner != nullptr) return std::noop_coroutine();
        shared.winner = side.address();
        return shared.waiter;
      }
      void await_resume() noexcept {}
    };

    RaceSide get_return_object() { return RaceSide(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    Finish final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {
      if (race->winner == nullptr) race->failure = std::current_exception();
    }
  };

  RaceSide(const RaceSide&) = delete;
  RaceSide& operator=(const RaceSide&) = delete;
  ~RaceSide() { handle_.destroy(); }

  void Start(RaceState& race) {
    handle_.promise().race = &race;
    handle_.resume();
  }
  bool Won(const RaceState& race) const { return race.winner == handle_.address(); }

 private:
  explicit RaceSide(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
RaceSide RunSide(Task<T> task, std::optional<NonVoid<T>>& into) {  // `into` outlives the side, as the state does
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    into.emplace();
  } else {
    into.emplace(co_await std::move(task));
  }
}

// Starts both sides; does not suspend when one of them ends at once.
struct RaceAwaiter {
  RaceState& race;
  RaceSide& first;
  RaceSide& second;

  bool await_ready() {
    first.Start(race);
    if (race.winner == nullptr) second.Start(race);
    return race.winner != nullptr;
  }
  void await_suspend(std::coroutine_handle<> waiter) { race.waiter = waiter; }
  void await_resume() {
    if (race.failure) std::rethrow_exception(race.failure);
  }
};

}  // namespace internal

// What came of a race: the value of the side that ended first, nullopt for the other.
template <class A, class B>
struct Either {
  std::optional<internal::NonVoid<A>> first;
  std::optional<internal::NonVoid<B>> second;
};

// Runs both; the first to end wins and the other is cancelled before this resumes. When the first ends without
// suspending, the second is never started. Cancelled by dropping, both sides with it.
template <class A, class B>
Task<Either<A, B>> RaceTasks(Task<A> a, Task<B> b) {
  Either<A, B> outcome;
  internal::RaceState race;
  {
    auto first = internal::RunSide(std::move(a), outcome.first);
    auto second = internal::RunSide(std::move(b), outcome.second);
    co_await internal::RaceAwaiter{race, first, second};
    if (first.Won(race)) outcome.second.reset();
    if (second.Won(race)) outcome.first.reset();
  }
  co_return outcome;
}

}  // namespace gatehouse::net
