#include "features/accounting/lease_records.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "features/accounting/limit_book.h"
#include "features/accounting/schema.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/migrations.h"
#include "store/postgres/postgres_database.h"
#include "store/postgres/test_server.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::accounting {
namespace {

using State = GatewayRecord::State;

std::unique_ptr<store::Database> OpenDatabase(const std::string& kind, const std::string& file) {
  if (kind == "postgres") {
    return store::postgres::PostgresDatabase::Open(base::Secret(store::postgres::TestServer::Shared().NewDatabase()),
                                                   {}, base::SystemClock())
        .value();
  }
  return store::sqlite::SqliteDatabase::Open(file, {}, base::SystemClock()).value();
}

class LeaseRecordsTest : public testing::TestWithParam<std::string> {
 protected:
  LeaseRecordsTest() : database_(OpenDatabase(GetParam(), folder_.file())) {}
  net::Deadline Soon() { return {base::SystemClock().Now() + std::chrono::seconds(30)}; }
  void MigrateTo(std::size_t version) {
    store::Schema schema = LedgerSchema();
    schema.migrations = schema.migrations.first(version);
    ASSERT_TRUE(net::BlockOn(loop_, store::Migrate(*database_, loop_, schema, Soon()))->ok());
  }
  void MigrateWhole() { MigrateTo(LedgerSchema().migrations.size()); }
  void Do(std::string sql) {
    std::vector<store::Statement> unit;
    unit.push_back({.sql = std::move(sql), .arguments = {}, .expected_changes = {}});
    ASSERT_TRUE(net::BlockOn(loop_, database_->Write(loop_, std::move(unit), Soon()))->ok());
  }
  template <class T>
  T Must(net::Task<base::Result<T>> task) {
    auto result = *net::BlockOn(loop_, std::move(task));
    EXPECT_TRUE(result.ok()) << result.error().detail << result.error().public_message;
    return result.ok() ? std::move(result).value() : T();
  }

  net::EpollLoop loop_{base::SystemClock()};
  store::sqlite::TestFolder folder_;
  std::unique_ptr<store::Database> database_;
};

TEST_P(LeaseRecordsTest, WhatVersion1CountedIsOfNobodyInParticular) {
  MigrateTo(1);
  Do("INSERT INTO limit_use (limit_id, piece_begin_s, used) VALUES (7, 0, 500)");
  MigrateWhole();
  DatabaseLeaseRecords records(*database_, loop_);
  const auto uses = Must(records.UsesOf(7, 0, Soon()));
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].journal, 0);
  EXPECT_EQ(uses[0].used, 500);
}

TEST_P(LeaseRecordsTest, AGatewayIsKnownThroughItsLives) {
  MigrateWhole();
  DatabaseLeaseRecords records(*database_, loop_);
  EXPECT_EQ(Must(records.Begin(41, "a", Soon())), 1);
  EXPECT_EQ(Must(records.Gateways(Soon())).at(0).state, State::kStarting);
  Must(records.Mark(41, State::kOpen, Soon()));
  EXPECT_EQ(Must(records.Begin(41, "renamed", Soon())), 2);
  EXPECT_EQ(Must(records.Begin(42, "b", Soon())), 1);
  auto all = Must(records.Gateways(Soon()));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].name, "renamed");
  EXPECT_EQ(all[1].state, State::kOpen) << "it did not end in order";
  Must(records.Mark(41, State::kClosed, Soon()));
  EXPECT_EQ(Must(records.Begin(41, "renamed", Soon())), 3);
  all = Must(records.Gateways(Soon()));
  EXPECT_EQ(all[1].state, State::kStarting);
}

Limit LimitOf(std::int64_t amount) {
  return {.id = 0,
          .organization = {},
          .node = {},
          .name = "shared",
          .dimension = Dimension::kTokens,
          .amount = amount,
          .window = {.unit = WindowSpec::Unit::kTotal},
          .zone = "UTC",
          .steps = {{.permille = 1000, .action = Step::Action::kAlert}}};
}

TEST_P(LeaseRecordsTest, LimitsThatOneGatewayChangesAreInForceOnAnother) {
  MigrateWhole();
  const common::ZoneFiles zones;
  Treasury here(Tenure::kShared);
  Treasury there(Tenure::kShared);
  LimitBook mine(*database_, here, zones);
  LimitBook theirs(*database_, there, zones);
  mine.OwnedBy(41);
  theirs.OwnedBy(42);
  Must(mine.Load(loop_, Soon()));
  Must(theirs.Load(loop_, Soon()));
  const NodePlace place{.organization = {1}, .node = {1}};
  const std::int64_t id = Must(mine.Put(loop_, {.node = "acme", .limit = LimitOf(100)}, place, Soon()));
  Do("INSERT INTO limit_use (limit_id, journal, piece_begin_s, used) VALUES (" + std::to_string(id) + ", 42, 0, 30)");
  Do("INSERT INTO limit_use (limit_id, journal, piece_begin_s, used) VALUES (" + std::to_string(id) + ", 41, 0, 9)");
  Must(theirs.Refresh(loop_, Soon()));
  ASSERT_NE(theirs.Find(id), nullptr);
  auto stake = there.StakeIn({1}, id, 0, 1'700'000'000);
  ASSERT_TRUE(stake);
  EXPECT_EQ(stake->used, 30) << "its own";
  EXPECT_EQ(there.Standings({1}, 1'700'000'000).at(0).spent, 39) << "that of all";
  Must(mine.Put(loop_, {.node = "acme", .limit = LimitOf(200)}, place, Soon()));
  Must(theirs.Refresh(loop_, Soon()));
  EXPECT_EQ(theirs.Find(id)->amount, 200);
  EXPECT_EQ(there.StakeIn({1}, id, 0, 1'700'000'000)->used, 30) << "what was counted stays";
  Must(theirs.Remove(loop_, id, Soon()));
  Must(mine.Refresh(loop_, Soon()));
  EXPECT_EQ(mine.Find(id), nullptr);
  EXPECT_FALSE(here.StakeIn({1}, id, 0, 1'700'000'000));
}

INSTANTIATE_TEST_SUITE_P(Databases, LeaseRecordsTest, testing::Values("sqlite", "postgres"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace gatehouse::features::accounting
