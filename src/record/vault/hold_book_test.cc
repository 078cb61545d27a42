#include "record/vault/hold_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "record/vault/test_folder.h"

namespace gatehouse::record::vault {
namespace {

using ::testing::SizeIs;

PlacedHold Hold(std::string name) {
  return {.hold = {.id = std::move(name),
                   .key = KeyId::FromHex(std::string(32, 'a')),
                   .retention_class = "payload-default",
                   .from = ParseDay("2026-01-01").value(),
                   .until = ParseDay("2026-07-01").value()},
          .placed = {.actor = "7", .reason = "Miller \"against\" us", .at_ms = 1000},
          .lifted = {}};
}

class HoldBookTest : public testing::Test {
 protected:
  std::unique_ptr<HoldBook> Open(HoldBook::Options options = {}) {
    auto book = HoldBook::Open(folder_.path(), std::move(options));
    EXPECT_TRUE(book.ok()) << book.error().public_message;
    return std::move(book).value();
  }
  TestFolder folder_;
};

TEST_F(HoldBookTest, WhatIsPlacedAndLiftedOutlivesTheProcess) {
  auto book = Open();
  EXPECT_THAT(book->holds(), SizeIs(0));
  const PlacedHold everything{
      .hold = {.id = "all"}, .placed = {.actor = "owner", .reason = "r", .at_ms = 1}, .lifted = {}};
  ASSERT_TRUE(book->Place(Hold("case-7")).ok());
  ASSERT_TRUE(book->Place(everything).ok());
  EXPECT_EQ(book->Place(everything).error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(Open()->holds(), (std::vector{Hold("case-7"), everything}));
  const PlacedHold::Act act = {.actor = "8", .reason = "settled", .at_ms = 2000};
  ASSERT_TRUE(book->Lift("case-7", act).ok());
  EXPECT_EQ(book->Lift("case-7", act).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(book->Lift("nothing", act).error().code, base::ErrorCode::kNotFound);
  book = Open();
  ASSERT_THAT(book->holds(), SizeIs(2));
  EXPECT_EQ(book->holds()[0].lifted, act);
  EXPECT_EQ(book->holds()[1].lifted, std::nullopt);
  ASSERT_TRUE(book->Place(Hold("case-7")).ok()) << "a name is free when its hold was lifted";
}

TEST_F(HoldBookTest, HasNoMoreThanItMay) {
  std::vector<PlacedHold> full(HoldBook::kMostInForce, Hold("x"));
  for (std::size_t i = 0; i < full.size(); ++i) full[i].hold.id = std::to_string(i);
  std::vector<PlacedHold> lifted(HoldBook::kMostLifted, Hold("old"));
  for (PlacedHold& one : lifted) one.lifted = PlacedHold::Act{};
  full.insert(full.begin(), lifted.begin(), lifted.end());
  std::ofstream(folder_.path() / "holds") << FormatHolds(full);
  const auto book = Open();
  EXPECT_EQ(book->Place(Hold("more")).error().code, base::ErrorCode::kTooLarge);
  ASSERT_TRUE(book->Lift("17", {}).ok());
  EXPECT_THAT(book->holds(), SizeIs(HoldBook::kMostInForce + HoldBook::kMostLifted - 1));
  EXPECT_TRUE(book->Place(Hold("more")).ok());
}

// A file that cannot be read is never taken for one without holds.
TEST_F(HoldBookTest, WhatCannotBeReadIsRefused) {
  const std::string whole = FormatHolds({Hold("case-7")});
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    std::ofstream(folder_.path() / "holds") << whole.substr(0, size);
    EXPECT_FALSE(HoldBook::Open(folder_.path()).ok()) << size;
  }
  for (const char* text :
       {R"({"v":2,"holds":[]})", R"({"v":1})", R"({"v":1,"holds":[{}]})",
        R"({"v":1,"holds":[{"hold":"a","key":"zz"}]})", R"({"v":1,"holds":[{"hold":"a","from":"soon"}]})"}) {
    EXPECT_FALSE(ParseHolds(text).ok()) << text;
  }
}

TEST_F(HoldBookTest, TheProcessMayEndAtEachStep) {
  ASSERT_TRUE(Open()->Place(Hold("first")).ok());
  for (int steps = 1; steps <= 2; ++steps) {
    EXPECT_EQ(
        InChild([&] { static_cast<void>(Open({.after_step = DieAfter<HoldBook::Step>(steps)})->Place(Hold("more"))); }),
        0);
    EXPECT_THAT(Open()->holds(), SizeIs(steps));
  }
}

TEST_F(HoldBookTest, IsAsItWasWhereItCannotBeWritten) {
  const auto book = Open();
  std::filesystem::create_directory(folder_.path() / "holds.new");
  EXPECT_FALSE(book->Place(Hold("case-7")).ok());
  EXPECT_THAT(book->holds(), SizeIs(0));
}

TEST(LegalHoldNames, AreWords) {
  for (const char* name : {"case-2026.7", "a", "0"}) EXPECT_TRUE(IsHoldName(name)) << name;
  for (const std::string& name : {std::string(), std::string("Case"), std::string("a b"), std::string(65, 'a')}) {
    EXPECT_FALSE(IsHoldName(name)) << name;
  }
}

}  // namespace
}  // namespace gatehouse::record::vault
