#include "pipeline/payload_copy.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gatehouse::pipeline {
namespace {

using Keeping = PayloadCopy::Keeping;
using Extent = PayloadCopy::Bytes::Extent;

PayloadCopy CopyIn(PayloadRoom& room, std::size_t longest = 100'000) {
  return {.longest = longest, .share = PayloadShare(room)};
}

TEST(PayloadCopy, KeepsWhatPassesUpToItsLength) {
  PayloadCopy copy{.longest = 5};
  copy.Append(copy.request, "abc");
  copy.Append(copy.request, "de");
  EXPECT_EQ(copy.request.extent, Extent::kWhole);
  copy.Append(copy.request, "f");
  EXPECT_EQ(copy.request.extent, Extent::kCut);
  EXPECT_EQ(copy.request.text, "abcde");
  EXPECT_EQ(copy.request.size, 5U);
  EXPECT_EQ(copy.response.extent, Extent::kWhole);
}

TEST(PayloadCopy, CountsWithoutKeeping) {
  PayloadCopy copy{.longest = 5, .keeping = Keeping::kSizes};
  copy.Append(copy.response, "abc");
  copy.Append(copy.response, "defg");
  EXPECT_EQ(copy.response.size, 5U);
  EXPECT_EQ(copy.response.extent, Extent::kCut);
  EXPECT_EQ(copy.response.text, "");
}

TEST(PayloadCopy, WhatIsTakenIsWhatItHasInMemory) {
  PayloadRoom room(1'000'000);
  {
    PayloadCopy copy = CopyIn(room);
    for (int i = 0; i < 3000; ++i) copy.Append(copy.request, "0123456789");
    EXPECT_EQ(room.used() + std::string().capacity(), copy.request.text.capacity());
    copy.Append(copy.response, "x");
    EXPECT_EQ(room.used() + 2 * std::string().capacity(), copy.request.text.capacity() + copy.response.text.capacity());
    const PayloadCopy moved = std::move(copy);
    EXPECT_EQ(moved.request.size, 30'000U);
    EXPECT_GE(room.used(), 30'000U);
  }
  EXPECT_EQ(room.used(), 0U);
}

// The one for which there is no room loses both of its texts, and nobody else any.
TEST(PayloadCopy, BeyondTheRoomNothingIsKept) {
  PayloadRoom room(10'000);
  PayloadCopy first = CopyIn(room);
  first.Append(first.request, std::string(6000, 'a'));
  PayloadCopy second = CopyIn(room);
  second.Append(second.request, std::string(3000, 'b'));
  second.Append(second.response, std::string(3000, 'c'));
  EXPECT_EQ(second.keeping, Keeping::kNoRoom);
  EXPECT_EQ(second.request.text + second.response.text, "");
  EXPECT_EQ(second.request.text.capacity(), std::string().capacity());
  EXPECT_EQ(second.request.size, 3000U);
  EXPECT_EQ(second.response.size, 3000U);
  EXPECT_LT(room.used(), 6001U);
  second.Append(second.response, "more");
  EXPECT_EQ(second.response.text, "") << "what began to be missing is not gone on with";
  PayloadCopy third = CopyIn(room);
  third.Append(third.request, std::string(3000, 'd'));
  EXPECT_EQ(third.keeping, Keeping::kTexts);
  EXPECT_EQ(first.request.text, std::string(6000, 'a'));
}

TEST(PayloadRoom, IsNeverMoreThanItsLimitAndEmptyInTheEnd) {
  constexpr std::size_t kLimit = 50'000;
  PayloadRoom room(kLimit);
  std::atomic<int> refused = 0;
  std::atomic<std::size_t> kept = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        PayloadCopy copy = CopyIn(room);
        copy.Append(copy.request, std::string(20'000, 'x'));
        if (copy.keeping == Keeping::kNoRoom) {
          ++refused;
          continue;
        }
        EXPECT_LE(kept.fetch_add(20'000) + 20'000, kLimit);
        kept.fetch_sub(20'000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(refused, 8000);
  EXPECT_EQ(room.used(), 0U);
}

}  // namespace
}  // namespace gatehouse::pipeline
