#include "features/accounting/adjustment.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "features/accounting/schema.h"
#include "features/accounting/test_block.h"
#include "features/common/database_test_rig.h"

namespace gatehouse::features::accounting {
namespace {

constexpr std::int64_t kAdmittedMs = 1'763'000'030'000;
constexpr std::int64_t kJournal = -77;

constexpr std::array<pipeline::Link, 2> kChain = {
    {{pipeline::NodeKind::kOrganization, {1}}, {pipeline::NodeKind::kApplication, {4}}}};

Row InDoubt(std::int64_t cost, std::string_view request_id = "req_1") {
  Row row{.chain = kChain, .surface = "openai.chat", .model = "m", .provider = "p", .outcome = Outcome::kInDoubt};
  row.admitted_ms = kAdmittedMs;
  row.basis = pipeline::Charge::Basis::kWorstCase;
  row.cost = {cost};
  row.request_id = request_id;
  return row;
}

class AdjustmentTest : public common::DatabaseTest {
 protected:
  AdjustmentTest() {
    Migrate(LedgerSchema());
    Migrate(AdjustmentSchema());
    Put(treasury_, {});
    // Two in doubt and one that is known, as the ledger writes them and charges them.
    Row known = InDoubt(30, "req_3");
    known.basis = pipeline::Charge::Basis::kProvider;
    known.outcome = Outcome::kOk;
    const std::vector<NumberedRow> rows = {
        {.number = 7, .row = InDoubt(1000)}, {.number = 8, .row = InDoubt(500, "req_2")}, {.number = 9, .row = known}};
    EXPECT_TRUE(Run(database_->Write(loop_, UnitOf(kJournal, 1, rows, treasury_), In())).ok());
    for (const auto& [number, row] : rows) treasury_.Charge(UseOf(row), Now());
  }
  // A budget of dollars whose window the rows lie in, wherever the machine's clock is: of all time; and one of tokens.
  static void Put(Treasury& treasury, std::vector<Spent> spent) {
    Treasury::Limits limits;
    for (const auto& [id, dimension] : {std::pair(77, Dimension::kUsd), std::pair(78, Dimension::kRequests)}) {
      limits.push_back(std::make_shared<const Limit>(Limit{.id = id,
                                                           .organization = {1},
                                                           .node = {4},
                                                           .name = "all",
                                                           .dimension = dimension,
                                                           .amount = 1'000'000,
                                                           .window = {.unit = WindowSpec::Unit::kTotal}}));
    }
    treasury.Apply(limits, spent, kAdmittedMs / 1000);
  }
  static std::int64_t Now() { return SecondsOf(base::SystemClock().Wall()); }
  std::int64_t SpentOf(std::int64_t limit) {
    for (const auto& standing : treasury_.Standings({1}, Now())) {
      if (standing.limit->id == limit) return standing.spent;
    }
    return -1;
  }
  base::Result<Adjustment> Settle(std::int64_t number, const Row& row, std::int64_t cost, std::string note = "invoice",
                                  std::vector<store::Statement> also = {}) {
    return Run(adjustments_.Settle(loop_,
                                   {.row_bytes = Encoded(row),
                                    .row = {.journal = kJournal, .number = number},
                                    .cost = {cost},
                                    .author_id = 5,
                                    .author = "acme/user:bo",
                                    .note = std::move(note)},
                                   std::move(also), In()));
  }
  // What sums and limits must add up to, whatever was settled.
  void ExpectTotals(std::int64_t cost, std::int64_t estimated) {
    for (const std::string table : {"rollup_minute", "rollup_hour", "rollup_day"}) {
      EXPECT_EQ(Number("SELECT CAST(SUM(cost_nano_usd) AS BIGINT) FROM " + table), cost) << table;
      EXPECT_EQ(Number("SELECT CAST(SUM(estimated) AS BIGINT) FROM " + table), estimated) << table;
      EXPECT_EQ(Number("SELECT CAST(SUM(exchanges) AS BIGINT) FROM " + table), 3) << table;
    }
    EXPECT_EQ(Number("SELECT used FROM limit_use WHERE limit_id = 77"), cost);
    EXPECT_EQ(Number("SELECT used FROM limit_use WHERE limit_id = 78"), 3);
    EXPECT_EQ(SpentOf(77), cost);
    EXPECT_EQ(SpentOf(78), 3);
  }

  Treasury treasury_;
  Adjustments adjustments_{*database_, treasury_};
};

TEST_P(AdjustmentTest, MovesSumsLimitsAndTheTreasuryByTheDifference) {
  ExpectTotals(1530, 2);
  const auto adjusted = Settle(7, InDoubt(1000), 400);
  ASSERT_TRUE(adjusted.ok()) << adjusted.error().public_message << adjusted.error().detail;
  EXPECT_EQ(adjusted.value().difference().value, -600);
  ExpectTotals(930, 1);
  // Dearer than the worst is possible too: the provider's bill is what counts.
  ASSERT_TRUE(Settle(8, InDoubt(500, "req_2"), 777).ok());
  ExpectTotals(1207, 0);
}

TEST_P(AdjustmentTest, IsDoneOnce) {
  ASSERT_TRUE(Settle(7, InDoubt(1000), 400).ok());
  const auto again = Settle(7, InDoubt(1000), 400);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(again.error().public_message,
            "This exchange was settled by acme/user:bo at 0.0000004 USD. That is done once.");
  ExpectTotals(930, 1);
}

TEST_P(AdjustmentTest, TheRowStaysAndTheAdjustmentSaysWhoWhenWhy) {
  const auto content = [&] {
    return std::string(store::BytesOf(
        Run(database_->Query(loop_, {.sql = "SELECT content FROM exchange_block"}, In())).value().at(0).at(0)));
  };
  const std::string before = content();
  ASSERT_TRUE(Settle(7, InDoubt(1000), 0, "the provider's export of 2025-11 has no such call").ok());
  EXPECT_EQ(content(), before);
  const auto found = Run(adjustments_.Between(loop_, kAdmittedMs, kAdmittedMs + 1, In())).value();
  ASSERT_EQ(found.size(), 1U);
  const Adjustment& one = found.at({.journal = kJournal, .number = 7});
  EXPECT_EQ(one.request_id, "req_1");
  EXPECT_EQ(one.author, "acme/user:bo");
  EXPECT_EQ(one.note, "the provider's export of 2025-11 has no such call");
  EXPECT_EQ(one.before.value, 1000);
  EXPECT_EQ(one.after.value, 0);
  EXPECT_TRUE(Run(adjustments_.Between(loop_, kAdmittedMs + 1, kAdmittedMs + 2, In())).value().empty());
}

TEST_P(AdjustmentTest, RefusesWhatMakesNoSense) {
  Row known = InDoubt(30, "req_3");
  known.basis = pipeline::Charge::Basis::kProvider;
  EXPECT_FALSE(Settle(9, known, 10).ok());
  EXPECT_FALSE(Settle(7, InDoubt(1000), -1).ok());
  EXPECT_FALSE(Settle(7, InDoubt(1000), 1, "").ok());
  // A row whose sums are not there: nothing is moved.
  Row stranger = InDoubt(1000);
  stranger.model = "other";
  EXPECT_FALSE(Settle(99, stranger, 1).ok());
  ExpectTotals(1530, 2);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM exchange_adjustment"), 0);
}

TEST_P(AdjustmentTest, WhatIsDoneAlongIsDoneWithItOrNotAtAll) {
  const store::Statement impossible{
      .sql = "UPDATE limit_use SET used = 0 WHERE limit_id = $1", .arguments = {999}, .expected_changes = 1};
  EXPECT_FALSE(Settle(7, InDoubt(1000), 400, "note", {impossible}).ok());
  ExpectTotals(1530, 2);
}

// What one gateway settles of another's rows is counted there.
TEST_P(AdjustmentTest, WhatOthersSettleIsFollowed) {
  Treasury treasury;
  Put(treasury, {});
  Adjustments owner(*database_, treasury);
  owner.SharedBy(kJournal);
  adjustments_.SharedBy(kJournal + 1);
  const auto charged = [&] {
    return treasury.Standings({1}, Now()).at(0).spent + treasury.Standings({1}, Now()).at(1).spent;
  };
  ASSERT_TRUE(Settle(8, InDoubt(500, "req_2"), 100).ok());
  ASSERT_TRUE(Run(owner.Begin(loop_, In())).ok());
  ASSERT_TRUE(Run(owner.Follow(loop_, In())).ok());
  EXPECT_EQ(charged(), 0) << "it was settled before";
  ASSERT_TRUE(Settle(7, InDoubt(1000), 1400).ok());
  EXPECT_EQ(SpentOf(77), 1530) << "is not this gateway's row";
  EXPECT_EQ(charged(), 0);
  ASSERT_TRUE(Run(owner.Follow(loop_, In())).ok());
  EXPECT_EQ(charged(), 400);
  ASSERT_TRUE(Run(owner.Follow(loop_, In())).ok());
  EXPECT_EQ(charged(), 400) << "once";
}

TEST_P(AdjustmentTest, WhatAGatewaySettlesOfItsOwnIsCountedAtOnceAndOnce) {
  adjustments_.SharedBy(kJournal);
  ASSERT_TRUE(Run(adjustments_.Begin(loop_, In())).ok());
  ASSERT_TRUE(Settle(7, InDoubt(1000), 400).ok());
  ExpectTotals(930, 1);
  ASSERT_TRUE(Run(adjustments_.Follow(loop_, In())).ok());
  ExpectTotals(930, 1);
}

TEST_P(AdjustmentTest, CountsWhatIsOpen) {
  EXPECT_EQ(Run(adjustments_.Open(loop_, In())).value().exchanges, 2);
  EXPECT_EQ(Run(adjustments_.Open(loop_, In())).value().newest_ms, kAdmittedMs);
  ASSERT_TRUE(Settle(7, InDoubt(1000), 400).ok());
  EXPECT_EQ(Run(adjustments_.Open(loop_, In())).value().exchanges, 1);
}

TEST_P(AdjustmentTest, ASearchLeavesOutWhatIsSettled) {
  const auto search = [&](std::vector<RowName> except) {
    return Run(SearchExchanges(*database_, loop_,
                               {.from_ms = 0,
                                .until_ms = kAdmittedMs + 1,
                                .which = ExchangeQuery::Which::kInDoubt,
                                .except = std::move(except)},
                               In()))
        .value();
  };
  const auto all = search({});
  ASSERT_EQ(all.rows.size(), 2U);
  EXPECT_EQ(all.names.at(0), (RowName{.journal = kJournal, .number = 7}));
  const auto open = search({{.journal = kJournal, .number = 7}});
  ASSERT_EQ(open.names.size(), 1U);
  EXPECT_EQ(open.names.at(0).number, 8);
}

INSTANTIATE_TEST_SUITE_P(Databases, AdjustmentTest, common::kDatabases, common::DatabaseName);

TEST(RowName, IsReadAsItIsWritten) {
  const RowName name{.journal = kJournal, .number = 12};
  EXPECT_EQ(ToString(name), "18446744073709551539-12");
  EXPECT_EQ(ParseRowName(ToString(name)), name);
  for (const std::string_view wrong : {"", "-", "1", "1-", "-1", "1-2x", "1--2", "18446744073709551616-1"}) {
    EXPECT_FALSE(ParseRowName(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace gatehouse::features::accounting
