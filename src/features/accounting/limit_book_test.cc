#include "features/accounting/limit_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/config/tree.h"
#include "features/accounting/schema.h"
#include "features/accounting/test_block.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::accounting {
namespace {

using testing::HasSubstr;

const common::ZoneFiles& Zones() {
  static const common::ZoneFiles zones;
  return zones;
}

std::vector<StatedLimit> Stated(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml).value();
  auto limits = ReadLimits(tree.root()["budgets"], Zones());
  const auto status = tree.Finish();
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().public_message);
  return limits;
}

std::string Problem(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml).value();
  static_cast<void>(ReadLimits(tree.root()["budgets"], Zones()));
  const auto status = tree.Finish();
  return status.ok() ? "" : status.error().public_message;
}

TEST(LimitReader, ReadsWhatALimitCanSay) {
  const auto limits = Stated(R"(
budgets:
  - { node: acme, name: monthly, usd: 100.5, per: month, zone: Europe/Berlin, alerts: [50, 99.5],
      downgrade: { at: 90, to: small }, throttle_per_minute: 10 }
  - { node: acme/search, name: burst, tokens: 100000, per: minute, window: rolling, models: "gpt-*", provider: openai }
  - { node: acme, name: all, requests: 5, per: total }
)");
  ASSERT_EQ(limits.size(), 3U);
  EXPECT_EQ(limits[0].limit.amount, 100'500'000'000);
  EXPECT_NE(limits[0].limit.window.zone, nullptr);
  ASSERT_EQ(limits[0].limit.steps.size(), 4U);
  EXPECT_EQ(limits[0].limit.steps[1].action, Step::Action::kDowngrade);
  EXPECT_EQ(limits[0].limit.steps[2].permille, 995U);
  EXPECT_EQ(limits[0].limit.steps[3].per_minute, 10U);
  EXPECT_EQ(limits[1].limit.window.kind, WindowSpec::Kind::kRolling);
  EXPECT_EQ(limits[1].limit.steps.size(), 3U) << "the usual alerts";
  EXPECT_EQ(ParseSteps(StepsText(limits[0].limit.steps)).value(), limits[0].limit.steps);
}

TEST(LimitReader, SaysWhatIsWrong) {
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, per: month } ]"), HasSubstr("exactly one of"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, tokens: 1, per: month } ]"), HasSubstr("exactly one of"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: -1, per: month } ]"), HasSubstr("usd"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: cheap, per: month } ]"), HasSubstr("must be dollars"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, per: fortnight } ]"), HasSubstr("per"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, per: day, zone: Mars/Base } ]"), HasSubstr("time zone"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, per: day, window: rolling, zone: Europe/Berlin } ]"),
              HasSubstr("rolling"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, per: day, alerts: [120] } ]"), HasSubstr("alerts"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, per: day }, { node: a, name: b, usd: 2, per: day } ]"),
              HasSubstr("of this name already"));
  EXPECT_THAT(Problem("budgets: [ { node: a, name: b, usd: 1, per: day, extra: 1 } ]"), HasSubstr("extra"));
  for (const char* text :
       {"", "{}", "[{}]", R"([{"permille":0,"action":"alert"}])", R"([{"permille":5,"action":"x"}])"}) {
    EXPECT_FALSE(ParseSteps(text).ok()) << text;
  }
}

class LimitBookTest : public testing::Test {
 protected:
  LimitBookTest() : loop_(base::SystemClock()) {
    EXPECT_TRUE(Run(store::Migrate(*database_, loop_, LedgerSchema(), In())).ok());
  }
  template <class T>
  T Run(net::Task<T> task) {
    auto result = net::BlockOn(loop_, std::move(task));
    EXPECT_TRUE(result.has_value());
    return *std::move(result);
  }
  net::Deadline In() { return loop_.In(std::chrono::seconds(20)); }
  base::Status Declare(LimitBook& book, std::string_view yaml) {
    const auto find = [](std::string_view path) -> std::optional<NodePlace> {
      if (path == "acme") return NodePlace{{1}, {1}};
      if (path == "acme/search") return NodePlace{{1}, {2}};
      return {};
    };
    return Run(book.Declare(loop_, Stated(yaml), find, In()));
  }
  std::int64_t Now() { return SecondsOf(base::SystemClock().Wall()); }

  store::sqlite::TestFolder folder_;
  net::EpollLoop loop_;
  std::unique_ptr<store::Database> database_ =
      store::sqlite::SqliteDatabase::Open(folder_.file(), {}, base::SystemClock()).value();
  Treasury treasury_;
  LimitBook book_{*database_, treasury_, Zones()};
};

constexpr std::string_view kTwo = R"(
budgets:
  - { node: acme, name: monthly, usd: 100, per: month, zone: Europe/Berlin }
  - { node: acme/search, name: daily, requests: 5, per: day, window: rolling }
)";

TEST_F(LimitBookTest, DeclaresOnceAndKeepsWhatIsUsed) {
  ASSERT_TRUE(Declare(book_, kTwo).ok());
  EXPECT_EQ(treasury_.size(), 2U);
  const std::int64_t id = book_.Of({1}).at(0)->id;
  ASSERT_TRUE(Declare(book_, kTwo).ok());
  EXPECT_EQ(book_.Of({1}).at(0)->id, id) << "the same limits";

  LimitBook again(*database_, treasury_, Zones());
  ASSERT_TRUE(Run(again.Load(loop_, In())).ok());
  EXPECT_EQ(again.size(), 2U);
  EXPECT_TRUE(again.IsDeclared(id));
  EXPECT_EQ(again.Find(id)->name, book_.Find(id)->name);
  EXPECT_EQ(again.Find(id)->steps, book_.Find(id)->steps);

  ASSERT_TRUE(
      Declare(again, "budgets: [ { node: acme, name: monthly, usd: 200, per: month, zone: Europe/Berlin } ]").ok());
  EXPECT_EQ(treasury_.size(), 1U);
  EXPECT_EQ(treasury_.Standings({1}, Now()).at(0).limit->amount, 200'000'000'000);
}

TEST_F(LimitBookTest, ALimitThatComesLaterCountsWhatWasUsedBefore) {
  constexpr std::array<pipeline::Link, 2> kChain = {
      {{pipeline::NodeKind::kOrganization, {1}}, {pipeline::NodeKind::kTeam, {2}}}};
  Row row{.chain = kChain, .model = "gpt-5", .provider = "openai"};
  row.admitted_ms = Now() * 1000;
  row.usage = {.input = 70, .output = 30};
  row.basis = pipeline::Charge::Basis::kProvider;
  row.cost = {4'000'000'000};
  ASSERT_TRUE(Run(database_->Write(loop_, UnitOf(5, 1, {{1, row}}, treasury_), In())).ok());
  ASSERT_TRUE(Declare(book_, R"(
budgets:
  - { node: acme, name: monthly, usd: 100, per: month }
  - { node: acme, name: other, usd: 100, per: month, models: claude }
  - { node: acme/search, name: rolling, tokens: 1000, per: day, window: rolling }
  - { node: acme/search, name: total, requests: 1000, per: total }
)")
                  .ok());
  std::map<std::string, std::int64_t> spent;
  for (const auto& standing : treasury_.Standings({1}, Now())) spent[standing.limit->name] = standing.spent;
  EXPECT_EQ(spent["monthly"], 4'000'000'000);
  EXPECT_EQ(spent["other"], 0);
  EXPECT_EQ(spent["rolling"], 100);
  EXPECT_EQ(spent["total"], 1);
  LimitBook again(*database_, treasury_, Zones());
  Treasury fresh;
  LimitBook loaded(*database_, fresh, Zones());
  ASSERT_TRUE(Run(loaded.Load(loop_, In())).ok());
  for (const auto& standing : fresh.Standings({1}, Now())) {
    EXPECT_EQ(standing.spent, spent[standing.limit->name]) << standing.limit->name;
  }
}

TEST_F(LimitBookTest, WhatOthersMadeIsLeftAloneAndTheOtherWayRound) {
  ASSERT_TRUE(Declare(book_, kTwo).ok());
  StatedLimit stated = Stated("budgets: [ { node: acme, name: mine, tokens: 7, per: day } ]").at(0);
  const auto id = Run(book_.Put(loop_, stated, {{1}, {1}}, In()));
  ASSERT_TRUE(id.ok());
  ASSERT_TRUE(Declare(book_, "budgets: []").ok());
  EXPECT_EQ(book_.size(), 1U);
  EXPECT_FALSE(Declare(book_, "budgets: [ { node: acme, name: mine, tokens: 8, per: day } ]").ok());

  ASSERT_TRUE(Declare(book_, kTwo).ok());
  const std::int64_t declared =
      book_.IsDeclared(book_.Of({1}).at(0)->id) ? book_.Of({1}).at(0)->id : book_.Of({1}).at(1)->id;
  EXPECT_EQ(Run(book_.Remove(loop_, declared, In())).error().code, base::ErrorCode::kConflict);
  EXPECT_TRUE(Run(book_.Remove(loop_, id.value(), In())).ok());
  EXPECT_EQ(Run(book_.Remove(loop_, id.value(), In())).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(treasury_.size(), 2U);
  EXPECT_TRUE(Run(book_.Prune(loop_, In())).ok());
}

TEST_F(LimitBookTest, WhatGatewaysCannotCountTogetherIsRefused) {
  constexpr std::string_view kHuge = "budgets: [ { node: acme, name: huge, usd: 9007200, per: month } ]";
  EXPECT_TRUE(Declare(book_, kHuge).ok()) << "alone it is exact";
  EXPECT_EQ(book_.Problem(), "");

  Treasury shared(Tenure::kShared);
  LimitBook together(*database_, shared, Zones());
  ASSERT_TRUE(Run(together.Load(loop_, In())).ok());
  EXPECT_THAT(together.Problem(), HasSubstr("budget 'huge' is more than"));
  const auto refused = Declare(together, kHuge);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().public_message, HasSubstr("budget 'huge': gateways that share budgets count 9007199.25"));
  auto stated = Stated(kHuge).at(0);
  EXPECT_FALSE(Run(together.Put(loop_, stated, NodePlace{{1}, {2}}, In())).ok());
  ASSERT_TRUE(Declare(together, "budgets: [ { node: acme, name: huge, usd: 9007199, per: month } ]").ok());
  EXPECT_EQ(together.Problem(), "");
}

TEST_F(LimitBookTest, APathThatLeadsNowhereChangesNothing) {
  ASSERT_TRUE(Declare(book_, kTwo).ok());
  const auto status = Declare(book_, "budgets: [ { node: nowhere, name: x, usd: 1, per: day } ]");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().public_message, HasSubstr("there is no node nowhere"));
  EXPECT_EQ(book_.size(), 2U);
}

}  // namespace
}  // namespace gatehouse::features::accounting
