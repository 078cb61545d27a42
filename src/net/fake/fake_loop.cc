#include "net/fake/fake_loop.h"

namespace gatehouse::net::fake {

void FakeLoop::Post(std::move_only_function<void()> work) {
  const std::scoped_lock lock(mutex_);
  posted_.push_back(std::move(work));
  posted_something_.notify_one();
}

bool FakeLoop::HasPosted() {
  const std::scoped_lock lock(mutex_);
  return !posted_.empty();
}

void FakeLoop::Turn() {
  BeginTurn();
  std::vector<std::move_only_function<void()>> posted;
  {
    const std::scoped_lock lock(mutex_);
    posted.swap(posted_);
  }
  for (auto& work : posted) work();
  EndTurn();
}

void FakeLoop::RunUntilIdle() {
  do {
    Turn();
  } while (HasDeferred() || HasPosted() || NextExpiry().value_or(base::TimePoint::max()) <= fake_clock_.Now());
}

void FakeLoop::RunAfterPost() {
  {
    std::unique_lock lock(mutex_);
    posted_something_.wait(lock, [this] { return !posted_.empty(); });
  }
  RunUntilIdle();
}

bool FakeLoop::StepTo(base::TimePoint until) {
  const auto next = NextExpiry();
  if (!next || *next > until) return false;
  fake_clock_.Advance(*next - fake_clock_.Now());
  return true;
}

void FakeLoop::Advance(base::Duration duration) {
  const auto until = fake_clock_.Now() + duration;
  RunUntilIdle();
  while (StepTo(until)) RunUntilIdle();
  fake_clock_.Advance(until - fake_clock_.Now());
  RunUntilIdle();
}

}  // namespace gatehouse::net::fake
