// What the loop's own machinery costs: nanoseconds per operation, best of several rounds.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "net/fake/fake_loop.h"
#include "net/loop.h"
#include "net/race.h"

namespace gatehouse::net {
namespace {

constexpr int kRounds = 9;

template <class Work>
void Measure(const char* what, int operations, Work work) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = base::SystemClock().Now();
    work(operations);
    const auto spent = std::chrono::duration<double, std::nano>(base::SystemClock().Now() - start).count();
    best = std::min(best, spent / operations);
  }
  std::printf("%-58s %8.1f ns\n", what, best);
}

class Quiet final : public Timer {
 public:
  using Timer::Timer;

 private:
  void OnTimer() override {}
};

Task<int> Ready(int value) { co_return value; }
Task<int> Nested(int depth) {
  if (depth == 0) co_return 1;
  co_return co_await Nested(depth - 1);
}
Task<> AwaitMany(int count, long& total) {
  for (int i = 0; i < count; ++i) total += co_await Ready(i);
}
Task<> AwaitNested(int count, long& total) {
  for (int i = 0; i < count; ++i) total += co_await Nested(9);
}
Task<> Spawned() { co_return; }
Task<> WaitMany(Event& event, int count) {
  for (int i = 0; i < count; ++i) co_await event.Wait(Deadline::Never());
}
Task<> RaceMany(int count, Loop& loop) {
  for (int i = 0; i < count; ++i) {
    const auto outcome = co_await RaceTasks(loop.Sleep(std::chrono::hours(1)), Ready(i));
    if (!outcome.second) std::abort();
  }
}

void MeasureTasks(fake::FakeLoop& loop) {
  long total = 0;
  Measure("await a task that is ready (frame included)", 1'000'000, [&](int n) { loop.Await(AwaitMany(n, total)); });
  Measure("ten nested tasks", 100'000, [&](int n) { loop.Await(AwaitNested(n, total)); });
  Measure("spawn a task that ends at once", 1'000'000, [&](int n) {
    TaskGroup group(loop);
    for (int i = 0; i < n; ++i) group.Spawn(Spawned());
  });
  Measure("race of a sleep and a ready task", 300'000, [&](int n) { loop.Await(RaceMany(n, loop)); });
  Measure("event: set, wake at the turn's end, wait again", 300'000, [&](int n) {
    Event event(loop);
    TaskGroup group(loop);
    group.Spawn(WaitMany(event, n));
    for (int i = 0; i < n; ++i) {
      event.Set();
      loop.RunUntilIdle();
    }
  });
}

void MeasureTimers(fake::FakeLoop& loop) {
  std::mt19937_64 random(1);
  std::vector<std::unique_ptr<Quiet>> armed;  // a loop that is in use
  for (int i = 0; i < 10'000; ++i) {
    armed.push_back(std::make_unique<Quiet>(loop));
    armed.back()->Arm(loop.Now() + std::chrono::milliseconds(1 + random() % 600'000));
  }
  Quiet timer(loop);
  Measure("timer: arm and disarm, 10,000 others armed", 10'000'000, [&](int n) {
    for (int i = 0; i < n; ++i) {
      timer.Arm(loop.Now() + std::chrono::milliseconds(1 + i % 60'000));
      timer.Disarm();
    }
  });
  Measure("timer: move to a later time", 10'000'000, [&](int n) {
    timer.Arm(loop.Now() + std::chrono::milliseconds(1));
    for (int i = 0; i < n; ++i) timer.Arm(loop.Now() + std::chrono::milliseconds(1 + i % 60'000));
  });
  armed.clear();
  Measure("timer: arm and fire, spread over 10 s", 1'000'000, [&](int n) {
    std::vector<std::unique_ptr<Quiet>> timers;
    for (int i = 0; i < n / 100; ++i) timers.push_back(std::make_unique<Quiet>(loop));
    for (int round = 0; round < 100; ++round) {
      for (auto& each : timers) each->Arm(loop.Now() + std::chrono::milliseconds(1 + random() % 10'000));
      loop.Advance(std::chrono::seconds(11));
    }
  });
}

}  // namespace
}  // namespace gatehouse::net

int main() {
  using namespace gatehouse;
  base::FakeClock clock;
  net::fake::FakeLoop loop(clock);
  net::MeasureTasks(loop);
  net::MeasureTimers(loop);
  std::printf("sizeof Timer %zu, Event %zu\n", sizeof(net::Timer), sizeof(net::Event));
}
