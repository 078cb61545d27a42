#include "net/loop.h"

#include <utility>

#include "net/timer_wheel.h"

namespace gatehouse::net {

Timer::~Timer() { Disarm(); }
void Timer::Arm(base::TimePoint at) { loop_->wheel_->Arm(*this, at); }
void Timer::Disarm() {
  if (linked()) loop_->wheel_->Disarm(*this);
  at_ = base::TimePoint::max();
}

void Deferral::Schedule(Loop& loop, Phase phase) {
  if (!linked()) (phase == Phase::kWrite ? loop.writes_ : loop.deferrals_).PushBack(*this);
}

Loop::Loop(const base::Clock& clock)
    : clock_(clock), now_(clock.Now()), wall_(clock.Wall()), wheel_(std::make_unique<TimerWheel>(clock.Now())) {}
Loop::~Loop() = default;

void Loop::BeginTurn() {
  now_ = clock_.Now();
  wall_ = clock_.Wall();
  ++turn_;
}

void Loop::RunAll(internal::ListNode& scheduled) {
  internal::ListNode due;
  due.Splice(scheduled);
  while (!due.empty()) {
    auto& deferral = static_cast<Deferral&>(*due.front());
    deferral.Withdraw();
    deferral.OnTurnEnd();
  }
}

void Loop::EndTurn() {
  wheel_->Advance(now_);
  RunAll(writes_);
  running_work_.swap(deferred_work_);
  RunAll(deferrals_);
  for (auto& work : running_work_) work();
  running_work_.clear();
}

void Loop::DropDeferred() {
  auto dropped = std::move(deferred_work_);
  deferred_work_.clear();
}

std::optional<base::TimePoint> Loop::NextExpiry() const { return wheel_->NextExpiry(); }

namespace {

class SleepAwaiter final : private Timer {
 public:
  SleepAwaiter(Loop& loop, base::TimePoint until) : Timer(loop), until_(until) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> sleeper) {
    sleeper_ = sleeper;
    Arm(until_);
  }
  void await_resume() const {}

 private:
  void OnTimer() override { sleeper_.resume(); }

  base::TimePoint until_;
  std::coroutine_handle<> sleeper_;
};

}  // namespace

Task<> Loop::Sleep(base::Duration duration) { co_await SleepAwaiter(*this, now_ + duration); }

// Lives in the waiting frame. Outlives the event at will: then only its deadline is left.
class Event::Waiter final : private Timer, private Deferral {
 public:
  Waiter(Event& event, Deadline deadline) : Timer(event.loop_), event_(&event), deadline_(deadline) {}
  ~Waiter() override { Detach(); }

  bool await_ready() const { return std::exchange(event_->set_, false); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    event_->waiter_ = this;
    Timer::Arm(deadline_.at);
  }
  Outcome await_resume() const { return outcome_; }

  void Wake() { Schedule(event_->loop_); }
  void Abandon() {
    event_ = nullptr;
    Withdraw();
  }

 private:
  void OnTimer() override { Resume(event_ != nullptr && event_->set_ ? Outcome::kSet : Outcome::kTimeout); }
  void OnTurnEnd() override { Resume(Outcome::kSet); }

  void Resume(Outcome outcome) {
    outcome_ = outcome;
    if (outcome == Outcome::kSet) event_->set_ = false;
    Detach();
    waiter_.resume();
  }
  void Detach() {
    if (event_ != nullptr && event_->waiter_ == this) event_->waiter_ = nullptr;
    event_ = nullptr;
    Withdraw();
    Disarm();
  }

  Event* event_;
  Deadline deadline_;
  Outcome outcome_ = Outcome::kSet;
  std::coroutine_handle<> waiter_;
};

Event::~Event() {
  if (waiter_ != nullptr) waiter_->Abandon();
}

void Event::Set() {
  set_ = true;
  if (waiter_ != nullptr) waiter_->Wake();
}

Task<Event::Outcome> Event::Wait(Deadline deadline) { co_return co_await Waiter(*this, deadline); }

Task<> NextTurn(Loop& loop) {
  auto turn = std::make_shared<Event>(loop);
  loop.Defer([turn] { turn->Set(); });
  static_cast<void>(co_await turn->Wait(Deadline::Never()));
}

}  // namespace gatehouse::net
