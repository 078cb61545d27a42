#include "llm/price/price.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "llm/price/amount.h"

namespace gatehouse::llm::price {
namespace {

constexpr std::int64_t kUsd = base::NanoUsd::kPerUsd;

Price Simple(std::int64_t input, std::int64_t output) {
  StatedRates rates;
  rates.at(static_cast<std::size_t>(Bucket::kInput)) = input;
  rates.at(static_cast<std::size_t>(Bucket::kOutput)) = output;
  Price price;
  price.bands.front().rates = Complete(rates);
  return price;
}

TEST(Cost, RoundsTheSumOnceHalfUp) {
  // One nano-USD for a million tokens: half of it is the least that counts.
  const Price price = Simple(1, 1);
  EXPECT_EQ(Cost(price, {.input = 499'999}).value, 0);
  EXPECT_EQ(Cost(price, {.input = 500'000}).value, 1);
  // Two halves of a half are one together: nothing is rounded on the way.
  EXPECT_EQ(Cost(price, {.input = 250'000, .output = 250'000}).value, 1);
  EXPECT_EQ(Cost(price, {.input = 1'499'999}).value, 1);
}

TEST(Cost, CountsEveryBucketAtItsRate) {
  Price price;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    price.bands.front().rates.at(i) = (std::int64_t{1} << i) * 1'000'000;  // one token costs 2^i
  }
  const Usage usage{.input = 1,
                    .cache_read = 3,
                    .cache_write_5m = 5,
                    .cache_write_30m = 7,
                    .cache_write_1h = 11,
                    .cache_write_12h = 13,
                    .input_audio = 17,
                    .tool_input = 19,
                    .output = 23,
                    .reasoning = 29,
                    .output_audio = 31};
  EXPECT_EQ(Cost(price, usage).value,
            1 + 3 * 2 + 5 * 4 + 7 * 8 + 11 * 16 + 13 * 32 + 17 * 64 + 19 * 128 + 23 * 256 + 29 * 512 + 31 * 1024);
}

TEST(Cost, TakesTheBandOfTheWholeInput) {
  Price price = Simple(1'000'000, 10'000'000);
  price.bands.push_back({.above = 200'000, .rates = Simple(2'000'000, 15'000'000).bands.front().rates});
  EXPECT_EQ(Cost(price, {.input = 200'000, .output = 10}).value, 200'000 + 100);
  EXPECT_EQ(Cost(price, {.input = 200'001, .output = 10}).value, 400'002 + 150);
  // What comes from a cache is input too.
  EXPECT_EQ(Cost(price, {.input = 1, .cache_read = 200'000}).value, 400'002);
}

TEST(Cost, ABatchGetsItsShareOfTheTokensAndNotOfTheTools) {
  Price price = Simple(3'000'000, 15'000'000);
  price.batch_millionths = 500'000;
  price.thousand_tool_calls = 10 * kUsd;
  const Usage usage{.input = 101, .output = 10, .server_tool_calls = 2};
  EXPECT_EQ(Cost(price, usage).value, 303 + 150 + 20'000'000);
  EXPECT_EQ(Cost(price, usage, Delivery::kBatch).value, 227 + 20'000'000);  // 226.5, half up
}

TEST(Cost, IsAtMostTheMostThereIs) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const Price price = Simple(std::numeric_limits<std::int64_t>::max(), 1);
  EXPECT_EQ(Cost(price, {.input = kMost, .cache_read = kMost, .server_tool_calls = kMost}), base::NanoUsd::Max());
  EXPECT_EQ(WorstCase(price, {.input_tokens = kMost, .output_tokens = kMost}), base::NanoUsd::Max());
  EXPECT_EQ(Cost(price, {.input = kMost}, Delivery::kBatch), base::NanoUsd::Max());
}

TEST(Complete, FillsGapsWithWhatCostsAtLeastAsMuch) {
  StatedRates stated;
  stated.at(static_cast<std::size_t>(Bucket::kInput)) = 10;
  stated.at(static_cast<std::size_t>(Bucket::kCacheWrite5m)) = 12;
  stated.at(static_cast<std::size_t>(Bucket::kOutput)) = 50;
  EXPECT_EQ(Complete(stated), (Rates{10, 10, 12, 12, 12, 12, 10, 10, 50, 50, 50}));
  stated.at(static_cast<std::size_t>(Bucket::kCacheWrite1h)) = 20;
  stated.at(static_cast<std::size_t>(Bucket::kReasoning)) = 60;
  EXPECT_EQ(Complete(stated), (Rates{10, 10, 12, 12, 20, 20, 10, 10, 50, 60, 50}));
}

TEST(Amount, IsExactToTheNanoUsd) {
  EXPECT_EQ(ReadAmount("3"), 3 * kUsd);
  EXPECT_EQ(ReadAmount("0.075"), 75'000'000);
  EXPECT_EQ(ReadAmount("0.00875"), 8'750'000);
  EXPECT_EQ(ReadAmount("1.5e-2"), 15'000'000);
  EXPECT_EQ(ReadAmount("2E3"), 2000 * kUsd);
  EXPECT_EQ(ReadAmount("0"), 0);
  EXPECT_EQ(ReadAmount("0.0"), 0);
  EXPECT_EQ(ReadAmount("0.1234567894"), 123'456'789);
  EXPECT_EQ(ReadAmount("0.1234567895"), 123'456'790);
  EXPECT_EQ(ReadAmount("1e-30"), 1) << "a price never becomes nothing by rounding";
  EXPECT_EQ(ReadAmount("1000000000"), 1'000'000'000 * kUsd);
}

TEST(Amount, IsNothingElse) {
  for (const auto* text : {"", "-1", "+1", ".5", "5.", "1.e3", "1e", "e3", "1e99", "1000000000.1", "1_000", " 1", "1 ",
                           "0x10", "nan", "inf", "1.2.3", "99999999999999999999999", "1e2147483648"}) {
    EXPECT_EQ(ReadAmount(text), std::nullopt) << text;
  }
}

// Random prices and usages, the same at each run.
class Dice {
 public:
  std::uint64_t Below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }
  Usage AnyUsage() {
    return {.input = Tokens(),
            .cache_read = Tokens(),
            .cache_write_5m = Tokens(),
            .cache_write_30m = Tokens(),
            .cache_write_1h = Tokens(),
            .cache_write_12h = Tokens(),
            .input_audio = Tokens(),
            .tool_input = Tokens(),
            .output = Tokens(),
            .reasoning = Tokens(),
            .output_audio = Tokens(),
            .server_tool_calls = Below(5)};
  }
  Price AnyPrice() {
    Price price;
    price.bands.front().rates = AnyRates();
    for (std::uint64_t band = Below(3); band > 0; --band) {
      price.bands.push_back({.above = price.bands.back().above + 1 + Below(400'000), .rates = AnyRates()});
    }
    price.thousand_requests = static_cast<std::int64_t>(Below(1'000'000'000));
    price.thousand_tool_calls = static_cast<std::int64_t>(Below(100'000'000'000));
    price.batch_millionths = static_cast<std::uint32_t>(Below(Price::kWhole + 1));
    return price;
  }

 private:
  std::uint64_t Tokens() { return Below(3) == 0 ? 0 : Below(Below(2) == 0 ? 1000 : 1'000'000); }
  Rates AnyRates() {
    Rates rates;
    for (auto& rate : rates) rate = static_cast<std::int64_t>(Below(4) == 0 ? Below(10) : Below(200'000'000'000));
    return rates;
  }
  std::mt19937_64 random_{7};
};

constexpr int kRounds = 4000;

TEST(Property, NothingWithinItsBoundsCostsMoreThanTheWorstCase) {
  Dice dice;
  for (int i = 0; i < kRounds; ++i) {
    const Price price = dice.AnyPrice();
    const Usage usage = dice.AnyUsage();
    const Bounds bounds{.input_tokens = usage.TotalInput() + dice.Below(2) * dice.Below(1000),
                        .output_tokens = usage.TotalOutput() + dice.Below(2) * dice.Below(1000),
                        .tool_calls = usage.server_tool_calls};
    ASSERT_LE(Cost(price, usage), WorstCase(price, bounds));
    ASSERT_LE(Cost(price, usage, Delivery::kBatch), WorstCase(price, bounds));
  }
}

TEST(Property, MoreOutputNeverCostsLess) {
  Dice dice;
  for (int i = 0; i < kRounds; ++i) {
    const Price price = dice.AnyPrice();
    Usage usage = dice.AnyUsage();
    const base::NanoUsd before = Cost(price, usage);
    (dice.Below(2) == 0 ? usage.output : usage.reasoning) += dice.Below(5000);
    usage.server_tool_calls += dice.Below(2);
    ASSERT_LE(before, Cost(price, usage));
  }
}

TEST(Property, OutputAddsUpButForTheRounding) {
  Dice dice;
  for (int i = 0; i < kRounds; ++i) {
    Price price = dice.AnyPrice();
    price.thousand_requests = 0;
    Usage input = dice.AnyUsage();
    Usage both = input;
    input.output = input.reasoning = input.output_audio = 0;
    Usage output{.output = both.output, .reasoning = both.reasoning, .output_audio = both.output_audio};
    price.bands.resize(1);
    const std::int64_t apart = Cost(price, input).value + Cost(price, output).value;
    ASSERT_LE(std::abs(apart - Cost(price, both).value), 1);
  }
}

TEST(Property, WhatIsAffordableFitsAndOneMoreDoesNot) {
  Dice dice;
  for (int i = 0; i < kRounds; ++i) {
    const Price price = dice.AnyPrice();
    Bounds bounds{.input_tokens = dice.Below(500'000), .output_tokens = dice.Below(200'000), .tool_calls = 0};
    const base::NanoUsd available{static_cast<std::int64_t>(dice.Below(20'000'000'000))};
    const std::uint64_t wanted = bounds.output_tokens;
    const auto output = AffordableOutput(price, bounds, available);
    bounds.output_tokens = output.value_or(0);
    ASSERT_EQ(output.has_value(), WorstCase(price, bounds) <= available);
    if (!output) continue;
    ASSERT_LE(*output, wanted);
    if (*output == wanted) continue;
    bounds.output_tokens += 2;  // one more can be within the rounding
    ASSERT_GT(WorstCase(price, bounds), available);
  }
}

}  // namespace
}  // namespace gatehouse::llm::price
