#include "net/interruptible.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "net/fake/fake_loop.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

struct Awaited {
  Interruptible* run = nullptr;
  bool dropped = false;
  bool over = false;
  std::optional<int> value;
};

Task<int> Answer(Loop& loop, bool& dropped) {
  struct Mark {
    bool& dropped;
    ~Mark() { dropped = true; }
  } const mark{dropped};
  co_await loop.Sleep(1s);
  co_return 42;
}

Task<> Await(Loop& loop, Awaited& awaited) {
  InterruptibleTask<int> run(Answer(loop, awaited.dropped));
  awaited.run = &run;
  awaited.value = co_await run;
  awaited.over = true;
}

TEST(InterruptibleTaskTest, GivesWhatItsTaskComesTo) {
  base::FakeClock clock;
  fake::FakeLoop loop(clock);
  Awaited awaited;
  TaskGroup tasks(loop);
  tasks.Spawn(Await(loop, awaited));
  loop.Advance(1s);
  EXPECT_TRUE(awaited.over);
  EXPECT_EQ(awaited.value, 42);
}

TEST(InterruptibleTaskTest, IsGoneBeforeWhoAwaitsItGoesOn) {
  base::FakeClock clock;
  fake::FakeLoop loop(clock);
  Awaited awaited;
  TaskGroup tasks(loop);
  tasks.Spawn(Await(loop, awaited));
  ASSERT_NE(awaited.run, nullptr);
  awaited.run->Interrupt();
  EXPECT_TRUE(awaited.dropped);
  EXPECT_TRUE(awaited.over);
  EXPECT_EQ(awaited.value, std::nullopt);
}

}  // namespace
}  // namespace gatehouse::net
