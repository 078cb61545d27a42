#include "app/accounting_house.h"

#include <chrono>
#include <utility>

#include "net/block_on.h"

namespace gatehouse::app {
namespace {

using features::accounting::Ledger;
using features::accounting::LoopAccounting;

constexpr base::Duration kStartTime = std::chrono::minutes(2);
constexpr base::Duration kCloseTime = std::chrono::seconds(10);
constexpr base::Duration kPruneInterval = std::chrono::hours(24);
constexpr base::Duration kPruneTime = std::chrono::minutes(2);

}  // namespace

AccountingHouse::AccountingHouse(store::Database& database, net::EpollLoop& loop, const base::Log& log)
    : database_(database), loop_(loop), log_(log), limits_(database, treasury_, zones_), tasks_(loop) {}

AccountingHouse::~AccountingHouse() = default;

base::Status AccountingHouse::Open(const Options& options) {
  loops_ = options.loops;
  admitted_.assign(options.loops, nullptr);
  auto journal =
      store::Journal::Open(options.journal.string(), {.slots = options.journal_slots,
                                                      .intent_bytes = features::accounting::kMostIntentBytes,
                                                      .outcome_bytes = features::accounting::kMostEncodedBytes});
  if (!journal.ok()) {
    base::Error error = std::move(journal).TakeError();
    if (error.code != base::ErrorCode::kConflict) {
      error.public_message = "The journal " + options.journal.string() +
                             " cannot be used. Check that its folder can be written and has room, or name another file "
                             "in `accounting.journal`.";
    }
    return error;
  }
  journal_ = std::move(journal).value();
  ledger_ = std::make_unique<Ledger>(
      Ledger::Parts{.loop = loop_, .database = database_, .journal = *journal_, .treasury = treasury_, .log = log_});
  ledger_->OnWritten([this](std::uint32_t share, std::vector<std::uint32_t> slots) {
    LoopAccounting* const accounting = admitted_.at(share);
    if (accounting == nullptr) return;  // the slots are freed at the next start
    accounting->loop().Post([accounting, freed = std::move(slots)] { accounting->Release(freed); });
  });
  auto loaded = net::BlockOn(loop_, limits_.Load(loop_, {base::SystemClock().Now() + kStartTime}));
  if (!loaded) return base::Internal("reading the budgets was interrupted");
  return *std::move(loaded);
}

base::Status AccountingHouse::Recover() {
  const auto now = base::SystemClock().Wall();
  auto recovered = net::BlockOn(loop_, ledger_->Recover(now, {base::SystemClock().Now() + kStartTime}));
  if (!recovered) return base::Internal("reading the journal was interrupted");
  if (!recovered->ok()) return std::move(*recovered).TakeFailure();
  const Ledger::Recovered& found = recovered->value();
  if (found.settled + found.in_doubt + found.damaged > 0) {
    log_.Warning("the journal had exchanges of an earlier process", {{"settled", std::to_string(found.settled)},
                                                                     {"in_doubt", std::to_string(found.in_doubt)},
                                                                     {"damaged", std::to_string(found.damaged)}});
  }
  ledger_->Start();
  tasks_.Spawn(PruneForever());
  return base::Ok();
}

net::Task<base::Status> AccountingHouse::Apply(const std::vector<features::accounting::StatedLimit>& budgets,
                                               features::accounting::FindNode find) {
  return limits_.Declare(loop_, budgets, std::move(find), {base::SystemClock().Now() + kStartTime});
}

LoopAccounting::Parts AccountingHouse::PartsFor(std::size_t index, net::Loop& loop) {
  return {.loop = loop,
          .treasury = treasury_,
          .ledger = *ledger_,
          .share = journal_->ShareOf(static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(loops_)),
          .index = static_cast<std::uint32_t>(index)};
}

void AccountingHouse::Admit(std::size_t index, LoopAccounting& accounting) { admitted_.at(index) = &accounting; }

void AccountingHouse::Dismiss(std::size_t index) { admitted_.at(index) = nullptr; }

net::Task<> AccountingHouse::PruneForever() {
  for (;;) {
    co_await loop_.Sleep(kPruneInterval);
    const base::Status pruned = co_await limits_.Prune(loop_, loop_.In(kPruneTime));
    if (!pruned.ok()) log_.Warning("old sums of budgets are still there", {{"detail", pruned.error().detail}});
  }
}

void AccountingHouse::Close() {
  const auto flushed = net::BlockOn(loop_, ledger_->Flush({base::SystemClock().Now() + kCloseTime}));
  if (flushed && *flushed) return;
  log_.Warning("not everything of the ledger could be written; the rest is in the journal");
}

// Without what the driver says, which the log has.
std::string AccountingHouse::Problem() const {
  const Ledger::Standing standing = ledger_->standing();
  if (standing.problem.empty()) return "";
  return "the ledger waits for the database; " + std::to_string(standing.waiting) + " more rows are in the journal";
}

}  // namespace gatehouse::app
