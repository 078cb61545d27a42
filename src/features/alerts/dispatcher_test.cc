#include "features/alerts/dispatcher.h"

#include <gtest/gtest.h>

#include "features/alerts/fake_receiver.h"
#include "features/alerts/schema.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::alerts {
namespace {

using Outcome = Attempted::Outcome;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A gateway's dispatcher with one channel.
struct Gateway {
  Gateway(net::Loop& loop, store::Database& database, const base::Log& log, AlertSettings settings)
      : dispatcher({.loop = loop, .database = database, .log = log, .witness = [this](const AlertNews& one) {
                      news.push_back(std::string(one.what) + " " + one.alert.notice.kind + " " +
                                     std::string(one.channel) + std::to_string(one.attempts));
                    }}) {
    dispatcher.Use(std::move(settings), {{"ops", channel}});
  }
  std::vector<std::string> news;
  std::shared_ptr<FakeChannel> channel = std::make_shared<FakeChannel>();
  Dispatcher dispatcher;
};

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() {
    auto migrated = net::BlockOn(
        database_.loop(), store::Migrate(*sqlite_, database_.loop(), AlertSchema(), database_.loop().In(seconds(20))));
    EXPECT_TRUE(migrated && migrated->ok());
  }
  std::unique_ptr<Gateway> Start() { return std::make_unique<Gateway>(loop_, database_, log_, settings_); }
  std::vector<Outbox::Told> Told(Gateway& gateway) {
    return loop_.Await(gateway.dispatcher.outbox().List({}, net::Deadline::Never()))->value();
  }

  store::sqlite::TestFolder folder_;
  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::LogWriter lines_{2};
  base::Log log_{lines_, clock_, base::LogLevel::kError};
  std::unique_ptr<store::Database> sqlite_ =
      store::sqlite::SqliteDatabase::Open(folder_.file(), {}, base::SystemClock()).value();
  PromptDatabase database_{*sqlite_};
  AlertSettings settings_{.channels = {{.name = "ops"}}};
};

TEST_F(DispatcherTest, TellsAnEventOnceHoweverOftenItIsNoticed) {
  const auto gateway = Start();
  for (int i = 0; i < 5; ++i) {
    gateway->dispatcher.Raise(NoticeFor("budget/1/x/800"));
    loop_.Advance(seconds(1));
  }
  gateway->dispatcher.Raise(NoticeFor("budget/1/x/950"));
  loop_.Advance(minutes(10));
  ASSERT_EQ(gateway->channel->sent.size(), 2U);
  EXPECT_EQ(gateway->channel->sent[0].notice.title, NoticeFor("").title);
  EXPECT_EQ(gateway->dispatcher.raised().at("budget.threshold"), 2U);
  const std::vector<std::string> news = {"raised budget.threshold 0", "delivered budget.threshold ops1",
                                         "raised budget.threshold 0", "delivered budget.threshold ops1"};
  EXPECT_EQ(gateway->news, news);
  const auto told = Told(*gateway);
  ASSERT_EQ(told.size(), 2U);
  ASSERT_EQ(told[0].deliveries.size(), 1U);
  EXPECT_EQ(told[0].deliveries[0].state, "delivered");
  EXPECT_EQ(told[0].deliveries[0].attempts, 1);
}

TEST_F(DispatcherTest, ANewProcessDoesNotTellItAgain) {
  Start()->dispatcher.Raise(NoticeFor("never taken on"));  // gone before its first turn
  auto gateway = Start();
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(seconds(1));
  ASSERT_EQ(gateway->channel->sent.size(), 1U);
  gateway = Start();
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(minutes(10));
  EXPECT_TRUE(gateway->channel->sent.empty());
}

TEST_F(DispatcherTest, ANewProcessDeliversWhatWasTakenOn) {
  auto gateway = Start();
  gateway->channel->answers = {{.outcome = Outcome::kRetry, .said = "connection refused"}};
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(seconds(1));
  ASSERT_EQ(gateway->channel->sent.size(), 1U);
  const auto id = gateway->channel->sent[0].id;
  gateway = Start();
  loop_.Advance(minutes(1));
  ASSERT_EQ(gateway->channel->sent.size(), 1U);
  EXPECT_EQ(gateway->channel->sent[0].id, id);  // the receiver can tell that it is the same
}

TEST_F(DispatcherTest, OfTwoGatewaysOneTells) {
  const auto one = Start();
  const auto two = Start();
  for (int i = 0; i < 20; ++i) {
    one->dispatcher.Raise(NoticeFor("a" + std::to_string(i)));
    two->dispatcher.Raise(NoticeFor("a" + std::to_string(i)));
  }
  loop_.Advance(minutes(5));
  EXPECT_EQ(one->channel->sent.size() + two->channel->sent.size(), 20U);
}

TEST_F(DispatcherTest, TriesAgainLaterAndLaterUntilTheTimeIsOver) {
  const auto gateway = Start();
  gateway->channel->answers = {{.outcome = Outcome::kRetry, .said = "500 broken"}};
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(minutes(2));
  const std::size_t early = gateway->channel->sent.size();
  EXPECT_GE(early, 4U);
  EXPECT_LE(early, 8U);
  EXPECT_EQ(gateway->dispatcher.standings().at(0).problem, "500 broken");
  loop_.Advance(hours(30));
  const std::size_t all = gateway->channel->sent.size();
  EXPECT_GT(all, early + 20);
  EXPECT_LT(all, 70U);
  EXPECT_EQ(Told(*gateway).at(0).deliveries.at(0).state, "failed");
  EXPECT_EQ(gateway->dispatcher.standings().at(0).given_up, 1U);
  loop_.Advance(hours(30));
  EXPECT_EQ(gateway->channel->sent.size(), all);
}

TEST_F(DispatcherTest, WhatAReceiverRefusesIsNotSentAgain) {
  const auto gateway = Start();
  gateway->channel->answers = {{.outcome = Outcome::kRefused, .said = "410 gone"}};
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(hours(2));
  EXPECT_EQ(gateway->channel->sent.size(), 1U);
  EXPECT_EQ(gateway->news.back(), "given_up budget.threshold ops1");
  EXPECT_EQ(Told(*gateway).at(0).deliveries.at(0).said, "410 gone");
}

TEST_F(DispatcherTest, WaitsAsLongAsTheReceiverAsks) {
  const auto gateway = Start();
  gateway->channel->answers = {{.outcome = Outcome::kRetry, .said = "429", .retry_after = seconds(600)},
                               {.outcome = Outcome::kDelivered, .said = "200"}};
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(seconds(599));
  EXPECT_EQ(gateway->channel->sent.size(), 1U);
  loop_.Advance(seconds(10));
  EXPECT_EQ(gateway->channel->sent.size(), 2U);
}

TEST_F(DispatcherTest, RemindsOnlyOfWhatLastsAndOnlyWhereConfigured) {
  auto lasting = NoticeFor("lasting");
  lasting.lasts = common::Notice::Lasts::kUntilMended;
  auto gateway = Start();
  const auto raise_for = [&](int count) {
    for (int i = 0; i < count; ++i) {
      gateway->dispatcher.Raise(lasting);
      gateway->dispatcher.Raise(NoticeFor("passing"));
      loop_.Advance(minutes(30));
    }
  };
  raise_for(10);
  EXPECT_EQ(gateway->channel->sent.size(), 2U);
  settings_.remind_every = hours(2);
  gateway = Start();
  raise_for(10);  // five hours in, to ten hours
  ASSERT_GE(gateway->channel->sent.size(), 3U);
  EXPECT_LE(gateway->channel->sent.size(), 4U);
  EXPECT_EQ(gateway->channel->sent[0].notice.title, "Still: " + lasting.title);
}

TEST_F(DispatcherTest, WaitsForTheDatabaseAndForgetsNothing) {
  const auto gateway = Start();
  database_.away = true;
  gateway->dispatcher.Raise(NoticeFor("a"));
  gateway->dispatcher.Raise(NoticeFor("b"));
  loop_.Advance(minutes(1));
  EXPECT_TRUE(gateway->channel->sent.empty());
  database_.away = false;
  loop_.Advance(minutes(1));
  EXPECT_EQ(gateway->channel->sent.size(), 2U);
}

TEST_F(DispatcherTest, ThatTheDatabaseIsAwayIsToldWithoutIt) {
  const auto gateway = Start();
  database_.away = true;
  auto notice = NoticeFor("ledger");
  notice.needs = common::Notice::Needs::kNothing;
  for (int i = 0; i < 3; ++i) {
    gateway->dispatcher.Raise(notice);
    loop_.Advance(minutes(1));
  }
  EXPECT_EQ(gateway->channel->sent.size(), 1U);
}

// Never answers.
class HangingChannel final : public Channel {
 public:
  explicit HangingChannel(net::Loop& loop) : loop_(loop) {}
  std::string_view kind() const override { return "fake"; }
  std::string target() const override { return "nowhere"; }
  net::Task<Attempted> Send(Alert, base::WallTime, net::Deadline deadline) override {
    ++asked;
    co_await loop_.Sleep(deadline.at - loop_.Now());
    co_return Attempted{.outcome = Outcome::kRetry, .said = "no answer", .retry_after = {}};
  }
  int asked = 0;

 private:
  net::Loop& loop_;
};

TEST_F(DispatcherTest, AChannelThatHangsHoldsNoOtherBack) {
  settings_.channels = {{.name = "hangs"}, {.name = "ops"}};
  const auto hangs = std::make_shared<HangingChannel>(loop_);
  const auto gateway = Start();
  gateway->dispatcher.Use(settings_, {{"hangs", hangs}, {"ops", gateway->channel}});
  database_.away = true;
  for (int i = 0; i < 80; ++i) {
    auto notice = NoticeFor("ledger" + std::to_string(i));
    notice.needs = common::Notice::Needs::kNothing;
    gateway->dispatcher.Raise(notice);
  }
  loop_.RunUntilIdle();
  EXPECT_EQ(gateway->channel->sent.size(), 80U);
  EXPECT_EQ(hangs->asked, 16);
  EXPECT_EQ(gateway->dispatcher.dropped(), 64U) << "so many hang at most";
  loop_.Advance(minutes(5));
  EXPECT_EQ(gateway->dispatcher.standings().at(0).attempts_failed, 16U);
}

TEST_F(DispatcherTest, WhatWaitsIsBounded) {
  const auto gateway = Start();
  database_.away = true;
  for (int i = 0; i < 3000; ++i) gateway->dispatcher.Raise(NoticeFor(std::to_string(i)));
  loop_.Advance(seconds(1));
  EXPECT_GT(gateway->dispatcher.dropped(), 1900U);
}

TEST_F(DispatcherTest, GoesOnlyWhereARouteSendsIt) {
  settings_.routes = {{.kinds = {"provider.down"}, .channels = {"ops"}}};
  const auto gateway = Start();
  gateway->dispatcher.Raise(NoticeFor("a"));
  loop_.Advance(minutes(1));
  EXPECT_TRUE(gateway->channel->sent.empty());
  EXPECT_EQ(Told(*gateway).size(), 1U);  // but it is there to be read
}

TEST_F(DispatcherTest, ATestSaysWhatTheReceiverSaid) {
  const auto gateway = Start();
  gateway->channel->answers = {{.outcome = Outcome::kRetry, .said = "403 no"}};
  const auto said = *loop_.Await(gateway->dispatcher.Test("ops", "owner"));
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(said.value().said, "403 no");
  EXPECT_EQ(gateway->channel->sent.at(0).notice.kind, "alert.test");
  EXPECT_FALSE(loop_.Await(gateway->dispatcher.Test("nobody", "owner"))->ok());
  EXPECT_TRUE(Told(*gateway).empty());
}

TEST(PauseAfter, DoublesUpToAnHourAndLeavesHalfToChance) {
  EXPECT_EQ(Dispatcher::PauseAfter(1, 0), std::chrono::milliseconds(2500));
  EXPECT_EQ(Dispatcher::PauseAfter(1, 1), seconds(5));
  EXPECT_EQ(Dispatcher::PauseAfter(3, 1), seconds(20));
  EXPECT_EQ(Dispatcher::PauseAfter(1000, 1), hours(1));
}

}  // namespace
}  // namespace gatehouse::features::alerts
