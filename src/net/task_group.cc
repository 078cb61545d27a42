#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

#include "base/check.h"
#include "net/frame_pool.h"
#include "net/intrusive_list.h"
#include "net/loop.h"

namespace gatehouse::net {

struct TaskGroup::State {
  explicit State(Loop& loop) : emptied(loop) {}

  internal::ListNode roots;
  std::size_t size = 0;
  Event emptied;
};

// The coroutine that awaits a spawned task. Its frame belongs to the group's list and destroys itself at its end.
struct TaskGroup::Root {
  struct promise_type : internal::ListNode {
    std::shared_ptr<State> state;

    static void* operator new(std::size_t bytes) { return internal::AllocateFrame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) { internal::ReleaseFrame(frame, bytes); }

    struct Leave {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> root) noexcept {
        // The frame's last locals may own the group.
        const auto group = root.promise().state;
        root.destroy();
        if (--group->size == 0) group->emptied.Set();
      }
      void await_resume() noexcept {}
    };

    Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    Leave final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };

  std::coroutine_handle<promise_type> handle;
};

TaskGroup::Root TaskGroup::Run(Task<> task) { co_await std::move(task); }

TaskGroup::TaskGroup(Loop& loop) : state_(std::make_shared<State>(loop)) {}

TaskGroup::~TaskGroup() {
  auto& roots = state_->roots;
  while (!roots.empty()) {
    auto& promise = static_cast<Root::promise_type&>(*roots.front());
    --state_->size;
    std::coroutine_handle<Root::promise_type>::from_promise(promise).destroy();
  }
  state_->emptied.Set();
}

void TaskGroup::Spawn(Task<> task) {
  auto root = Run(std::move(task)).handle;
  root.promise().state = state_;
  state_->roots.PushBack(root.promise());
  ++state_->size;
  root.resume();
}

std::size_t TaskGroup::size() const { return state_->size; }

Task<> TaskGroup::Drained(Deadline deadline) { return WaitUntilEmpty(state_, deadline); }

Task<> TaskGroup::WaitUntilEmpty(std::shared_ptr<State> state, Deadline deadline) {
  while (state->size > 0) {
    const auto outcome = co_await state->emptied.Wait(deadline);
    if (outcome == Event::Outcome::kTimeout) co_return;
  }
}

}  // namespace gatehouse::net
