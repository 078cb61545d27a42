#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::net {
namespace {

using std::chrono::seconds;

Task<int> SevenAfter(Loop& loop, base::Duration wait, int& destroyed) {
  struct Counts {
    int& destroyed;
    ~Counts() { ++destroyed; }
  } const counts{destroyed};
  if (wait.count() > 0) co_await loop.Sleep(wait);
  co_return 7;
}

// Awaits a task that it does not own.
Task<> AwaitOf(Task<int>& task) { static_cast<void>(co_await std::move(task)); }

Task<> TakeRest(Task<int> task, std::optional<int>& into) { into = co_await std::move(task).Rest(); }

class TaskRestTest : public testing::Test {
 protected:
  base::FakeClock clock_;
  fake::FakeLoop loop_{clock_};
  int destroyed_ = 0;
  std::optional<int> result_;
};

TEST_F(TaskRestTest, AnotherGoesOnWhereTheFirstWaiterWasDropped) {
  Task<int> task = SevenAfter(loop_, seconds(10), destroyed_);
  {
    TaskGroup first(loop_);
    first.Spawn(AwaitOf(task));
    loop_.Advance(seconds(4));
  }
  EXPECT_EQ(destroyed_, 0) << "the task itself was kept";
  TaskGroup second(loop_);
  second.Spawn(TakeRest(std::move(task), result_));
  loop_.Advance(seconds(5));
  EXPECT_FALSE(result_);
  loop_.Advance(seconds(1));
  EXPECT_EQ(result_, 7);
  EXPECT_EQ(destroyed_, 1);
}

TEST_F(TaskRestTest, WhatWasDoneIsThereAtOnce) {
  Task<int> task = SevenAfter(loop_, {}, destroyed_);
  {
    TaskGroup first(loop_);
    first.Spawn(AwaitOf(task));
  }
  TaskGroup second(loop_);
  second.Spawn(TakeRest(std::move(task), result_));
  EXPECT_EQ(result_, 7);
}

TEST_F(TaskRestTest, DroppingTheSecondWaiterCancels) {
  Task<int> task = SevenAfter(loop_, seconds(10), destroyed_);
  {
    TaskGroup first(loop_);
    first.Spawn(AwaitOf(task));
    loop_.Advance(seconds(4));
  }
  {
    TaskGroup second(loop_);
    second.Spawn(TakeRest(std::move(task), result_));
    loop_.Advance(seconds(1));
  }
  EXPECT_EQ(destroyed_, 1);
  loop_.Advance(seconds(20));
  EXPECT_FALSE(result_);
}

}  // namespace
}  // namespace gatehouse::net
