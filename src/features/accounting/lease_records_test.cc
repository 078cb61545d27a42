#include "features/accounting/lease_records.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "features/accounting/limit_book.h"
#include "features/accounting/schema.h"
#include "features/common/database_test_rig.h"

namespace gatehouse::features::accounting {
namespace {

using State = GatewayRecord::State;

class LeaseRecordsTest : public common::DatabaseTest {
 protected:
  void MigrateTo(std::size_t version) {
    store::Schema schema = LedgerSchema();
    schema.migrations = schema.migrations.first(version);
    Migrate(schema);
  }
  void MigrateWhole() { MigrateTo(LedgerSchema().migrations.size()); }
  void Do(std::string sql) {
    std::vector<store::Statement> unit;
    unit.push_back({.sql = std::move(sql), .arguments = {}, .expected_changes = {}});
    ASSERT_TRUE(Run(database_->Write(loop_, std::move(unit), In())).ok());
  }
  template <class T>
  T Must(net::Task<base::Result<T>> task) {
    auto result = Run(std::move(task));
    EXPECT_TRUE(result.ok()) << result.error().detail << result.error().public_message;
    return result.ok() ? std::move(result).value() : T();
  }
};

TEST_P(LeaseRecordsTest, WhatVersion1CountedIsOfNobodyInParticular) {
  MigrateTo(1);
  Do("INSERT INTO limit_use (limit_id, piece_begin_s, used) VALUES (7, 0, 500)");
  MigrateWhole();
  DatabaseLeaseRecords records(*database_, loop_);
  const auto uses = Must(records.UsesOf(7, 0, In()));
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].journal, 0);
  EXPECT_EQ(uses[0].used, 500);
}

TEST_P(LeaseRecordsTest, AGatewayIsKnownThroughItsLives) {
  MigrateWhole();
  DatabaseLeaseRecords records(*database_, loop_);
  EXPECT_EQ(Must(records.Begin(41, "a", In())), 1);
  EXPECT_EQ(Must(records.Gateways(In())).at(0).state, State::kStarting);
  Must(records.Mark(41, State::kOpen, In()));
  EXPECT_EQ(Must(records.Begin(41, "renamed", In())), 2);
  EXPECT_EQ(Must(records.Begin(42, "b", In())), 1);
  auto all = Must(records.Gateways(In()));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].name, "renamed");
  EXPECT_EQ(all[1].state, State::kOpen) << "it did not end in order";
  Must(records.Mark(41, State::kClosed, In()));
  EXPECT_EQ(Must(records.Begin(41, "renamed", In())), 3);
  all = Must(records.Gateways(In()));
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
  Must(mine.Load(loop_, In()));
  Must(theirs.Load(loop_, In()));
  const NodePlace place{.organization = {1}, .node = {1}};
  const std::int64_t id = Must(mine.Put(loop_, {.node = "acme", .limit = LimitOf(100)}, place, In()));
  Do("INSERT INTO limit_use (limit_id, journal, piece_begin_s, used) VALUES (" + std::to_string(id) + ", 42, 0, 30)");
  Do("INSERT INTO limit_use (limit_id, journal, piece_begin_s, used) VALUES (" + std::to_string(id) + ", 41, 0, 9)");
  Must(theirs.Refresh(loop_, In()));
  ASSERT_NE(theirs.Find(id), nullptr);
  auto stake = there.StakeIn({1}, id, 0, 1'700'000'000);
  ASSERT_TRUE(stake);
  EXPECT_EQ(stake->used, 30) << "its own";
  EXPECT_EQ(there.Standings({1}, 1'700'000'000).at(0).spent, 39) << "that of all";
  Must(mine.Put(loop_, {.node = "acme", .limit = LimitOf(200)}, place, In()));
  Must(theirs.Refresh(loop_, In()));
  EXPECT_EQ(theirs.Find(id)->amount, 200);
  EXPECT_EQ(there.StakeIn({1}, id, 0, 1'700'000'000)->used, 30) << "what was counted stays";
  Must(theirs.Remove(loop_, id, In()));
  Must(mine.Refresh(loop_, In()));
  EXPECT_EQ(mine.Find(id), nullptr);
  EXPECT_FALSE(here.StakeIn({1}, id, 0, 1'700'000'000));
}

INSTANTIATE_TEST_SUITE_P(Databases, LeaseRecordsTest, common::kDatabases, common::DatabaseName);

}  // namespace
}  // namespace gatehouse::features::accounting
