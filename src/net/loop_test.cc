#include "net/loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net/fake/fake_loop.h"
#include "net/race.h"
#include "net/timer_wheel.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using fake::FakeLoop;

class Recorder final : public Timer {
 public:
  explicit Recorder(Loop& loop) : Timer(loop), loop_(loop) {}
  std::vector<base::TimePoint> fired;
  std::move_only_function<void()> then;

 private:
  void OnTimer() override {
    fired.push_back(loop_.Now());
    if (then) then();
  }
  Loop& loop_;
};

class LoopTest : public testing::Test {
 protected:
  base::FakeClock clock_;
  FakeLoop loop_{clock_};
};

using TimerTest = LoopTest;

TEST_F(TimerTest, FiresOnceAtItsTime) {
  Recorder timer(loop_);
  const auto at = loop_.Now() + 5ms;
  timer.Arm(at);
  loop_.Advance(5ms - 1ns);
  EXPECT_TRUE(timer.fired.empty());
  EXPECT_TRUE(timer.armed());
  loop_.Advance(1ns);
  EXPECT_EQ(timer.fired, std::vector{at});
  EXPECT_FALSE(timer.armed());
  loop_.Advance(10h);
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerTest, FiresAtMostOneTickLate) {
  Recorder timer(loop_);
  const auto at = loop_.Now() + 5ms + 1ns;
  timer.Arm(at);
  loop_.Advance(5ms + 1ns);
  EXPECT_TRUE(timer.fired.empty());
  loop_.Advance(1ms);
  ASSERT_EQ(timer.fired.size(), 1U);
  EXPECT_GE(timer.fired[0], at);
  EXPECT_LE(timer.fired[0], at + TimerWheel::kTick);
}

TEST_F(TimerTest, ArmedForThePastFiresInTheNextTurnAndNotWithinArm) {
  Recorder timer(loop_);
  timer.Arm(loop_.Now() - 1s);
  EXPECT_TRUE(timer.fired.empty());
  loop_.RunUntilIdle();
  EXPECT_EQ(timer.fired.size(), 1U);
}

TEST_F(TimerTest, DisarmedAndDestroyedTimersDoNotFire) {
  Recorder disarmed(loop_);
  disarmed.Arm(loop_.Now() + 1ms);
  disarmed.Disarm();
  auto destroyed = std::make_unique<Recorder>(loop_);
  int fired = 0;
  destroyed->then = [&] { ++fired; };
  destroyed->Arm(loop_.Now() + 1ms);
  destroyed.reset();
  Recorder never(loop_);
  never.Arm(loop_.Now() + 1ms);
  never.Arm(base::TimePoint::max());
  loop_.Advance(1s);
  EXPECT_TRUE(disarmed.fired.empty());
  EXPECT_TRUE(never.fired.empty());
  EXPECT_EQ(fired, 0);
}

TEST_F(TimerTest, RearmingMovesBothWays) {
  Recorder later(loop_);
  Recorder sooner(loop_);
  const auto start = loop_.Now();
  later.Arm(start + 10ms);
  later.Arm(start + 300ms);
  sooner.Arm(start + 300ms);
  sooner.Arm(start + 10ms);
  loop_.Advance(1s);
  EXPECT_EQ(later.fired, std::vector{start + 300ms});
  EXPECT_EQ(sooner.fired, std::vector{start + 10ms});
}

TEST_F(TimerTest, ATimerMayDestroyItselfAndOthersThatAreDue) {
  auto first = std::make_unique<Recorder>(loop_);
  auto second = std::make_unique<Recorder>(loop_);
  int second_fired = 0;
  second->then = [&] { ++second_fired; };
  first->then = [&] {
    second.reset();
    first.reset();
  };
  first->Arm(loop_.Now() + 1ms);
  second->Arm(loop_.Now() + 1ms);
  loop_.Advance(2ms);
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(second_fired, 0);
}

TEST_F(TimerTest, RearmingWithinOnTimerDoesNotStarveTheTurn) {
  Recorder timer(loop_);
  int left = 3;
  timer.then = [&] {
    if (--left > 0) timer.Arm(loop_.Now());
  };
  timer.Arm(loop_.Now());
  const auto turn = loop_.turn();
  loop_.RunUntilIdle();
  EXPECT_EQ(timer.fired.size(), 3U);
  EXPECT_GE(loop_.turn() - turn, 3U);
}

TEST_F(TimerTest, BeyondTheReachOfTheWheel) {
  Recorder timer(loop_);
  const auto at = loop_.Now() + 24h * 365 * 5;
  timer.Arm(at);
  loop_.Advance(24h * 365 * 5 - 1ms);
  EXPECT_TRUE(timer.fired.empty());
  loop_.Advance(1ms);
  EXPECT_EQ(timer.fired, std::vector{at});
}

// A thousand timers armed, moved and disarmed at random, against a sorted map.
TEST_F(TimerTest, AgreesWithAModel) {
  std::mt19937_64 random(7);
  constexpr std::size_t kTimers = 1000;
  std::vector<std::unique_ptr<Recorder>> timers;
  std::map<std::size_t, base::TimePoint> expected;
  for (std::size_t i = 0; i < kTimers; ++i) timers.push_back(std::make_unique<Recorder>(loop_));
  const auto check = [&] {
    for (std::size_t i = 0; i < kTimers; ++i) {
      const auto found = expected.find(i);
      const bool due = found != expected.end() && found->second <= loop_.Now();
      if (found == expected.end() || !due) {
        ASSERT_TRUE(timers[i]->fired.empty()) << i;
      } else {
        ASSERT_EQ(timers[i]->fired.size(), 1U) << i;
        ASSERT_EQ(timers[i]->fired[0], found->second) << i;
        timers[i]->fired.clear();
        expected.erase(found);
      }
    }
  };
  for (int round = 0; round < 300; ++round) {
    for (int change = 0; change < 40; ++change) {
      const auto i = random() % kTimers;
      if (random() % 4 == 0) {
        timers[i]->Disarm();
        expected.erase(i);
      } else {
        const auto ticks = 1 + random() % (1ULL << (random() % 26));
        const auto at = loop_.Now() + std::chrono::milliseconds(ticks);
        timers[i]->Arm(at);
        expected[i] = at;
      }
    }
    loop_.Advance(std::chrono::milliseconds(random() % (1ULL << (random() % 22))));
    check();
    if (HasFatalFailure()) return;
  }
}

TEST_F(LoopTest, SleepEndsOnTimeAndIsCancelledByDropping) {
  int slept = 0;
  const auto sleeper = [](Loop& loop, int& count) -> Task<> {
    co_await loop.Sleep(10ms);
    ++count;
  };
  TaskGroup group(loop_);
  group.Spawn(sleeper(loop_, slept));
  {
    TaskGroup dropped(loop_);
    dropped.Spawn(sleeper(loop_, slept));
  }
  loop_.Advance(9ms);
  EXPECT_EQ(slept, 0);
  loop_.Advance(1ms);
  EXPECT_EQ(slept, 1);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(LoopTest, DeferredWorkRunsInOrderAndWhatItDefersRunsNextTurn) {
  std::vector<std::string> order;
  std::uint64_t first_turn = 0;
  std::uint64_t second_turn = 0;
  loop_.Defer([&] {
    first_turn = loop_.turn();
    order.emplace_back("first");
    loop_.Defer([&] {
      second_turn = loop_.turn();
      order.emplace_back("third");
    });
  });
  loop_.Defer([&] { order.emplace_back("second"); });
  EXPECT_TRUE(order.empty());
  loop_.RunUntilIdle();
  EXPECT_EQ(order, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(second_turn, first_turn + 1);
}

TEST_F(LoopTest, ADestroyedDeferralDoesNotRun) {
  struct Probe final : Deferral {
    explicit Probe(int& count) : count(count) {}
    void OnTurnEnd() override { ++count; }
    int& count;
  };
  int count = 0;
  Probe kept(count);
  kept.Schedule(loop_);
  kept.Schedule(loop_);
  auto dropped = std::make_unique<Probe>(count);
  dropped->Schedule(loop_);
  dropped.reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(count, 1);
}

TEST_F(LoopTest, AllWritesOfATurnComeBeforeItsOtherWork) {
  struct Step final : Deferral {
    Step(Loop& loop, char name, std::string& order) : loop(loop), name(name), order(order) {}
    // A write that has something to do afterwards, as one that tells its writer does.
    void OnTurnEnd() override {
      order.push_back(std::exchange(name, 'w'));
      if (order.back() == 'A') Schedule(loop);
    }
    Loop& loop;
    char name;
    std::string& order;
  };
  std::string order;
  Step work(loop_, 'c', order);
  Step first(loop_, 'A', order);
  Step second(loop_, 'b', order);
  work.Schedule(loop_);
  first.Schedule(loop_, Deferral::Phase::kWrite);
  second.Schedule(loop_, Deferral::Phase::kWrite);
  loop_.RunUntilIdle();
  EXPECT_EQ(order, "Abcw");
}

using EventTest = LoopTest;

Task<> WaitAndRecord(Event& event, Deadline deadline, std::vector<Event::Outcome>& outcomes) {
  outcomes.push_back(co_await event.Wait(deadline));
}

TEST_F(EventTest, SetIsRememberedAndWakesAtTheEndOfTheTurn) {
  Event event(loop_);
  std::vector<Event::Outcome> outcomes;
  TaskGroup group(loop_);
  event.Set();
  group.Spawn(WaitAndRecord(event, Deadline::Never(), outcomes));
  EXPECT_EQ(outcomes.size(), 1U);
  group.Spawn(WaitAndRecord(event, Deadline::Never(), outcomes));
  event.Set();
  EXPECT_EQ(outcomes.size(), 1U);
  loop_.RunUntilIdle();
  EXPECT_EQ(outcomes, (std::vector{Event::Outcome::kSet, Event::Outcome::kSet}));
}

TEST_F(EventTest, TimesOut) {
  Event event(loop_);
  std::vector<Event::Outcome> outcomes;
  TaskGroup group(loop_);
  group.Spawn(WaitAndRecord(event, loop_.In(5ms), outcomes));
  loop_.Advance(5ms);
  EXPECT_EQ(outcomes, std::vector{Event::Outcome::kTimeout});
  group.Spawn(WaitAndRecord(event, loop_.In(-1ms), outcomes));
  loop_.RunUntilIdle();
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(EventTest, ASetWhoseWaiterIsDroppedIsKept) {
  Event event(loop_);
  std::vector<Event::Outcome> outcomes;
  {
    TaskGroup group(loop_);
    group.Spawn(WaitAndRecord(event, Deadline::Never(), outcomes));
    event.Set();
  }
  loop_.RunUntilIdle();
  EXPECT_TRUE(outcomes.empty());
  TaskGroup group(loop_);
  group.Spawn(WaitAndRecord(event, loop_.In(1ms), outcomes));
  loop_.Advance(1ms);
  EXPECT_EQ(outcomes, std::vector{Event::Outcome::kSet});
}

TEST_F(EventTest, MayDieBeforeItsWaiter) {
  auto event = std::make_unique<Event>(loop_);
  std::vector<Event::Outcome> outcomes;
  TaskGroup group(loop_);
  group.Spawn(WaitAndRecord(*event, loop_.In(5ms), outcomes));
  event->Set();
  event.reset();
  loop_.Advance(5ms);
  EXPECT_EQ(outcomes, std::vector{Event::Outcome::kTimeout});
}

struct Tracker {
  explicit Tracker(int& count) : live(count) { ++live; }
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;
  ~Tracker() { --live; }
  int& live;
};

Task<> HoldForever(Loop& loop, int& live) {
  const Tracker tracker(live);
  co_await loop.Sleep(24h);
}

Task<int> SleepThen(Loop& loop, base::Duration duration, int value, int& live) {
  const Tracker tracker(live);
  co_await loop.Sleep(duration);
  co_return value;
}

Task<int> AtOnce(int value) { co_return value; }

TEST_F(LoopTest, ADroppedTaskGroupCancelsBeforeItsDestructorReturns) {
  int live = 0;
  {
    TaskGroup group(loop_);
    for (int i = 0; i < 10; ++i) group.Spawn(HoldForever(loop_, live));
    EXPECT_EQ(live, 10);
    EXPECT_EQ(group.size(), 10U);
  }
  EXPECT_EQ(live, 0);
}

TEST_F(LoopTest, DrainedWaitsForTheLastTaskOrTheDeadline) {
  int live = 0;
  TaskGroup group(loop_);
  EXPECT_TRUE(loop_.Await(group.Drained(Deadline::Never())));
  group.Spawn(HoldForever(loop_, live));
  EXPECT_FALSE(loop_.AwaitFor(group.Drained(loop_.In(10s)), 9s));
  EXPECT_TRUE(loop_.AwaitFor(group.Drained(loop_.In(1s)), 2s));
  EXPECT_EQ(live, 1);
  EXPECT_TRUE(loop_.AwaitFor(group.Drained(Deadline::Never()), 48h));
  EXPECT_EQ(live, 0);
}

TEST_F(LoopTest, ATaskWhoseLastLocalOwnsTheGroupEndsSafely) {
  auto group = std::make_shared<TaskGroup>(loop_);
  const std::weak_ptr<TaskGroup> watch = group;
  auto* raw = group.get();
  raw->Spawn(
      [](Loop& loop, std::shared_ptr<TaskGroup>) -> Task<> { co_await loop.Sleep(1ms); }(loop_, std::move(group)));
  EXPECT_FALSE(watch.expired());
  loop_.Advance(1ms);
  EXPECT_TRUE(watch.expired());
}

TEST_F(LoopTest, AMillionAwaitsOfReadyTasksNeedNoStack) {
  const auto sum = [](int count) -> Task<long> {
    long total = 0;
    for (int i = 0; i < count; ++i) total += co_await AtOnce(1);
    co_return total;
  };
  EXPECT_EQ(loop_.Await(sum(1'000'000)), 1'000'000L);
}

using RaceTest = LoopTest;

TEST_F(RaceTest, TheFirstToEndWinsAndTheOtherIsCancelled) {
  int live = 0;
  const auto fast_first =
      loop_.AwaitFor(RaceTasks(SleepThen(loop_, 1ms, 1, live), SleepThen(loop_, 2ms, 2, live)), 10ms);
  ASSERT_TRUE(fast_first);
  EXPECT_EQ(fast_first->first, 1);
  EXPECT_FALSE(fast_first->second);
  EXPECT_EQ(live, 0);
  const auto fast_second =
      loop_.AwaitFor(RaceTasks(SleepThen(loop_, 3ms, 1, live), SleepThen(loop_, 2ms, 2, live)), 10ms);
  ASSERT_TRUE(fast_second);
  EXPECT_FALSE(fast_second->first);
  EXPECT_EQ(fast_second->second, 2);
  EXPECT_EQ(live, 0);
}

TEST_F(RaceTest, ASideThatEndsAtOnce) {
  int live = 0;
  const auto first = loop_.Await(RaceTasks(AtOnce(1), SleepThen(loop_, 1ms, 2, live)));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->first, 1);
  const auto second = loop_.Await(RaceTasks(SleepThen(loop_, 1ms, 2, live), AtOnce(1)));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->first);
  EXPECT_EQ(second->second, 1);
  EXPECT_EQ(live, 0);
}

TEST_F(RaceTest, VoidAndMoveOnlyValues) {
  const auto make = [](int value) -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
  auto outcome = loop_.Await(RaceTasks(loop_.Sleep(1ms), make(5)));
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->first);
  EXPECT_EQ(**outcome->second, 5);
  EXPECT_TRUE(loop_.AwaitFor(RaceTasks(loop_.Sleep(1ms), loop_.Sleep(2ms)), 1ms)->first);
}

TEST_F(RaceTest, DroppingTheRaceCancelsBothSides) {
  int live = 0;
  EXPECT_FALSE(loop_.Await(RaceTasks(SleepThen(loop_, 1ms, 1, live), SleepThen(loop_, 2ms, 2, live))));
  EXPECT_EQ(live, 0);
}

}  // namespace
}  // namespace gatehouse::net
