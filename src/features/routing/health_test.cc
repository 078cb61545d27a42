#include "features/routing/health.h"

#include <gtest/gtest.h>

namespace gatehouse::features::routing {
namespace {

using std::chrono::seconds;
using Admission = TargetHealth::Admission;

base::Error Down() {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kOtherTarget};
}
base::Error RateLimited(std::uint32_t retry_after) {
  return {.code = base::ErrorCode::kRateLimited,
          .source = base::ErrorSource::kUpstream,
          .retry_after_seconds = retry_after};
}
base::Error CallersFault() {
  return {.code = base::ErrorCode::kInvalidRequest, .source = base::ErrorSource::kUpstream};
}

class HealthTest : public testing::Test {
 protected:
  void Fail(int times) {
    for (int i = 0; i < times; ++i) {
      static_cast<void>(health_.Admit(clock_.Now()));
      health_.Failed(clock_.Now(), Down());
    }
  }
  base::FakeClock clock_;
  TargetHealth health_{BreakerPolicy{.consecutive_failures = 3, .open_for = seconds(5)}};
};

TEST_F(HealthTest, OpensAfterConsecutiveFailuresAndLetsOneTrialThrough) {
  Fail(2);
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kAdmitted);
  health_.Failed(clock_.Now(), Down());
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kRefused);
  clock_.Advance(seconds(5));
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kTrial);
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kRefused);
  health_.Succeeded(clock_.Now(), seconds(1));
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kAdmitted);
}

TEST_F(HealthTest, AFailedTrialDoublesTheWait) {
  Fail(3);
  clock_.Advance(seconds(5));
  ASSERT_EQ(health_.Admit(clock_.Now()), Admission::kTrial);
  health_.Failed(clock_.Now(), Down());
  clock_.Advance(seconds(6));
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kRefused);
  clock_.Advance(seconds(4));
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kTrial);
}

TEST_F(HealthTest, AnAbandonedTrialLeavesTheDoorForTheNext) {
  Fail(3);
  clock_.Advance(seconds(5));
  ASSERT_EQ(health_.Admit(clock_.Now()), Admission::kTrial);
  health_.Abandoned(clock_.Now());
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kTrial);
}

TEST_F(HealthTest, AnswersThatBreakOffInARowOpenItThoughEachBegan) {
  const auto break_off = [&] {
    health_.Succeeded(clock_.Now(), seconds(1));
    health_.BrokeOff(clock_.Now(), Down());
  };
  break_off();
  break_off();
  health_.Succeeded(clock_.Now(), seconds(1));
  health_.Completed();
  break_off();
  break_off();
  EXPECT_EQ(health_.state(clock_.Now()), BreakerState::kClosed);
  break_off();
  EXPECT_EQ(health_.state(clock_.Now()), BreakerState::kOpen);
}

TEST_F(HealthTest, AnAnswerThatBreaksOffIsOneFailedCall) {
  TargetHealth health(BreakerPolicy{.consecutive_failures = 1000, .error_rate = 0.9, .minimum_calls = 10});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(health.Admit(clock_.Now()), Admission::kAdmitted);
    health.Succeeded(clock_.Now(), seconds(1));
    health.BrokeOff(clock_.Now(), Down());
  }
  EXPECT_EQ(health.Admit(clock_.Now()), Admission::kRefused);
}

TEST_F(HealthTest, TheErrorRateOpensItToo) {
  TargetHealth health(BreakerPolicy{.consecutive_failures = 1000, .error_rate = 0.5, .minimum_calls = 10});
  for (int i = 0; i < 5; ++i) {
    health.Succeeded(clock_.Now(), seconds(1));
    health.Failed(clock_.Now(), Down());
  }
  EXPECT_EQ(health.Admit(clock_.Now()), Admission::kRefused);
}

TEST_F(HealthTest, OldFailuresAreForgotten) {
  TargetHealth health(BreakerPolicy{.consecutive_failures = 1000, .error_rate = 0.5, .minimum_calls = 10});
  for (int i = 0; i < 9; ++i) health.Failed(clock_.Now(), Down());
  clock_.Advance(seconds(11));
  for (int i = 0; i < 9; ++i) health.Succeeded(clock_.Now(), seconds(1));
  health.Failed(clock_.Now(), Down());
  EXPECT_EQ(health.Admit(clock_.Now()), Admission::kAdmitted);
}

TEST_F(HealthTest, ARateLimitCoolsDownWithoutOpening) {
  health_.Failed(clock_.Now(), RateLimited(7));
  EXPECT_EQ(health_.state(clock_.Now()), BreakerState::kClosed);
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kRefused);
  EXPECT_EQ(health_.AvailableAt(clock_.Now()), clock_.Now() + seconds(7));
  clock_.Advance(seconds(7));
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kAdmitted);
}

TEST_F(HealthTest, TheCallersMistakesSayNothingAboutTheTarget) {
  for (int i = 0; i < 100; ++i) health_.Failed(clock_.Now(), CallersFault());
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kAdmitted);
}

TEST_F(HealthTest, AProbeThatSucceedsShortensTheWait) {
  Fail(3);
  health_.Probed(clock_.Now(), base::Ok());
  EXPECT_EQ(health_.Admit(clock_.Now()), Admission::kTrial);
}

TEST(RetryBudget, RunsDryAndFillsWithRequests) {
  RetryBudget budget({.ratio = 0.5, .burst = 2});
  EXPECT_TRUE(budget.Withdraw());
  EXPECT_TRUE(budget.Withdraw());
  EXPECT_FALSE(budget.Withdraw());
  budget.Deposit();
  EXPECT_FALSE(budget.Withdraw());
  budget.Deposit();
  EXPECT_TRUE(budget.Withdraw());
}

}  // namespace
}  // namespace gatehouse::features::routing
