#include "base/result.h"

#include <gtest/gtest.h>

#include "base/published.h"

namespace gatehouse::base {
namespace {

Result<int> Half(int x) {
  if (x % 2 != 0) return InvalidRequest("odd", "x");
  return x / 2;
}

Result<int> Quarter(int x) {
  GH_TRY(const int half, Half(x));
  GH_TRY(const int quarter, Half(half));
  return quarter;
}

TEST(Result, TryUnwrapsOrLeavesWithTheError) {
  EXPECT_EQ(Quarter(8).value(), 2);
  const auto failed = Quarter(6);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(failed.error().param, "x");
}

TEST(Published, ReaderSeesAReplacementAndKeepsTheOldPinAlive) {
  Published<int> published(std::make_shared<const int>(1));
  Published<int>::Reader reader(published);
  const std::shared_ptr<const int> old = reader.Pin();
  published.Replace(std::make_shared<const int>(2));
  EXPECT_EQ(*old, 1);
  EXPECT_EQ(*reader.Pin(), 2);
}

}  // namespace
}  // namespace gatehouse::base
