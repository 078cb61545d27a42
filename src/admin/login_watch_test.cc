#include "admin/login_watch.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::admin {
namespace {

using Call = LoginWatch::Call;
using std::chrono::minutes;

TEST(LoginWatch, SomebodyBeginsAnewAfterARest) {
  LoginWatch watch;
  const base::TimePoint now{};
  EXPECT_EQ(watch.Note("owner", now), Call::kFirst);
  EXPECT_EQ(watch.Note("owner", now + minutes(29)), Call::kAnother);
  EXPECT_EQ(watch.Note("7", now + minutes(29)), Call::kFirst) << "somebody else";
  EXPECT_EQ(watch.Note("owner", now + minutes(58)), Call::kAnother) << "29 minutes after the call before";
  EXPECT_EQ(watch.Note("owner", now + minutes(88)), Call::kFirst);
}

TEST(LoginWatch, RemembersABoundedNumber) {
  LoginWatch watch;
  const base::TimePoint now{};
  for (std::size_t i = 0; i < LoginWatch::kMostKnown; ++i) {
    EXPECT_EQ(watch.Note(std::to_string(i), now), Call::kFirst);
  }
  EXPECT_EQ(watch.Note("0", now), Call::kAnother);
  EXPECT_EQ(watch.Note("one more", now), Call::kFirst);
  EXPECT_EQ(watch.Note("0", now), Call::kFirst) << "all were forgotten";
}

}  // namespace
}  // namespace gatehouse::admin
