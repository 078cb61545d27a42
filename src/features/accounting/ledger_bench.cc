#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/benchmark.h"
#include "base/check.h"
#include "base/random.h"
#include "base/trace_context.h"
#include "features/accounting/block.h"
#include "features/accounting/schema.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/journal/journal.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

// What a row costs on its way from the journal into a database in a file, in blocks as they are at full load.
namespace gatehouse::features::accounting {
namespace {

constexpr std::size_t kRows = 14'000;
constexpr std::int64_t kNowMs = 1'760'000'000'000;
constexpr int kRounds = 15;

constexpr std::array<pipeline::Link, 5> kChain = {{{pipeline::NodeKind::kOrganization, {1}},
                                                   {pipeline::NodeKind::kTeam, {2}},
                                                   {pipeline::NodeKind::kProject, {3}},
                                                   {pipeline::NodeKind::kApplication, {4}},
                                                   {pipeline::NodeKind::kKey, {5}}}};

// Of all threads.
double ProcessNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::unique_ptr<Treasury> FiveLimits() {
  auto treasury = std::make_unique<Treasury>();
  Treasury::Limits limits;
  for (const pipeline::Link& link : kChain) {
    limits.push_back(std::make_shared<const Limit>(Limit{.id = link.id.value,
                                                         .organization = {1},
                                                         .node = link.id,
                                                         .name = "monthly",
                                                         .amount = 1LL << 50,
                                                         .window = {.unit = WindowSpec::Unit::kMonth}}));
  }
  treasury->Apply(limits, {}, kNowMs / 1000);
  return treasury;
}

// What a gateway says of a request that is over, some 57,000 of them in a second.
void WriteRow(store::Journal::Share& share, const store::Journal::Share::Ticket& ticket, base::Random& random) {
  const std::int64_t at = kNowMs + ticket.number / 57;
  const std::string id = base::NewRequestId(base::WallTime(std::chrono::milliseconds(at)), random);
  const Row row{.chain = kChain,
                .surface = "openai.chat",
                .model = "json-1024",
                .provider = "json-1024",
                .upstream_model = "bench",
                .admitted_ms = at,
                .usage = {.input = 250 + random.Next() % 100, .output = 200, .source = llm::UsageSource::kProvider},
                .basis = pipeline::Charge::Basis::kProvider,
                .cost = {1'050'000},
                .duration_us = 900 + random.Next() % 500,
                .price = "default",
                .request_id = id,
                .organization = "acme",
                .team = "search",
                .project = "prod",
                .name = "checkout",
                .key_id = "01k5f8m2c9v7",
                .operation = "chat",
                .ending = "answered",
                .attempts = "json-1024:ok",
                .attempt_count = 1,
                .status = 200,
                .first_event_us = 800 + random.Next() % 500,
                .bytes_in = 1100,
                .bytes_out = 1300};
  EncodedRow bytes;
  share.Finish(ticket, Encode(row, bytes));
}

// So that the rows are as far away as they are when a quarter of a second has gone.
void ForgetMemory() {
  static std::vector<std::uint64_t> much(std::size_t{8} << 20U);
  std::iota(much.begin(), much.end(), much.back());
}

class Bench {
 public:
  explicit Bench(const std::filesystem::path& folder)
      : database_(store::sqlite::SqliteDatabase::Open(folder / "ledger.db", {}, base::SystemClock()).value()),
        journal_(store::Journal::Open(folder / "ledger.db.journal",
                                      {.intent_bytes = kMostIntentBytes, .outcome_bytes = kMostEncodedBytes})
                     .value()),
        treasury_(FiveLimits()) {
    GH_CHECK(net::BlockOn(loop_, store::Migrate(*database_, loop_, LedgerSchema(), In()))->ok());
  }

  void Run() {
    auto share = journal_->ShareOf(0, 1);
    double taken = 1e18;
    double written = 1e18;
    std::size_t bytes = 0;
    for (int round = 1; round <= kRounds; ++round) {
      std::vector<store::Journal::Share::Ticket> tickets;
      for (std::size_t i = 0; i < kRows; ++i) {
        tickets.push_back(*share.Take());
        WriteRow(share, tickets.back(), random_);
      }
      ForgetMemory();
      const double begun = base::CpuNanoseconds();
      BlockBuilder builder(kRows);
      for (std::size_t i = 0; i < tickets.size(); ++i) {
        if (i + 4 < tickets.size()) journal_->Approach(tickets[i + 4].slot, store::Journal::kOutcome);
        const auto& ticket = tickets[i];
        GH_CHECK(builder.Add(ticket.number, journal_->OutcomeOf(ticket.slot)) == BlockBuilder::Added::kYes);
      }
      auto unit = builder.Take(journal_->id(), round, *treasury_);
      taken = std::min(taken, base::CpuNanoseconds() - begun);
      bytes = store::BytesOf(unit.at(0).arguments.at(8)).size() + store::BytesOf(unit.at(0).arguments.at(9)).size();
      const double before = ProcessNanoseconds();
      GH_CHECK(net::BlockOn(loop_, database_->Write(loop_, std::move(unit), In()))->ok());
      total_ += ProcessNanoseconds() - before;
      written = std::min(written, ProcessNanoseconds() - before);
      for (const auto& ticket : tickets) share.Free(ticket.slot);
    }
    std::printf("taken apart: %.0f ns a row; written: %.0f, at least %.0f ns a row, %.1f bytes\n", taken / kRows,
                total_ / kRounds / kRows, written / kRows, static_cast<double>(bytes) / kRows);
  }

 private:
  static net::Deadline In() { return {base::SystemClock().Now() + std::chrono::seconds(30)}; }

  net::EpollLoop loop_{base::SystemClock()};
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::Journal> journal_;
  std::unique_ptr<Treasury> treasury_;
  base::Random random_{7};
  double total_ = 0;
};

}  // namespace
}  // namespace gatehouse::features::accounting

int main() {
  const auto folder = std::filesystem::temp_directory_path() / ("ledger_bench." + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  gatehouse::features::accounting::Bench(folder).Run();
  std::filesystem::remove_all(folder);
}
