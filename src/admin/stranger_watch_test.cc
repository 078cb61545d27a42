#include "admin/stranger_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "net/fake/fake_loop.h"

namespace gatehouse::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using Login = AdminCall::Login;

class StrangerWatchTest : public ::testing::Test {
 protected:
  void Call(const std::string& address, Login login = Login::kFailed) {
    watch_.Note(address, {.actor = "unknown", .resource = "keys", .method = "GET", .status = 401, .login = login});
  }
  std::vector<std::uint64_t> Together() const {
    std::vector<std::uint64_t> all;
    for (const AdminCall& call : told_) all.push_back(call.together);
    return all;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  std::vector<AdminCall> told_;
  StrangerWatch watch_{loop_, [this](const AdminCall& call) { told_.push_back(call); }};
};

TEST_F(StrangerWatchTest, TellsTheFirstAtOnceAndTheOthersOnceAMinute) {
  Call("192.0.2.7:1");
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].resource, "keys");
  for (int i = 0; i < 500; ++i) Call("192.0.2.7:" + std::to_string(i));
  Call("192.0.2.8:1");
  EXPECT_THAT(Together(), ElementsAre(0, 0));
  loop_.Advance(std::chrono::seconds(61));
  EXPECT_THAT(Together(), ElementsAre(0, 0, 500));
  EXPECT_EQ(told_[2].login, Login::kFailed);
  EXPECT_EQ(told_[2].actor, "unknown");
  Call("192.0.2.7:1");
  EXPECT_THAT(Together(), ElementsAre(0, 0, 500)) << "who goes on is only counted";
  Call("192.0.2.8:1");
  EXPECT_THAT(Together(), ElementsAre(0, 0, 500, 0)) << "who rested begins anew";
  loop_.Advance(std::chrono::seconds(61));
  EXPECT_THAT(Together(), ElementsAre(0, 0, 500, 0, 1));
}

TEST_F(StrangerWatchTest, WhoFailedIsToldApartFromWhoCouldNotBeAsked) {
  Call("[2001:db8::7]:1");
  Call("[2001:db8::7]:2");
  Call("[2001:db8::7]:3", Login::kNone);
  Call("[2001:db8::7]:4", Login::kNone);
  watch_.Flush();
  ASSERT_THAT(Together(), ElementsAre(0, 1, 2));
  EXPECT_EQ(told_[1].login, Login::kFailed);
  EXPECT_EQ(told_[2].login, Login::kNone);
  watch_.Flush();
  EXPECT_THAT(told_, SizeIs(3)) << "nothing is told twice";
}

// However many sources there are, a minute has a bounded number of tellings.
TEST_F(StrangerWatchTest, ManySourcesAreOne) {
  for (int i = 0; i < 5000; ++i) Call("[2001:db8::" + std::to_string(i) + "]:1");
  EXPECT_THAT(told_, SizeIs(StrangerWatch::kMostSources + 1));
  loop_.Advance(std::chrono::seconds(61));
  ASSERT_THAT(told_, SizeIs(StrangerWatch::kMostSources + 2));
  EXPECT_EQ(told_.back().together, 5000 - StrangerWatch::kMostSources - 1);
  loop_.Advance(std::chrono::minutes(10));
  EXPECT_THAT(told_, SizeIs(StrangerWatch::kMostSources + 2));
  Call("[2001:db8::1]:1");
  EXPECT_THAT(told_, SizeIs(StrangerWatch::kMostSources + 3)) << "all were forgotten";
}

}  // namespace
}  // namespace gatehouse::admin
