#include "features/identity/password_login.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "features/identity/refusal.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Knows that everybody's password is "right", after a while.
class SlowVerifier final : public PasswordVerifier {
 public:
  net::Task<base::Result<pipeline::Principal>> Verify(net::Loop& own, std::string user, base::Secret password,
                                                      net::Deadline) override {
    ++asked;
    ++at_once;
    most_at_once = std::max(most_at_once, at_once);
    co_await own.Sleep(milliseconds(100));
    --at_once;
    if (state == State::kAway) co_return base::Error{.code = base::ErrorCode::kUnavailable};
    if (password.Reveal() != "right") co_return Refusal("wrong");
    co_return pipeline::Principal{.name = std::move(user)};
  }

  enum class State : std::uint8_t { kThere, kAway } state = State::kThere;
  int asked = 0;
  int at_once = 0;
  int most_at_once = 0;
};

using Outcome = PasswordLogin::Outcome;

class PasswordLoginTest : public testing::Test {
 protected:
  static PasswordLogin::Attempt Of(std::string user, std::string password, std::string address = "192.0.2.7:1000") {
    return {.user = std::move(user), .password = base::Secret(std::move(password)), .address = std::move(address)};
  }
  net::Task<> TryInto(PasswordLogin::Attempt attempt, std::vector<Outcome>& outcomes) {
    outcomes.push_back(co_await login.Verify(verifier, loop, std::move(attempt), loop.In(seconds(5))));
  }
  Outcome Try(PasswordLogin::Attempt attempt) {
    auto outcome = loop.AwaitFor(login.Verify(verifier, loop, std::move(attempt), loop.In(seconds(5))), seconds(10));
    return outcome ? *std::move(outcome) : base::Internal("it hangs");
  }
  void ExpectRefused(base::ErrorCode code, PasswordLogin::Attempt attempt) {
    const auto outcome = Try(std::move(attempt));
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, code) << outcome.error().detail;
  }

  base::FakeClock clock;
  net::fake::FakeLoop loop{clock};
  PasswordLogin login{{.remember = seconds(60), .failures = 3, .window = seconds(60)}, clock};
  std::shared_ptr<SlowVerifier> verifier = std::make_shared<SlowVerifier>();
};

TEST_F(PasswordLoginTest, WhatWasRightIsBelievedForAWhile) {
  for (int i = 0; i < 3; ++i) {
    const auto outcome = Try(Of("alice", "right"));
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome.value()->name, "alice");
  }
  EXPECT_EQ(verifier->asked, 1);
  ExpectRefused(base::ErrorCode::kUnauthenticated, Of("alice", "Right"));
  EXPECT_TRUE(Try(Of("bob", "right")).ok());
  EXPECT_EQ(verifier->asked, 3) << "it is remembered of this name and password only";
  loop.Advance(seconds(61));
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
  EXPECT_EQ(verifier->asked, 4);
}

TEST_F(PasswordLoginTest, NothingEmptyReachesTheDirectory) {
  ExpectRefused(base::ErrorCode::kUnauthenticated, Of("alice", ""));
  ExpectRefused(base::ErrorCode::kUnauthenticated, Of("", "right"));
  EXPECT_EQ(verifier->asked, 0);
}

TEST_F(PasswordLoginTest, GuessingIsSlowedDownByName) {
  for (int i = 0; i < 3; ++i) ExpectRefused(base::ErrorCode::kUnauthenticated, Of("alice", "guess"));
  const auto outcome = Try(Of("ALICE", "right", "192.0.2.9:5"));
  ASSERT_FALSE(outcome.ok()) << "other letters are the same name to a directory, and another address does not help";
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kRateLimited);
  EXPECT_GT(outcome.error().retry_after_seconds.value_or(0), 0U);
  EXPECT_LE(outcome.error().retry_after_seconds.value_or(0), 60U);
  EXPECT_EQ(verifier->asked, 3);
  EXPECT_TRUE(Try(Of("bob", "right")).ok());
  loop.Advance(seconds(61));
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
}

TEST_F(PasswordLoginTest, WhoIsRememberedIsNotLockedOutByOthersGuesses) {
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
  for (int i = 0; i < 3; ++i) ExpectRefused(base::ErrorCode::kUnauthenticated, Of("alice", "guess"));
  ExpectRefused(base::ErrorCode::kRateLimited, Of("alice", "guess"));
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
}

TEST_F(PasswordLoginTest, GuessingIsSlowedDownByAddress) {
  for (int i = 0; i < 30; ++i) {
    ExpectRefused(base::ErrorCode::kUnauthenticated, Of("user" + std::to_string(i), "guess"));
  }
  ExpectRefused(base::ErrorCode::kRateLimited, Of("alice", "right", "192.0.2.7:2000"));
  EXPECT_TRUE(Try(Of("alice", "right", "192.0.2.8:2000")).ok());
}

TEST_F(PasswordLoginTest, ADirectoryThatIsAwayIsNobodysFailure) {
  verifier->state = SlowVerifier::State::kAway;
  for (int i = 0; i < 10; ++i) ExpectRefused(base::ErrorCode::kUnavailable, Of("alice", "right"));
  verifier->state = SlowVerifier::State::kThere;
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
}

TEST_F(PasswordLoginTest, ManyCallsAtOnceAskOnce) {
  std::vector<Outcome> outcomes;
  net::TaskGroup group(loop);
  for (int i = 0; i < 20; ++i) group.Spawn(TryInto(Of("alice", "right"), outcomes));
  loop.Advance(seconds(4));
  ASSERT_EQ(outcomes.size(), 20U);
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(verifier->asked, 1);
}

TEST_F(PasswordLoginTest, ManyGuessesAtOnceAreAsFewAsOneAfterTheOther) {
  std::vector<Outcome> outcomes;
  net::TaskGroup group(loop);
  for (int i = 0; i < 20; ++i) group.Spawn(TryInto(Of("alice", "guess" + std::to_string(i)), outcomes));
  loop.Advance(seconds(6));
  EXPECT_EQ(outcomes.size(), 20U);
  EXPECT_EQ(verifier->asked, 3);
  EXPECT_EQ(verifier->most_at_once, 1);
}

TEST_F(PasswordLoginTest, ADroppedAttemptLeavesTheTurnToOthers) {
  std::vector<Outcome> outcomes;
  {
    net::TaskGroup group(loop);
    group.Spawn(TryInto(Of("alice", "right"), outcomes));
    loop.RunUntilIdle();
  }
  EXPECT_TRUE(outcomes.empty());
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
}

TEST_F(PasswordLoginTest, AnotherVerifierRemembersNothing) {
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
  verifier = std::make_shared<SlowVerifier>();
  EXPECT_TRUE(Try(Of("alice", "right")).ok());
  EXPECT_EQ(verifier->asked, 1);
}

// However many names are tried, what is known of them stays small, and nobody new may guess on.
TEST(FailureCounter, IsBounded) {
  FailureCounter counter(seconds(60));
  const base::TimePoint now{};
  int counted = 0;
  while (!counter.Wait("name" + std::to_string(counted), 5, now) && counted < 10'000) {
    counter.Add("name" + std::to_string(counted++), now);
  }
  EXPECT_EQ(counted, 4096);
  EXPECT_TRUE(counter.Wait("somebody", 5, now));
  EXPECT_FALSE(counter.Wait("name7", 5, now)) << "who has failures left";
  EXPECT_FALSE(counter.Wait("somebody", 5, now + seconds(61)));
}

}  // namespace
}  // namespace gatehouse::features::identity
