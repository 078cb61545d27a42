#include "features/ratelimit/meter.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace gatehouse::features::ratelimit {
namespace {

using base::TimePoint;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimePoint kNow{seconds(1000)};
const Rate kRate(60, 60);
constexpr std::uint64_t kShard = std::uint64_t{1} << 60U;  // callers below are all of one shard

TEST(Meter, GivesEachCallerItsOwnBucketAndAlwaysTheSame) {
  Meter meter;
  const auto mine = meter.Of(1, kNow);
  EXPECT_EQ(meter.Of(1, kNow), mine);
  EXPECT_NE(meter.Of(2, kNow), mine);
  EXPECT_NE(meter.Of(kShard + 1, kNow), mine);
  EXPECT_NE(meter.common(), mine);
  EXPECT_EQ(meter.size(), 3U);
}

TEST(Meter, ForgetsFullBucketsOnly) {
  Meter meter;
  static_cast<void>(meter.Of(1, kNow)->requests.Take(kRate, 2, kNow));
  const auto held = meter.Of(2, kNow);
  const Slot slot = Slots::Take(Bucket::SlotsOf(meter.Of(3, kNow)), 1);
  for (std::uint64_t i = 4; i < 64; ++i) static_cast<void>(meter.Of(i, kNow));
  ASSERT_EQ(meter.size(), 63U);
  static_cast<void>(meter.Of(64, kNow));
  static_cast<void>(meter.Of(65, kNow));
  EXPECT_EQ(meter.size(), 4U);  // 1 is not full, 2 is in somebody's hands, 3 has something under way; and 65
  EXPECT_EQ(meter.Of(1, kNow)->requests.At(kRate, kNow).left, 58);
  EXPECT_EQ(meter.Of(2, kNow), held);
  EXPECT_EQ(meter.Of(3, kNow)->slots.used(), 1U);
}

TEST(Meter, LateCallersShareABucketWhenThereIsNoRoom) {
  Meter meter(16 * 100);
  for (std::uint64_t i = 0; i < 101; ++i) static_cast<void>(meter.Of(i, kNow)->requests.Take(kRate, 1, kNow));
  ASSERT_EQ(meter.size(), 101U);
  const auto late = meter.Of(1000, kNow);
  EXPECT_EQ(meter.Of(1001, kNow), late);
  EXPECT_EQ(meter.size(), 101U);
  // As soon as others are full again there is room.
  const TimePoint later = kNow + minutes(2);
  EXPECT_NE(meter.Of(1001, later), late);
  EXPECT_EQ(meter.size(), 1U);
}

TEST(Meter, NothingIsLostWhileManyThreadsUseAndForgetBuckets) {
  constexpr int kThreads = 4;
  Meter meter(16 * 64);
  const Rate slow(1, 1'000'000);  // what is taken stays taken
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 5000; ++i) {
        const TimePoint at = kNow + base::Duration(20'000'000 * static_cast<std::int64_t>(i));
        if (i % 10 == 0) static_cast<void>(meter.Of(7, at)->tokens.Take(slow, 1, kNow));
        static_cast<void>(meter.Of(100 + i * kThreads + static_cast<std::uint64_t>(t), at));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(meter.Of(7, kNow)->tokens.At(slow, kNow).left, 1'000'000 - kThreads * 500);
}

TEST(MeterBoard, KeepsAMeterAsLongAsAnybodyHasIt) {
  MeterBoard board;
  auto meter = board.Get("a");
  EXPECT_EQ(board.Get("a"), meter);
  EXPECT_NE(board.Get("b"), meter);
  static_cast<void>(meter->common()->requests.Take(kRate, 60, kNow));
  meter.reset();
  EXPECT_EQ(board.Get("a")->common()->requests.At(kRate, kNow).left, 60);
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
