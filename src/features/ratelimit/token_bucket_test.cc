#include "features/ratelimit/token_bucket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace gatehouse::features::ratelimit {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kNone = Duration::zero();

TimePoint At(Duration since) { return TimePoint(seconds(1000) + since); }

TEST(TokenBucket, LetsABurstThroughAndThenTheRate) {
  const Rate rate(60, 3);
  TokenBucket bucket;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.Take(rate, 1, At(kNone)), kNone);
  EXPECT_EQ(bucket.Take(rate, 1, At(kNone)), seconds(1));
  EXPECT_EQ(bucket.Take(rate, 1, At(milliseconds(400))), milliseconds(600));
  EXPECT_EQ(bucket.Take(rate, 1, At(seconds(1))), kNone);
  EXPECT_EQ(bucket.Take(rate, 1, At(seconds(1))), seconds(1));
}

TEST(TokenBucket, AskingTakesNothing) {
  const Rate rate(60, 1);
  TokenBucket bucket;
  EXPECT_EQ(bucket.WaitFor(rate, 1, At(kNone)), kNone);
  EXPECT_EQ(bucket.WaitFor(rate, 1, At(kNone)), kNone);
  EXPECT_EQ(bucket.Take(rate, 1, At(kNone)), kNone);
  EXPECT_EQ(bucket.WaitFor(rate, 1, At(kNone)), seconds(1));
}

TEST(TokenBucket, GoesIntoDebtForWhatWasUsedWithoutAsking) {
  const Rate rate(600, 600);  // ten a second
  TokenBucket bucket;
  EXPECT_EQ(bucket.Take(rate, 100, At(kNone)), kNone);
  bucket.Charge(rate, 700, At(kNone));
  EXPECT_EQ(bucket.At(rate, At(kNone)).left, 0);
  EXPECT_EQ(bucket.At(rate, At(kNone)).full_in, seconds(80));
  EXPECT_EQ(bucket.Take(rate, 1, At(kNone)), milliseconds(20'100));
  EXPECT_EQ(bucket.Take(rate, 1, At(milliseconds(20'100))), kNone);
}

TEST(TokenBucket, ADebtIsADayAtMost) {
  const Rate rate(1, 1);
  TokenBucket bucket;
  for (int i = 0; i < 3; ++i) bucket.Charge(rate, std::int64_t{1} << 60U, At(kNone));
  EXPECT_EQ(bucket.WaitFor(rate, 1, At(kNone)), std::chrono::hours(24) + seconds(60));
}

TEST(TokenBucket, WhatIsGivenBackCanBeTakenAgain) {
  const Rate rate(60, 10);
  TokenBucket bucket;
  EXPECT_EQ(bucket.Take(rate, 10, At(kNone)), kNone);
  bucket.Return(rate, 4);
  EXPECT_EQ(bucket.At(rate, At(kNone)).left, 4);
  EXPECT_EQ(bucket.Take(rate, 5, At(kNone)), seconds(1));
  // Beyond the burst it is lost.
  bucket.Return(rate, 100);
  EXPECT_EQ(bucket.At(rate, At(kNone)).left, 10);
  EXPECT_TRUE(bucket.IsFull(At(kNone)));
  EXPECT_EQ(bucket.Take(rate, 10, At(kNone)), kNone);
  EXPECT_NE(bucket.Take(rate, 1, At(kNone)), kNone);
}

TEST(TokenBucket, ARateOfBillionsDoesNotOverflow) {
  const Rate rate(1'000'000'000'000, 1'000'000'000'000);
  TokenBucket bucket;
  EXPECT_EQ(bucket.Take(rate, 1'000'000'000'000, At(kNone)), kNone);
  EXPECT_EQ(bucket.Take(rate, 500'000'000'000, At(kNone)), seconds(30));
}

// The same thing as a trivial bucket: a level that rises with time. It counts in units of 1/60e9 of a token, of which a
// nanosecond adds `per_minute`, so that it is exact.
class Model {
 public:
  Model(std::int64_t per_minute, std::int64_t burst) : per_minute_(per_minute), most_(burst * kUnit), level_(most_) {}
  void PassTo(std::int64_t now) {
    level_ = std::min(most_, level_ + (now - now_) * per_minute_);
    now_ = now;
  }
  bool Take(std::int64_t amount) {
    if (level_ < amount * kUnit) return false;
    level_ -= amount * kUnit;
    return true;
  }
  void Charge(std::int64_t amount) {
    const __int128 deepest = -24 * 60 * kUnit * per_minute_;
    level_ = std::min(level_, std::max(level_ - amount * kUnit, deepest));
  }
  void Return(std::int64_t amount) { level_ = std::min(most_, level_ + amount * kUnit); }
  std::int64_t Left() const { return std::max<__int128>(0, level_) / kUnit; }

 private:
  static constexpr __int128 kUnit = 60'000'000'000;
  std::int64_t per_minute_;
  __int128 most_;
  __int128 level_;
  std::int64_t now_ = 0;
};

// Rates that divide a minute into whole nanoseconds: with these nothing is rounded and both agree exactly.
TEST(TokenBucket, DoesWhatATrivialBucketDoes) {
  std::mt19937 random(20261123);
  const auto upto = [&random](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  constexpr std::int64_t kRates[] = {1, 6, 60, 600, 60'000, 6'000'000, 60'000'000'000};
  int taken = 0;
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    const std::int64_t per_minute = kRates[upto(6)];
    const std::int64_t burst = 1 + upto(1000);
    const Rate rate(per_minute, burst);
    TokenBucket bucket;
    Model model(per_minute, burst);
    std::int64_t now = 0;
    for (int step = 0; step < 200; ++step) {
      now += upto(1) == 0 ? 0 : upto(60'000'000'000 / per_minute * 4);
      model.PassTo(now);
      const std::int64_t amount = 1 + upto(burst - 1);
      const TimePoint at = At(Duration(now));
      switch (upto(4)) {
        case 0:
          bucket.Charge(rate, amount, at);
          model.Charge(amount);
          break;
        case 1:
          bucket.Return(rate, amount);
          model.Return(amount);
          break;
        default: {
          const bool expected = model.Take(amount);
          ASSERT_EQ(bucket.Take(rate, amount, at) == kNone, expected) << "round " << round << " step " << step;
          ++(expected ? taken : refused);
        }
      }
      ASSERT_EQ(bucket.At(rate, at).left, model.Left()) << "round " << round << " step " << step;
    }
  }
  EXPECT_GT(taken, 1000);
  EXPECT_GT(refused, 1000);
}

// Whatever the rate, rounding never lets more through than there is.
TEST(TokenBucket, NeverExceedsTheRateForOddRates) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t per_minute = std::uniform_int_distribution<std::int64_t>(1, 10'000'000)(random);
    const std::int64_t burst = std::uniform_int_distribution<std::int64_t>(1, 100)(random);
    const Rate rate(per_minute, burst);
    TokenBucket bucket;
    std::int64_t now = 0;
    __int128 admitted = 0;
    for (int step = 0; step < 300; ++step) {
      now += std::uniform_int_distribution<std::int64_t>(0, 60'000'000'000 / per_minute * 2)(random);
      const std::int64_t amount = std::uniform_int_distribution<std::int64_t>(1, burst)(random);
      if (bucket.Take(rate, amount, At(Duration(now))) == kNone) admitted += amount;
      ASSERT_LE(admitted * 60'000'000'000,
                static_cast<__int128>(burst) * 60'000'000'000 + static_cast<__int128>(now) * per_minute);
    }
  }
}

TEST(TokenBucket, ManyThreadsNeverExceedRateTimesTimePlusBurst) {
  constexpr int kThreads = 8;
  constexpr int kSteps = 20'000;
  constexpr std::int64_t kStep = 10'000;  // nanoseconds
  const Rate rate(60'000'000, 500);       // a token a microsecond: ten a step, for 8 threads that want 24
  TokenBucket bucket;
  std::atomic<std::int64_t> admitted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      std::int64_t mine = 0;
      for (std::int64_t step = 0; step < kSteps; ++step) {
        // Clocks of loops are not in step either.
        const TimePoint at = At(Duration(step * kStep + i));
        if (bucket.Take(rate, 3, at) == kNone) mine += 3;
      }
      admitted += mine;
    });
  }
  for (auto& thread : threads) thread.join();
  const std::int64_t most = 500 + (kSteps - 1) * kStep / 1000 + 1;
  EXPECT_LE(admitted, most);
  EXPECT_GT(admitted, most / 4);  // one of them alone, ahead of the others, gets that
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
