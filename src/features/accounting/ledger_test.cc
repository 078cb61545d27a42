#include "features/accounting/ledger.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
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

// Puts limits in force.
void Put(Treasury& treasury, std::vector<Limit> limits, std::span<const Spent> spent, std::int64_t now) {
  Treasury::Limits shared;
  for (Limit& limit : limits) shared.push_back(std::make_shared<const Limit>(std::move(limit)));
  treasury.Apply(shared, spent, now);
}

using store::Journal;

constexpr std::int64_t kAdmittedMs = 1'763'000'030'000;

Row RowOf(std::int64_t journal, std::int64_t number, std::int64_t cost) {
  Row row{.journal = journal,
          .number = number,
          .request_id = "req_" + std::to_string(number),
          .admitted_ms = kAdmittedMs + number,
          .chain = {{pipeline::NodeKind::kOrganization, {1}}, {pipeline::NodeKind::kApplication, {4}}},
          .principal = "acme/checkout",
          .surface = "openai.chat",
          .model = "m",
          .provider = "p",
          .status = 200,
          .ending = "answered"};
  row.usage = {.input = 10, .output = 5, .source = llm::UsageSource::kProvider};
  row.charge = {.basis = pipeline::Charge::Basis::kProvider, .cost = {cost}, .price = "x"};
  return row;
}

std::unique_ptr<store::Database> OpenDatabase(const std::string& kind, const std::string& file) {
  if (kind == "postgres") {
    return store::postgres::PostgresDatabase::Open(base::Secret(store::postgres::TestServer::Shared().NewDatabase()),
                                                   {}, base::SystemClock())
        .value();
  }
  return store::sqlite::SqliteDatabase::Open(file, {}, base::SystemClock()).value();
}

class LedgerTest : public testing::TestWithParam<std::string> {
 protected:
  LedgerTest() : loop_(base::SystemClock()), log_(lines_, base::SystemClock(), base::LogLevel::kError) {
    database_ = OpenDatabase(GetParam(), folder_.file());
    EXPECT_TRUE(Run(store::Migrate(*database_, loop_, LedgerSchema(), In())).ok());
    Put(treasury_,
        {{.id = 77,
          .organization = {1},
          .node = {4},
          .name = "monthly",
          .dimension = Dimension::kUsd,
          .amount = 1'000'000,
          .window = {.unit = WindowSpec::Unit::kMonth}}},
        {}, kAdmittedMs / 1000);
  }

  template <class T>
  T Run(net::Task<T> task) {
    auto result = net::BlockOn(loop_, std::move(task));
    EXPECT_TRUE(result.has_value());
    return *std::move(result);
  }
  net::Deadline In() { return loop_.In(std::chrono::seconds(20)); }
  std::unique_ptr<Journal> OpenJournal() {
    return Journal::Open(folder_.file() + ".journal", {.slots = 64, .slot_bytes = 2048}).value();
  }
  Ledger::Parts PartsWith(Journal& journal) {
    return {.loop = loop_, .database = *database_, .journal = journal, .treasury = treasury_, .log = log_};
  }
  std::int64_t Number(std::string sql) {
    const auto rows = Run(database_->Query(loop_, {.sql = std::move(sql)}, In()));
    EXPECT_TRUE(rows.ok()) << (rows.ok() ? "" : rows.error().detail);
    return rows.ok() && !rows.value().empty() ? store::IntegerOf(rows.value().at(0).at(0)) : -1;
  }

  store::sqlite::TestFolder folder_;
  net::EpollLoop loop_;
  base::LogWriter lines_{2};
  base::Log log_;
  std::unique_ptr<store::Database> database_;
  Treasury treasury_;
};

TEST_P(LedgerTest, WritesRowsTheirSumsAndWhatTheyUseOfLimits) {
  const auto journal = OpenJournal();
  Ledger ledger(PartsWith(*journal));
  ASSERT_TRUE(Run(ledger.Recover(base::SystemClock().Wall(), In())).ok());
  auto share = journal->ShareOf(0, 1);
  std::vector<std::uint32_t> freed;
  ledger.OnWritten([&](std::uint32_t, std::vector<std::uint32_t> slots) {
    for (const auto slot : slots) share.Free(slot);
    freed.insert(freed.end(), slots.begin(), slots.end());
  });
  ledger.Start();
  for (int i = 0; i < 5; ++i) {
    const auto ticket = share.Take();
    ASSERT_TRUE(ticket);
    ledger.Submit({.row = RowOf(journal->id(), ticket->number, 100), .slot = ticket->slot, .share = 0});
  }
  ASSERT_TRUE(Run(ledger.Flush(In())));
  EXPECT_EQ(freed.size(), 5U);
  EXPECT_EQ(share.available(), 64U);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM exchange"), 5);
  EXPECT_EQ(Number("SELECT SUM(cost_nano_usd) FROM rollup_minute"), 500);
  EXPECT_EQ(Number("SELECT SUM(exchanges) FROM rollup_hour"), 5);
  EXPECT_EQ(Number("SELECT SUM(output) FROM rollup_day"), 25);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM rollup_day"), 1);
  EXPECT_EQ(Number("SELECT used FROM limit_use WHERE limit_id = 77"), 500);
}

TEST_P(LedgerTest, ABatchIsAppliedOnceHoweverOftenItIsTried) {
  const Batch batch{.journal = 9, .number = 1, .rows = {RowOf(9, 1, 100)}};
  ASSERT_TRUE(Run(database_->Write(loop_, UnitOf(batch, treasury_), In())).ok());
  const auto again = Run(database_->Write(loop_, UnitOf(batch, treasury_), In()));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(Number("SELECT SUM(cost_nano_usd) FROM rollup_minute"), 100);
}

TEST_P(LedgerTest, BringsInWhatAnEarlierProcessLeft) {
  std::string bytes;
  {
    const auto journal = OpenJournal();
    auto share = journal->ShareOf(0, 1);
    // Settled and in the database, settled and not, under way, and one that is no row.
    for (int i = 0; i < 3; ++i) {
      const auto ticket = share.Take();
      Encode(RowOf(0, 0, 1000), bytes);
      share.Intend(ticket->slot, bytes);
      if (i == 2) break;
      Encode(RowOf(0, 0, 10), bytes);
      share.Finish(ticket->slot, bytes);
      if (i > 0) continue;
      const Batch batch{.journal = journal->id(), .number = 1, .rows = {RowOf(journal->id(), ticket->number, 10)}};
      ASSERT_TRUE(Run(database_->Write(loop_, UnitOf(batch, treasury_), In())).ok());
    }
    share.Intend(share.Take()->slot, "what is this");
  }
  const auto journal = OpenJournal();
  Ledger ledger(PartsWith(*journal));
  const auto recovered = Run(ledger.Recover(base::WallTime(std::chrono::milliseconds(kAdmittedMs)), In()));
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(recovered.value().written, 1U);
  EXPECT_EQ(recovered.value().settled, 1U);
  EXPECT_EQ(recovered.value().in_doubt, 1U);
  EXPECT_EQ(recovered.value().damaged, 1U);
  EXPECT_EQ(treasury_.Standings({1}, kAdmittedMs / 1000).at(0).spent, 1010) << "charged before anything is admitted";
  ledger.Start();
  ASSERT_TRUE(Run(ledger.Flush(In())));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM exchange"), 3);
  EXPECT_EQ(Number("SELECT used FROM limit_use WHERE limit_id = 77"), 1020);
  EXPECT_TRUE(journal->Recover().entries.empty());
}

TEST_P(LedgerTest, ARowThatTheDatabaseWillNotHaveDoesNotKeepTheOthersOut) {
  const auto journal = OpenJournal();
  Ledger ledger(PartsWith(*journal));
  ASSERT_TRUE(Run(ledger.Recover(base::SystemClock().Wall(), In())).ok());
  auto share = journal->ShareOf(0, 1);
  ledger.OnWritten([&](std::uint32_t, std::vector<std::uint32_t> slots) {
    for (const auto slot : slots) share.Free(slot);
  });
  ledger.Start();
  for (const std::int64_t number : {1, 2, 2, 3}) {
    ledger.Submit({.row = RowOf(5, number, 100), .slot = share.Take()->slot, .share = 0});
  }
  ASSERT_TRUE(Run(ledger.Flush(In())));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM exchange"), 3);
  EXPECT_EQ(Number("SELECT SUM(cost_nano_usd) FROM rollup_minute"), 300);
  EXPECT_EQ(ledger.standing().rejected, 1U);
  EXPECT_EQ(share.available(), 64U);
}

INSTANTIATE_TEST_SUITE_P(Databases, LedgerTest, testing::Values("sqlite", "postgres"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gatehouse::features::accounting
