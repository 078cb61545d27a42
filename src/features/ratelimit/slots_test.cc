#include "features/ratelimit/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/epoll_loop.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::ratelimit {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class SlotsTest : public testing::Test {
 protected:
  // Waits for a slot and keeps it for that long.
  static net::Task<> Use(SlotsTest& test, std::uint64_t caller, std::string name, base::Duration patience) {
    Slot slot = Slots::Take(test.slots_, test.limit_);
    if (!slot) {
      const auto place =
          Slots::Join(test.slots_, test.loop_, {.limit = test.limit_, .waiting = test.waiting_, .caller = caller});
      if (place == nullptr) {
        test.log_.push_back(name + " turned away");
        co_return;
      }
      slot = co_await place->Await(test.loop_.In(patience));
    }
    test.log_.push_back(name + (slot ? "" : " gave up"));
    if (slot) co_await test.loop_.Sleep(seconds(1));
  }
  void Begin(std::uint64_t caller, std::string name, base::Duration patience = seconds(100)) {
    group_->Spawn(Use(*this, caller, std::move(name), patience));
    loop_.RunUntilIdle();
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  std::shared_ptr<Slots> slots_ = std::make_shared<Slots>();
  std::uint32_t limit_ = 1;
  std::uint32_t waiting_ = 100;
  std::vector<std::string> log_;
  std::optional<net::TaskGroup> group_{std::in_place, loop_};
};

TEST_F(SlotsTest, AsManyAsTheLimitAndNoMore) {
  std::optional<Slot> first = Slots::Take(slots_, 2);
  const Slot second = Slots::Take(slots_, 2);
  EXPECT_TRUE(*first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(Slots::Take(slots_, 2));
  first.reset();
  EXPECT_EQ(slots_->used(), 1U);
  EXPECT_TRUE(Slots::Take(slots_, 2));
}

TEST_F(SlotsTest, CallersTakeTurns) {
  for (int i = 0; i < 4; ++i) Begin(1, "greedy" + std::to_string(i));
  Begin(2, "modest");
  Begin(3, "other");
  loop_.Advance(seconds(10));
  EXPECT_THAT(log_, ElementsAre("greedy0", "greedy1", "modest", "other", "greedy2", "greedy3"));
  EXPECT_EQ(slots_->used(), 0U);
  EXPECT_EQ(slots_->waiting(), 0U);
}

TEST_F(SlotsTest, NobodyOvertakesWhoWaits) {
  std::optional<Slot> held = Slots::Take(slots_, 1);
  Begin(1, "waiting");
  held.reset();  // the slot goes to the one who waits, within this call
  EXPECT_FALSE(Slots::Take(slots_, 1));
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("waiting"));
}

TEST_F(SlotsTest, WaitingEndsAtTheDeadline) {
  std::optional<Slot> held = Slots::Take(slots_, 1);
  Begin(1, "hasty", seconds(2));
  Begin(2, "patient");
  loop_.Advance(seconds(2));
  EXPECT_THAT(log_, ElementsAre("hasty gave up"));
  EXPECT_EQ(slots_->waiting(), 1U);
  held.reset();
  loop_.Advance(seconds(2));
  EXPECT_THAT(log_, ElementsAre("hasty gave up", "patient"));
}

TEST_F(SlotsTest, TheQueueIsBounded) {
  waiting_ = 2;
  std::optional<Slot> held = Slots::Take(slots_, 1);
  for (const char* name : {"a", "b", "c"}) Begin(1, name);
  EXPECT_THAT(log_, ElementsAre("c turned away"));
  held.reset();
  loop_.Advance(seconds(5));
  EXPECT_THAT(log_, ElementsAre("c turned away", "a", "b"));
}

TEST_F(SlotsTest, WhoGoesAwayLeavesTheQueueAndLosesNoSlot) {
  std::optional<Slot> held = Slots::Take(slots_, 1);
  Begin(1, "gone");
  EXPECT_EQ(slots_->waiting(), 1U);
  group_.reset();
  EXPECT_EQ(slots_->waiting(), 0U);
  held.reset();
  EXPECT_EQ(slots_->used(), 0U);
}

TEST_F(SlotsTest, ASlotOnItsWayToOneWhoIsGoneComesBack) {
  std::optional<Slot> held = Slots::Take(slots_, 1);
  Begin(1, "gone");
  held.reset();  // handed over, and not yet received
  EXPECT_EQ(slots_->used(), 1U);
  group_.reset();
  EXPECT_EQ(slots_->used(), 0U);
  EXPECT_TRUE(log_.empty());
}

TEST_F(SlotsTest, ASlotOnItsWayIsPassedOnToTheNext) {
  std::optional<Slot> held = Slots::Take(slots_, 1);
  Begin(1, "first");
  std::optional<net::TaskGroup> others(std::in_place, loop_);
  others->Spawn(Use(*this, 2, "second", seconds(100)));
  loop_.RunUntilIdle();
  held.reset();
  group_.reset();
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("second"));
}

// One loop's work in the test of several.
net::Task<> Hammer(std::shared_ptr<Slots> slots, net::EpollLoop& loop, std::uint64_t caller, std::atomic<int>& inside,
                   std::atomic<int>& most, std::atomic<int>& served) {
  constexpr std::uint32_t kLimit = 3;
  constexpr int kRounds = 300;
  for (int i = 0; i < kRounds; ++i) {
    Slot slot = Slots::Take(slots, kLimit);
    if (!slot) {
      const auto place = Slots::Join(slots, loop, {.limit = kLimit, .waiting = 1000, .caller = caller});
      slot = co_await place->Await(loop.In(seconds(60)));
    }
    if (!slot) continue;
    const int now = inside.fetch_add(1) + 1;
    int known = most.load();
    while (known < now && !most.compare_exchange_weak(known, now)) {
    }
    ++served;
    co_await loop.Sleep(base::Duration(1));
    inside.fetch_sub(1);
  }
}

net::Task<> HammerAndStop(std::shared_ptr<Slots> slots, net::EpollLoop& loop, std::uint64_t caller,
                          std::atomic<int>& inside, std::atomic<int>& most, std::atomic<int>& served) {
  net::TaskGroup group(loop);
  constexpr int kAtOnce = 4;
  for (int i = 0; i < kAtOnce; ++i) group.Spawn(Hammer(slots, loop, caller, inside, most, served));
  co_await group.Drained(net::Deadline::Never());
  loop.Stop();
}

TEST(SlotsOfManyLoops, AreNeverMoreThanTheLimitAndServeEverybody) {
  constexpr int kLoops = 4;
  const auto slots = std::make_shared<Slots>();
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> served = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kLoops; ++i) {
    threads.emplace_back([&, i] {
      net::EpollLoop loop(base::SystemClock());
      net::TaskGroup group(loop);
      group.Spawn(HammerAndStop(slots, loop, i, inside, most, served));
      loop.Run();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(served, kLoops * 4 * 300);
  EXPECT_EQ(slots->used(), 0U);
  EXPECT_EQ(slots->waiting(), 0U);
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
