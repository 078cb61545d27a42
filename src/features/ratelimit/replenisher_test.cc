#include "features/ratelimit/replenisher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "features/ratelimit/test_gateways.h"

namespace gatehouse::features::ratelimit {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using State = store::memory::UnsteadyStore::State;
using testing::HasSubstr;

class ReplenisherTest : public testing::Test {
 protected:
  Rule& Add(std::string name) {
    Rule& rule = rules_.emplace_back();
    rule.name = std::move(name);
    return rule;
  }
  FakeGateway& Start(std::size_t index, SharingSettings settings = {}) {
    gateways_.at(index).reset();
    gateways_.at(index) = std::make_unique<FakeGateway>(
        FakeGateway::World{
            .loop = loop_, .values = values_, .log = log_, .rules = std::make_shared<const std::vector<Rule>>(rules_)},
        "life-" + std::to_string(++lives_), settings);
    return *gateways_.at(index);
  }
  void StartAll(SharingSettings settings = {}) {
    for (std::size_t i = 0; i < gateways_.size(); ++i) Start(i, settings);
    loop_.Advance(seconds(6));  // then they know of each other
  }
  void Become(State state) {
    for (auto& gateway : gateways_) gateway->store.state = state;
  }
  // How many of so many requests, one after the other and in turn on all gateways, are let through.
  int AdmittedOf(int requests, base::Duration apart = {}) {
    int admitted = 0;
    for (int i = 0; i < requests; ++i) {
      admitted += gateways_.at(static_cast<std::size_t>(i) % gateways_.size())->Pass().ok() ? 1 : 0;
      if (apart.count() > 0) loop_.Advance(apart);
    }
    return admitted;
  }
  FakeGateway& at(std::size_t index) { return *gateways_.at(index); }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::LogWriter writer_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  base::Log log_{writer_, clock_, base::LogLevel::kError};
  store::memory::SharedValues values_{clock_};
  std::vector<Rule> rules_;
  int lives_ = 0;
  std::array<std::unique_ptr<FakeGateway>, 3> gateways_;
};

TEST_F(ReplenisherTest, ASmallLimitIsExactOnAllGatewaysTogether) {
  Add("few").requests = Rate(3, 3);
  StartAll();
  EXPECT_EQ(AdmittedOf(30), 3);
  loop_.Advance(seconds(20));
  EXPECT_EQ(AdmittedOf(30), 1);
  loop_.Advance(seconds(60));
  EXPECT_EQ(AdmittedOf(30), 3);
}

TEST_F(ReplenisherTest, ALimitIsUsedUpToTheLastWhereverItIsAsked) {
  Add("some").requests = Rate(60, 100);
  StartAll();
  EXPECT_EQ(AdmittedOf(90), 90) << "each draws ahead";
  int admitted = 0;
  while (at(0).Pass().ok()) ++admitted;
  while (at(1).Pass().ok()) ++admitted;
  while (at(2).Pass().ok()) ++admitted;
  EXPECT_EQ(admitted, 10);
}

TEST_F(ReplenisherTest, AFastLimitAsksTheStoreSeldom) {
  Add("fast").requests = Rate(600'000, 10'000);
  StartAll();
  const std::uint64_t before = at(0).sharing.counts().answered;
  const std::uint64_t waited = at(0).sharing.counts().waited;
  constexpr int kRequests = 5000;
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(at(0).Pass().ok());
    loop_.Advance(milliseconds(1));
  }
  EXPECT_LT(at(0).sharing.counts().answered - before, 100U);
  EXPECT_LT(at(0).sharing.counts().waited - waited, 20U);
}

TEST_F(ReplenisherTest, EachCallerHasABucketOfItsOwnOnAllGateways) {
  Rule& rule = Add("each");
  rule.requests = Rate(2, 2);
  rule.each = pipeline::NodeKind::kKey;
  StartAll();
  EXPECT_TRUE(at(0).Pass("k1").ok());
  EXPECT_TRUE(at(1).Pass("k1").ok());
  EXPECT_FALSE(at(2).Pass("k1").ok());
  EXPECT_TRUE(at(2).Pass("k2").ok());
}

TEST_F(ReplenisherTest, WhatIsRefusedSaysWhenToComeBack) {
  Add("few").requests = Rate(6, 1);
  StartAll();
  EXPECT_TRUE(at(0).Pass().ok());
  loop_.Advance(seconds(4));
  const auto refused = at(1).Pass();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.error().retry_after_seconds, 6U);
  loop_.Advance(seconds(6));
  EXPECT_TRUE(at(1).Pass().ok());
}

TEST_F(ReplenisherTest, TokensAreCorrectedForAll) {
  Add("tokens").tokens = Rate(600, 1000);
  StartAll();
  auto visit = at(0).Ask();
  ASSERT_TRUE(visit->IsAdmitted());
  visit->exchange->outcome.provider = "p";
  visit->exchange->outcome.usage = {.input = 100, .output = 900, .source = llm::UsageSource::kProvider};
  visit.reset();
  loop_.Advance(milliseconds(200));
  const auto refused = at(1).Pass();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().retry_after_seconds, 10U) << "a hundred tokens at ten a second";
}

TEST_F(ReplenisherTest, WhatIsHeldAndNotNeededComesBack) {
  Add("some").requests = Rate(60, 100);
  StartAll();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(at(0).Pass().ok());
    loop_.Advance(milliseconds(5));
  }
  loop_.Advance(seconds(2));
  int admitted = 0;
  while (at(1).Pass().ok()) ++admitted;
  EXPECT_GE(admitted, 82);
  EXPECT_LE(admitted, 83);
}

TEST_F(ReplenisherTest, AGatewayThatEndsGivesBackWhatItHolds) {
  Add("some").requests = Rate(1, 100);
  StartAll();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(at(0).Pass().ok());
    loop_.Advance(milliseconds(5));
  }
  const auto given = loop_.AwaitFor(at(0).replenisher.GiveBackAll(loop_.In(seconds(1))), seconds(2));
  ASSERT_TRUE(given && given->ok());
  int admitted = 0;
  while (at(1).Pass().ok()) ++admitted;
  EXPECT_EQ(admitted, 80);
  gateways_[0].reset();
  loop_.Advance(seconds(2));
  EXPECT_EQ(at(1).sharing.gateways(), 2U);
}

TEST_F(ReplenisherTest, WithoutTheStoreEachLetsItsPartThrough) {
  Add("some").requests = Rate(60, 30);
  StartAll();
  ASSERT_EQ(at(0).sharing.gateways(), 3U);
  Become(State::kAway);
  EXPECT_EQ(AdmittedOf(300), 30);
  for (auto& gateway : gateways_) EXPECT_THAT(gateway->replenisher.Problem(), HasSubstr("its part"));
  EXPECT_GT(at(0).sharing.counts().shared, 0U);
  loop_.Advance(seconds(9));
  EXPECT_EQ(AdmittedOf(300), 9);
  // What was used meanwhile is used for all.
  Become(State::kWorking);
  loop_.Advance(seconds(1));
  for (auto& gateway : gateways_) EXPECT_EQ(gateway->replenisher.Problem(), "");
  EXPECT_LE(AdmittedOf(300), 1 + 3) << "a unit of each at most may have come while it was counted";
}

TEST_F(ReplenisherTest, WithoutTheStoreAllAreRefusedOrAdmittedWhereThatIsSaid) {
  Add("some").requests = Rate(60, 30);
  Start(0, {.without_store = WithoutStore::kRefuse});
  Start(1, {.without_store = WithoutStore::kAdmit});
  at(0).store.state = State::kAway;
  at(1).store.state = State::kAway;
  loop_.Advance(seconds(4));
  const auto refused = at(0).Pass();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(at(0).sharing.counts().refused, 1U);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(at(1).Pass().ok());
  EXPECT_EQ(at(1).sharing.counts().admitted, 100U);
  EXPECT_THAT(at(1).replenisher.Problem(), HasSubstr("let through"));
}

TEST_F(ReplenisherTest, NobodyWaitsLongerThanIsSaid) {
  Add("some").requests = Rate(60, 30);
  Start(0, {.wait = milliseconds(30)});
  at(0).store.state = State::kHangs;
  const auto began = loop_.Now();
  auto visit = at(0).Ask();
  ASSERT_TRUE(visit->answer);
  EXPECT_LE(visit->at - began, milliseconds(30));
  const auto then = loop_.Now();
  auto next = at(0).Ask();
  ASSERT_TRUE(next->answer);
  EXPECT_EQ(next->at, then) << "it is known";
}

TEST_F(ReplenisherTest, TheRequestsOwnDeadlineIsSooner) {
  Add("some").requests = Rate(60, 30);
  Start(0, {.wait = milliseconds(500)});
  at(0).store.state = State::kHangs;
  const auto began = loop_.Now();
  auto visit = at(0).Begin();
  visit->exchange->deadline = loop_.In(milliseconds(40));
  loop_.AwaitFor(FakeGateway::Enter(*visit), seconds(10));
  ASSERT_TRUE(visit->answer);
  EXPECT_LE(visit->at - began, milliseconds(40));
}

TEST_F(ReplenisherTest, WhoTheQueueHasNoRoomForIsDecidedWithoutTheStore) {
  Add("some").requests = Rate(60, 30);
  Start(0, {.without_store = WithoutStore::kRefuse, .max_waiting = 2});
  at(0).store.lag = milliseconds(20);
  std::vector<std::unique_ptr<FakeGateway::Visit>> visits;
  {
    net::TaskGroup tasks(loop_);
    for (int i = 0; i < 3; ++i) {
      visits.push_back(at(0).Begin());
      tasks.Spawn(FakeGateway::Enter(*visits.back()));
    }
    loop_.Advance(milliseconds(200));
  }
  EXPECT_TRUE(visits[0]->IsAdmitted());
  EXPECT_TRUE(visits[1]->IsAdmitted());
  ASSERT_TRUE(visits[2]->answer);
  EXPECT_EQ(visits[2]->answer->error().code, ErrorCode::kUnavailable);
}

TEST_F(ReplenisherTest, ManyAtOnceAskOnce) {
  Add("some").requests = Rate(60, 30);
  Start(0);
  at(0).store.lag = milliseconds(10);
  loop_.Advance(seconds(1));
  const std::uint64_t before = at(0).sharing.counts().answered;
  std::vector<std::unique_ptr<FakeGateway::Visit>> visits;
  net::TaskGroup tasks(loop_);
  for (int i = 0; i < 100; ++i) {
    visits.push_back(at(0).Begin());
    tasks.Spawn(FakeGateway::Enter(*visits.back()));
  }
  loop_.Advance(milliseconds(100));
  int admitted = 0;
  for (const auto& visit : visits) admitted += visit->IsAdmitted() ? 1 : 0;
  EXPECT_EQ(admitted, 30);
  EXPECT_LE(at(0).sharing.counts().answered - before, 6U);
}

TEST_F(ReplenisherTest, SlotsAreThoseOfAllTogether) {
  Add("slots").concurrent = 4;
  StartAll();
  std::vector<std::unique_ptr<FakeGateway::Visit>> visits;
  for (std::size_t i = 0; i < 6; ++i) visits.push_back(at(i % 3).Ask());
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(visits[i]->IsAdmitted(), i < 4) << i;
  // One that comes free on another gateway is found there.
  visits[0].reset();
  loop_.Advance(milliseconds(200));
  EXPECT_TRUE(at(2).Ask()->IsAdmitted());
}

TEST_F(ReplenisherTest, SlotsOfAGatewayThatWasKilledComeBack) {
  Add("slots").concurrent = 4;
  StartAll();
  std::vector<std::unique_ptr<FakeGateway::Visit>> visits;
  for (int i = 0; i < 4; ++i) visits.push_back(at(0).Ask());
  EXPECT_FALSE(at(1).Ask()->IsAdmitted());
  at(0).store.state = State::kAway;  // so that it says nothing at its end
  visits.clear();
  gateways_[0].reset();
  EXPECT_FALSE(at(1).Ask()->IsAdmitted());
  loop_.Advance(SlotLease::kSlotLease + milliseconds(200));
  for (int i = 0; i < 4; ++i) {
    visits.push_back(at(1).Ask());
    EXPECT_TRUE(visits.back()->IsAdmitted());
  }
}

TEST_F(ReplenisherTest, LongRequestsKeepTheirSlots) {
  Add("slots").concurrent = 2;
  StartAll();
  const auto one = at(0).Ask();
  const auto two = at(1).Ask();
  for (int i = 0; i < 30; ++i) {
    loop_.Advance(seconds(1));
    EXPECT_FALSE(at(2).Ask()->IsAdmitted()) << "after " << i << " s";
  }
}

TEST_F(ReplenisherTest, WithoutTheStoreEachHasItsPartOfTheSlots) {
  Add("slots").concurrent = 9;
  StartAll();
  Become(State::kAway);
  loop_.Advance(seconds(2));
  std::vector<std::unique_ptr<FakeGateway::Visit>> visits;
  std::array<int, 3> admitted{};
  for (std::size_t i = 0; i < 30; ++i) {
    visits.push_back(at(i % 3).Ask());
    admitted.at(i % 3) += visits.back()->IsAdmitted() ? 1 : 0;
  }
  EXPECT_THAT(admitted, testing::ElementsAre(3, 3, 3));
  Become(State::kWorking);
  loop_.Advance(seconds(2));
  EXPECT_FALSE(at(0).Ask()->IsAdmitted()) << "what is under way is counted";
  visits.clear();
  loop_.Advance(seconds(3));
  for (int i = 0; i < 9; ++i) visits.push_back(at(0).Ask());
  for (const auto& visit : visits) EXPECT_TRUE(visit->IsAdmitted());
}

TEST_F(ReplenisherTest, AQueueIsServedWithSlotsOfOthers) {
  Rule& rule = Add("slots");
  rule.concurrent = 1;
  rule.queue = {.at_most = seconds(5), .waiting = 4};
  StartAll();
  auto first = at(0).Ask();
  ASSERT_TRUE(first->IsAdmitted());
  auto second = at(1).Begin();
  net::TaskGroup tasks(loop_);
  tasks.Spawn(FakeGateway::Enter(*second));
  loop_.Advance(seconds(1));
  EXPECT_FALSE(second->answer);
  first.reset();
  loop_.Advance(milliseconds(500));
  EXPECT_TRUE(second->IsAdmitted());
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
