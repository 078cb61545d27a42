#include "features/alerts/outbox.h"

#include <gtest/gtest.h>

#include "features/alerts/fake_receiver.h"
#include "features/alerts/schema.h"
#include "features/common/database_test_rig.h"

namespace gatehouse::features::alerts {
namespace {

class OutboxTest : public common::DatabaseTest {
 protected:
  OutboxTest() { Migrate(AlertSchema()); }
  static Alert AlertFor(std::int64_t id, std::string key, std::int64_t at_ms = 1000) {
    return {.id = id, .at_ms = at_ms, .notice = NoticeFor(std::move(key))};
  }
  Outbox::Taken Add(Alert alert, std::vector<std::string> channels) {
    return Run(outbox_.Add(std::move(alert), std::move(channels), In())).value();
  }
  std::vector<Outbox::Due> DueAt(const std::string& channel, std::int64_t now) {
    return Run(outbox_.DueAt(channel, now, 10, In())).value();
  }

  Outbox outbox_{*database_, loop_};
};

TEST_P(OutboxTest, AnEventIsTakenOnOnce) {
  EXPECT_EQ(Add(AlertFor(1, "a"), {"ops", "team"}), Outbox::Taken::kNew);
  EXPECT_EQ(Add(AlertFor(2, "a"), {"ops", "team"}), Outbox::Taken::kKnown);
  EXPECT_EQ(Add(AlertFor(3, "b", 1500), {}), Outbox::Taken::kNew);
  EXPECT_EQ(DueAt("ops", 2000).size(), 1U);
  EXPECT_EQ(DueAt("ops", 999).size(), 0U);
  EXPECT_EQ(Run(outbox_.ToldAt("a", In())).value(), 1000);
  EXPECT_EQ(Run(outbox_.ToldAt("c", In())).value(), std::nullopt);
}

TEST_P(OutboxTest, WhatWasTakenOnComesBackWhole) {
  Add(AlertFor(1, "a"), {"ops"});
  const auto due = DueAt("ops", 1000);
  ASSERT_EQ(due.size(), 1U);
  const common::Notice& notice = due[0].alert.notice;
  EXPECT_EQ(due[0].alert.id, 1);
  EXPECT_EQ(due[0].alert.at_ms, 1000);
  EXPECT_EQ(JsonOf(due[0].alert), JsonOf(AlertFor(1, "a")));
  EXPECT_EQ(notice.key, "a");
  EXPECT_EQ(notice.text, "Words.");
}

TEST_P(OutboxTest, AnAttemptIsOnesOwnUntilItsTimeIsOver) {
  Add(AlertFor(1, "a"), {"ops"});
  const auto due = DueAt("ops", 1000);
  EXPECT_EQ(Run(outbox_.Claim(due[0], 5000, In())).value(), Outbox::Claimed::kYes);
  EXPECT_EQ(Run(outbox_.Claim(due[0], 5000, In())).value(), Outbox::Claimed::kElsewhere);
  EXPECT_TRUE(DueAt("ops", 4999).empty());
  const auto again = DueAt("ops", 5000);  // whoever claimed it is gone
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempts, 1);
  EXPECT_EQ(Run(outbox_.Claim(again[0], 9000, In())).value(), Outbox::Claimed::kYes);
  ASSERT_TRUE(
      Run(outbox_.Note(again[0], {.state = Outbox::State::kDelivered, .at_ms = 5100, .said = "200"}, In())).ok());
  EXPECT_TRUE(DueAt("ops", 1'000'000).empty());
  // Whoever was thought to be gone comes late, and changes nothing.
  ASSERT_TRUE(Run(outbox_.Note(due[0], {.state = Outbox::State::kWaiting, .at_ms = 6000, .next_ms = 7000}, In())).ok());
  EXPECT_TRUE(DueAt("ops", 1'000'000).empty());
}

TEST_P(OutboxTest, PeopleSeeTheNewestFirstAndOnlyTheirPart) {
  Alert other = AlertFor(2, "b", 2000);
  other.notice.chain = {{1}, {44}};
  Alert gateway = AlertFor(3, "c", 3000);
  gateway.notice.chain.clear();
  Add(AlertFor(1, "a"), {"ops", "team"});
  Add(other, {"ops"});
  Add(gateway, {});
  auto due = DueAt("team", 1000);
  ASSERT_TRUE(Run(outbox_.Note(due[0], {.state = Outbox::State::kFailed, .at_ms = 9, .said = "410 gone"}, In())).ok());
  const auto all = Run(outbox_.List({}, In())).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].alert.id, 3);
  EXPECT_TRUE(all[0].deliveries.empty());
  ASSERT_EQ(all[2].deliveries.size(), 2U);
  EXPECT_EQ(all[2].deliveries[0].channel, "ops");
  EXPECT_EQ(all[2].deliveries[0].state, "waiting");
  EXPECT_EQ(all[2].deliveries[1].state, "failed");
  EXPECT_EQ(all[2].deliveries[1].said, "410 gone");
  const auto mine = Run(outbox_.List({.within = pipeline::NodeId{4}}, In())).value();
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0].alert.id, 1);
  EXPECT_EQ(Run(outbox_.List({.within = pipeline::NodeId{1}}, In())).value().size(), 2U);
  EXPECT_EQ(Run(outbox_.List({.at_most = 1}, In())).value().size(), 1U);
  EXPECT_EQ(Run(outbox_.List({.before_ms = 3000}, In())).value().size(), 2U);
}

TEST_P(OutboxTest, WhatNobodyWantsIsGivenUpAndWhatIsOldForgotten) {
  Add(AlertFor(1, "a"), {"gone"});
  Add(AlertFor(2, "b", 8000), {"gone"});
  const Outbox::Outcome outcome{.state = Outbox::State::kFailed, .at_ms = 9000, .said = "no such channel"};
  EXPECT_EQ(Run(outbox_.GiveUp("gone", 5000, outcome, In())).value(), 1U);
  const auto waiting = Run(outbox_.WaitingNow(In())).value();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].channel, "gone");
  EXPECT_EQ(waiting[0].deliveries, 1);
  ASSERT_TRUE(Run(outbox_.Forget(5000, In())).ok());
  EXPECT_EQ(Run(outbox_.List({}, In())).value().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Databases, OutboxTest, common::kDatabases, common::DatabaseName);

}  // namespace
}  // namespace gatehouse::features::alerts
