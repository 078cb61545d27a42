#include "base/money.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "base/random.h"

namespace gatehouse::base {
namespace {

TEST(Money, IsWrittenAsTheShortestExactNumberOfDollars) {
  EXPECT_EQ(FormatUsd({0}), "0");
  EXPECT_EQ(FormatUsd({1}), "0.000000001");
  EXPECT_EQ(FormatUsd({-1}), "-0.000000001");
  EXPECT_EQ(FormatUsd({12'500'000'000}), "12.5");
  EXPECT_EQ(FormatUsd({-3'000'000'000}), "-3");
  EXPECT_EQ(FormatUsd(NanoUsd::Max()), "9223372036.854775807");
  EXPECT_EQ(FormatUsd({std::numeric_limits<std::int64_t>::min()}), "-9223372036.854775808");
}

TEST(Money, IsReadBackAsItWasWritten) {
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const NanoUsd amount{static_cast<std::int64_t>(random.Next() >> random.Below(63)) * (i % 2 == 0 ? 1 : -1)};
    if (amount.value == std::numeric_limits<std::int64_t>::min()) continue;
    EXPECT_EQ(ParseUsd(FormatUsd(amount)), amount) << amount.value;
  }
}

TEST(Money, WhatIsNoDecimalNumberOfDollarsIsRefused) {
  for (const char* text : {"", "-", ".", "1.", ".5", "1e3", "+1", "1,5", " 1", "1 ", "0.0000000001", "9223372037",
                           "nan", "9223372036.854775808", "--1", "1.2.3", "0x1"}) {
    EXPECT_FALSE(ParseUsd(text)) << text;
  }
  EXPECT_EQ(ParseUsd("0.5"), NanoUsd{500'000'000});
  EXPECT_EQ(ParseUsd("007"), NanoUsd{7'000'000'000});
}

TEST(Money, SumsStopAtTheEndsOfTheRange) {
  const NanoUsd least{std::numeric_limits<std::int64_t>::min()};
  EXPECT_EQ(NanoUsd::Max() + NanoUsd{1}, NanoUsd::Max());
  EXPECT_EQ(least - NanoUsd{1}, least);
  EXPECT_EQ(least + NanoUsd{-1}, least);
  EXPECT_EQ(NanoUsd::Max() - NanoUsd{-1}, NanoUsd::Max());
  NanoUsd sum{2};
  sum += NanoUsd{3};
  sum -= NanoUsd{1};
  EXPECT_EQ(sum, NanoUsd{4});
}

}  // namespace
}  // namespace gatehouse::base
