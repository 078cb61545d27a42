#include "features/accounting/usage_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "features/accounting/schema.h"
#include "features/accounting/test_block.h"
#include "features/accounting/usage_format.h"
#include "features/common/database_test_rig.h"

namespace gatehouse::features::accounting {
namespace {

using pipeline::NodeKind;
using testing::HasSubstr;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kFirstDay = 1'767'225'600'000;  // 2026-01-01

constexpr std::array<pipeline::Link, 3> kSearch = {
    {{NodeKind::kOrganization, {1}}, {NodeKind::kTeam, {2}}, {NodeKind::kProject, {9}}}};
constexpr std::array<pipeline::Link, 3> kOther = {
    {{NodeKind::kOrganization, {1}}, {NodeKind::kTeam, {3}}, {NodeKind::kProject, {9}}}};

NumberedRow RowOn(std::int64_t number, std::int64_t day, std::span<const pipeline::Link> chain, std::string_view model,
                  std::int64_t cost) {
  Row row{.chain = chain, .surface = "openai.chat", .model = model, .provider = "openai", .upstream_model = "gpt-5"};
  row.admitted_ms = kFirstDay + day * kDayMs + 3'600'000;
  row.usage = {.input = 10, .cache_read = 5, .output = 7, .reasoning = 3};
  row.basis = number % 2 == 0 ? pipeline::Charge::Basis::kEstimated : pipeline::Charge::Basis::kProvider;
  row.cost = {cost};
  return {number, row};
}

std::string NameOf(pipeline::NodeId id) { return "node-" + std::to_string(id.value); }

class UsageTest : public common::DatabaseTest {
 protected:
  UsageTest() {
    Migrate(LedgerSchema());
    const auto unit =
        UnitOf(1, 1,
               {RowOn(1, 0, kSearch, "small", 100), RowOn(2, 0, kSearch, "big", 1000), RowOn(3, 1, kOther, "big", 2000),
                RowOn(4, 1, kOther, "=evil\"", 1), RowOn(5, 40, kSearch, "big", 5000)},
               treasury_);
    EXPECT_TRUE(Run(database_->Write(loop_, unit, In())).ok());
  }
  UsageReport Query(const UsageQuery& query) {
    auto report = Run(QueryUsage(*database_, loop_, query, In()));
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().detail + report.error().public_message);
    return report.ok() ? report.value() : UsageReport();
  }

  Treasury treasury_;
};

TEST_P(UsageTest, SumsByWhatIsAsked) {
  const UsageQuery january{.from_ms = kFirstDay, .until_ms = kFirstDay + 31 * kDayMs, .by = {UsageKey::kModel}};
  const auto report = Query(january);
  ASSERT_EQ(report.lines.size(), 3U);
  EXPECT_EQ(store::TextOf(report.lines[0].keys[0]), "big");
  EXPECT_EQ(report.lines[0].cost.value, 3000);
  EXPECT_EQ(report.lines[0].exchanges, 2);
  EXPECT_EQ(report.lines[0].estimated, 1);
  EXPECT_EQ(report.lines[0].input, 20);
  EXPECT_EQ(report.lines[0].cache_read, 10);
  EXPECT_EQ(report.lines[0].output, 14);
  EXPECT_EQ(report.lines[0].reasoning, 6);
  EXPECT_TRUE(report.complete);

  UsageQuery all{.from_ms = kFirstDay, .until_ms = kFirstDay + 60 * kDayMs};
  EXPECT_EQ(Query(all).lines.at(0).cost.value, 8101);
  all.within = pipeline::NodeId{3};
  EXPECT_EQ(Query(all).lines.at(0).cost.value, 2001);
  all.within = pipeline::NodeId{77};
  EXPECT_TRUE(Query(all).lines.empty());
}

TEST_P(UsageTest, GoesByTimeWhereThatIsAsked) {
  UsageQuery query{.from_ms = kFirstDay, .until_ms = kFirstDay + 60 * kDayMs, .by = {UsageKey::kTime}};
  const auto days = Query(query);
  ASSERT_EQ(days.lines.size(), 3U);
  EXPECT_EQ(store::IntegerOf(days.lines[2].keys[0]), kFirstDay + 40 * kDayMs);
  query.grain = Grain::kHour;
  EXPECT_EQ(store::IntegerOf(Query(query).lines.at(0).keys.at(0)), kFirstDay + 3'600'000);
  query.at_most = 2;
  EXPECT_FALSE(Query(query).complete);
}

TEST_P(UsageTest, WhatMakesNoSenseIsRefused) {
  EXPECT_FALSE(Run(QueryUsage(*database_, loop_, {.from_ms = 5, .until_ms = 5}, In())).ok());
  EXPECT_FALSE(Run(QueryUsage(*database_, loop_, {.until_ms = 5, .at_most = 0}, In())).ok());
  EXPECT_FALSE(Run(QueryUsage(*database_, loop_, {.until_ms = 5, .by = {UsageKey::kKey, UsageKey::kKey}}, In())).ok());
}

TEST_P(UsageTest, IsWrittenAsJsonCsvAndFocus) {
  const UsageQuery query{.from_ms = kFirstDay,
                         .until_ms = kFirstDay + 2 * kDayMs,
                         .by = {UsageKey::kTime, UsageKey::kTeam, UsageKey::kModel}};
  const auto report = Query(query);
  EXPECT_THAT(UsageAsJson(query, report, NameOf),
              HasSubstr(R"({"time":"2026-01-01T00:00:00Z","team":{"id":"2","path":"node-2"},"model":"big",)"
                        R"("exchanges":1,"estimated":1,"input":10,"cache_read":5,"cache_write":0,"output":7,)"
                        R"("reasoning":3,"usd":"0.000001"})"));
  const std::string csv = UsageAsCsv(query, report, NameOf);
  EXPECT_THAT(csv, testing::StartsWith("time,team,model,exchanges,estimated,input,cache_read,cache_write,output,"
                                       "reasoning,usd\r\n2026-01-01T00:00:00Z,node-2,big,1,1,10,5,0,7,3,0.000001\r\n"));
  EXPECT_THAT(csv, HasSubstr(",\"'=evil\"\"\",")) << "no formula for a spreadsheet";

  const UsageQuery focus = FocusQuery(query);
  const std::string table = UsageAsFocus(Query(focus), NameOf);
  EXPECT_THAT(table, testing::StartsWith("BilledCost,BillingAccountId,BillingAccountName,"));
  EXPECT_THAT(table,
              HasSubstr("0.000001,1,node-1,USD,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z,Usage,,"
                        "1 exchanges with big,Usage-Based,2026-01-02T00:00:00Z,2026-01-01T00:00:00Z,25,Tokens,"));
}

INSTANTIATE_TEST_SUITE_P(Databases, UsageTest, common::kDatabases, common::DatabaseName);

}  // namespace
}  // namespace gatehouse::features::accounting
