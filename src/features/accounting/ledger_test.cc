#include "features/accounting/ledger.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "features/accounting/schema.h"
#include "features/accounting/test_block.h"
#include "features/common/database_test_rig.h"

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

constexpr std::array<pipeline::Link, 2> kChain = {
    {{pipeline::NodeKind::kOrganization, {1}}, {pipeline::NodeKind::kApplication, {4}}}};

Row RowThatCosts(std::int64_t cost, std::string_view request_id = "req_1") {
  Row row{.chain = kChain, .surface = "openai.chat", .model = "m", .provider = "p"};
  row.admitted_ms = kAdmittedMs;
  row.usage = {.input = 10, .output = 5, .source = llm::UsageSource::kProvider};
  row.basis = pipeline::Charge::Basis::kProvider;
  row.cost = {cost};
  row.request_id = request_id;
  row.organization = "acme";
  row.status = 200;
  row.ending = "answered";
  return row;
}

class LedgerTest : public common::DatabaseTest {
 protected:
  LedgerTest() : log_(lines_, base::SystemClock(), base::LogLevel::kError) {
    Migrate(LedgerSchema());
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

  std::unique_ptr<Journal> OpenJournal() {
    return Journal::Open(folder_.file() + ".journal",
                         {.slots = 64, .intent_bytes = kMostIntentBytes, .outcome_bytes = kMostEncodedBytes})
        .value();
  }
  Ledger::Parts PartsWith(Journal& journal) {
    return {.loop = loop_, .database = *database_, .journal = journal, .treasury = treasury_, .log = log_};
  }

  base::LogWriter lines_{2};
  base::Log log_;
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
    share.Finish(*ticket, Encoded(RowThatCosts(100)));
    const Ledger::Entry entry{.slot = ticket->slot, .share = 0, .number = ticket->number};
    ledger.Submit({&entry, 1});
  }
  ASSERT_TRUE(Run(ledger.Flush(In())));
  EXPECT_EQ(freed.size(), 5U);
  EXPECT_EQ(share.available(), 64U);
  EXPECT_EQ(Number("SELECT CAST(SUM(exchanges) AS BIGINT) FROM exchange_block"), 5);
  EXPECT_EQ(Number("SELECT CAST(SUM(cost_nano_usd) AS BIGINT) FROM rollup_minute"), 500);
  EXPECT_EQ(Number("SELECT CAST(SUM(exchanges) AS BIGINT) FROM rollup_hour"), 5);
  EXPECT_EQ(Number("SELECT CAST(SUM(output) AS BIGINT) FROM rollup_day"), 25);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM rollup_day"), 1);
  EXPECT_EQ(Number("SELECT used FROM limit_use WHERE limit_id = 77"), 500);
  EXPECT_EQ(ledger.standing().written, 5U);
}

TEST_P(LedgerTest, ABlockIsAppliedOnceHoweverOftenItIsTried) {
  const auto unit = UnitOf(9, 1, {{1, RowThatCosts(100)}}, treasury_);
  ASSERT_TRUE(Run(database_->Write(loop_, unit, In())).ok());
  const auto again = Run(database_->Write(loop_, unit, In()));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(Number("SELECT CAST(SUM(cost_nano_usd) AS BIGINT) FROM rollup_minute"), 100);
}

TEST_P(LedgerTest, BringsInWhatAnEarlierProcessLeft) {
  {
    const auto journal = OpenJournal();
    auto share = journal->ShareOf(0, 1);
    // Settled and in the database, settled and not, under way, and one that is no row.
    for (int i = 0; i < 3; ++i) {
      const auto ticket = share.Take();
      share.Intend(*ticket, Encoded(RowThatCosts(1000)));
      if (i == 2) break;
      share.Finish(*ticket, Encoded(RowThatCosts(10)));
      if (i > 0) continue;
      const auto unit = UnitOf(journal->id(), 1, {{ticket->number, RowThatCosts(10)}}, treasury_);
      ASSERT_TRUE(Run(database_->Write(loop_, unit, In())).ok());
    }
    share.Intend(*share.Take(), "what is this");
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
  EXPECT_EQ(Number("SELECT CAST(SUM(exchanges) AS BIGINT) FROM exchange_block"), 3);
  EXPECT_EQ(Number("SELECT used FROM limit_use WHERE limit_id = 77"), 1020);
  EXPECT_TRUE(journal->Recover().entries.empty());
}

TEST_P(LedgerTest, ARowThatIsDamagedDoesNotKeepTheOthersOut) {
  const auto journal = OpenJournal();
  Ledger ledger(PartsWith(*journal));
  ASSERT_TRUE(Run(ledger.Recover(base::SystemClock().Wall(), In())).ok());
  auto share = journal->ShareOf(0, 1);
  ledger.OnWritten([&](std::uint32_t, std::vector<std::uint32_t> slots) {
    for (const auto slot : slots) share.Free(slot);
  });
  ledger.Start();
  for (int i = 0; i < 4; ++i) {
    const auto ticket = share.Take();
    share.Finish(*ticket, i == 2 ? "what is this" : Encoded(RowThatCosts(100)));
    const Ledger::Entry entry{.slot = ticket->slot, .share = 0, .number = ticket->number};
    ledger.Submit({&entry, 1});
  }
  ASSERT_TRUE(Run(ledger.Flush(In())));
  EXPECT_EQ(Number("SELECT CAST(SUM(cost_nano_usd) AS BIGINT) FROM rollup_minute"), 300);
  EXPECT_EQ(ledger.standing().rejected, 1U);
  EXPECT_EQ(share.available(), 64U);
}

TEST(Block, TellsItsRowsAndWhichRequestsItMayHave) {
  const Treasury treasury;
  std::vector<NumberedRow> rows;
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back("req_" + std::to_string(i));
  for (int i = 0; i < 1000; ++i) rows.push_back({i, RowThatCosts(i, ids[static_cast<std::size_t>(i)])});
  const auto unit = UnitOf(1, 1, rows, treasury);
  const std::string_view requests = store::BytesOf(unit.at(0).arguments.at(8));
  const std::string_view content = store::BytesOf(unit.at(0).arguments.at(9));
  std::int64_t seen = 0;
  ASSERT_TRUE(ReadBlock(content, [&](std::int64_t number, std::string_view bytes) {
                Links links;
                const auto row = DecodeRow(bytes, links);
                EXPECT_TRUE(row && row->cost.value == number);
                return ++seen == 1000 ? Going::kStop : Going::kOn;
              }).ok());
  EXPECT_EQ(seen, 1000);
  int wrongly = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(MayHaveRequest(requests, ids[static_cast<std::size_t>(i)]));
    wrongly += MayHaveRequest(requests, "other_" + std::to_string(i)) ? 1 : 0;
  }
  EXPECT_LT(wrongly, 20) << "of a thousand";
  for (std::size_t size = 0; size < 300; ++size) {
    static_cast<void>(ReadBlock(content.substr(0, size), [](std::int64_t, std::string_view) { return Going::kOn; }));
  }
  EXPECT_FALSE(ReadBlock("x", [](std::int64_t, std::string_view) { return Going::kOn; }).ok());
}

// 16 bits a row, 6 probes: one in 140 others is taken for one of them (Bloom 1970: (1 - e^(-6/16))^6 is 0.0094).
TEST(Block, TellsIdsOfTheGatewaysOwnApart) {
  const Treasury treasury;
  base::Random random(5);
  auto id = [&random, at = 0]() mutable {
    return base::NewRequestId(base::WallTime(std::chrono::milliseconds(kAdmittedMs + at++ / 50)), random);
  };
  std::vector<std::string> ids;
  std::vector<NumberedRow> rows;
  for (int i = 0; i < 2000; ++i) ids.push_back(id());
  for (int i = 0; i < 2000; ++i) rows.push_back({i, RowThatCosts(i, ids[static_cast<std::size_t>(i)])});
  const auto unit = UnitOf(1, 1, rows, treasury);
  const std::string_view requests = store::BytesOf(unit.at(0).arguments.at(8));
  for (const std::string& one : ids) EXPECT_TRUE(MayHaveRequest(requests, one));
  int wrongly = 0;
  for (int i = 0; i < 20'000; ++i) wrongly += MayHaveRequest(requests, id()) ? 1 : 0;
  EXPECT_LT(wrongly, 300) << "of 20,000";
}

// Filters of before have the bits of FNV-1a, and an even number of bytes.
TEST(Block, ReadsOldFilters) {
  const std::string_view id = "req_01k5f8m2c9v7abcdefghjkmnpq";
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
  hash ^= hash >> 29U;
  std::string filter(200, '\0');
  EXPECT_FALSE(MayHaveRequest(filter, id));
  auto probe = static_cast<std::uint32_t>(hash);
  for (int i = 0; i < 6; ++i, probe += static_cast<std::uint32_t>(hash >> 32U) | 1U) {
    const std::size_t bit = probe % (filter.size() * 8);
    filter[bit / 8] = static_cast<char>(static_cast<unsigned char>(filter[bit / 8]) | 1U << (bit % 8));
  }
  EXPECT_TRUE(MayHaveRequest(filter, id));
  EXPECT_FALSE(MayHaveRequest(filter, "req_1"));
  EXPECT_TRUE(MayHaveRequest("", id)) << "of a block that has none";
}

INSTANTIATE_TEST_SUITE_P(Databases, LedgerTest, common::kDatabases, common::DatabaseName);

}  // namespace
}  // namespace gatehouse::features::accounting
