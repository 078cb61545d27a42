#include "app/accounting_house.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/block_on.h"

namespace gatehouse::app {
namespace {

using features::accounting::Ledger;
using features::accounting::LoopAccounting;
using features::accounting::Tenure;

constexpr base::Duration kStartTime = std::chrono::minutes(2);
constexpr base::Duration kCloseTime = std::chrono::seconds(10);
constexpr base::Duration kJoinTime = std::chrono::seconds(25);
constexpr base::Duration kGiveBackTime = std::chrono::seconds(5);
constexpr base::Duration kPollTime = std::chrono::seconds(2);  // after which a database is not well
constexpr base::Duration kPruneInterval = std::chrono::hours(24);
constexpr base::Duration kPruneTime = std::chrono::minutes(2);

}  // namespace

AccountingHouse::AccountingHouse(store::Database& database, store::KeyValue* shared, net::EpollLoop& loop,
                                 const base::Log& log)
    : database_(database),
      shared_(shared),
      loop_(loop),
      log_(log),
      treasury_(shared == nullptr ? Tenure::kAlone : Tenure::kShared),
      limits_(database, treasury_, zones_),
      adjustments_(database, treasury_),
      tasks_(loop) {}

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
  limits_.OwnedBy(journal_->id());
  limits_.ReadAfter([this](net::Deadline deadline) { return ledger_->CatchUp(deadline); });
  if (shared_ != nullptr) adjustments_.SharedBy(journal_->id());
  GH_CHECK_OK(OpenLessor(options));
  auto loaded = net::BlockOn(loop_, limits_.Load(loop_, {base::SystemClock().Now() + kStartTime}));
  if (!loaded) return base::Internal("reading the budgets was interrupted");
  if (!loaded->ok() || shared_ == nullptr) return *std::move(loaded);
  // What is settled between the two is learned at the next start.
  auto begun = net::BlockOn(loop_, adjustments_.Begin(loop_, {base::SystemClock().Now() + kStartTime}));
  if (!begun) return base::Internal("the start was interrupted");
  return *std::move(begun);
}

// Before any limit is in force.
base::Status AccountingHouse::OpenLessor(const Options& options) {
  if (shared_ == nullptr) return base::Ok();
  poll_interval_ = options.poll_interval;
  constexpr std::size_t kDigits = 8;
  std::string name = options.cluster->node;
  if (name.empty()) {
    const std::string id = std::to_string(journal_->id());
    name = "gateway-" + id.substr(id.size() - std::min(id.size(), kDigits));
  }
  records_ = std::make_unique<features::accounting::DatabaseLeaseRecords>(database_, loop_);
  lessor_ = std::make_unique<features::accounting::Lessor>(
      features::accounting::Lessor::Parts{.loop = loop_,
                                          .store = *shared_,
                                          .treasury = treasury_,
                                          .records = *records_,
                                          .log = log_,
                                          .recovered =
                                              [this] {
                                                const Ledger::Standing standing = ledger_->standing();
                                                return standing.written + standing.rejected >= recovered_;
                                              }},
      features::accounting::LeaseMembership::Self{.name = std::move(name), .journal = journal_->id()},
      options.cluster->lease);
  treasury_.OnLow([this](const features::accounting::Need& need) { lessor_->Low(need); });
  return base::Ok();
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
  recovered_ = found.settled + found.in_doubt;
  ledger_->Start();
  tasks_.Spawn(PruneForever());
  if (lessor_ == nullptr) return base::Ok();
  auto joined = net::BlockOn(loop_, lessor_->Start({base::SystemClock().Now() + kJoinTime}));
  if (!joined) return base::Internal("the start was interrupted");
  GH_CHECK_OK(*std::move(joined));
  tasks_.Spawn(FollowLimits(poll_interval_));
  return base::Ok();
}

// Another gateway may state the same at the same time.
net::Task<base::Status> AccountingHouse::Apply(std::vector<features::accounting::StatedLimit> budgets,
                                               features::accounting::FindNode find) {
  const net::Deadline deadline{base::SystemClock().Now() + kStartTime};
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    base::Status stated = co_await limits_.Declare(loop_, budgets, find, deadline);
    if (stated.ok() || stated.error().code != base::ErrorCode::kConflict || i == kTries) co_return stated;
    GH_CO_CHECK_OK(co_await limits_.Refresh(loop_, deadline));
  }
}

// What other gateways changed of limits, or settled of this one's exchanges. While the database does not answer, limits
// stay as they are.
net::Task<> AccountingHouse::FollowLimits(base::Duration interval) {
  for (;;) {
    co_await loop_.Sleep(interval);
    base::Status read = co_await adjustments_.Follow(loop_, loop_.In(kPollTime));
    if (read.ok()) read = co_await limits_.Refresh(loop_, loop_.In(kPollTime));
    if (!read.ok() && follow_problem_.empty()) {
      log_.Warning("changes of budgets cannot be read; those known stay in force", {{"detail", read.error().detail}});
    }
    follow_problem_ =
        read.ok() ? "" : "the database does not answer: what other gateways change of budgets is not seen";
  }
}

LoopAccounting::Parts AccountingHouse::PartsFor(std::size_t index, net::Loop& loop) {
  return {.loop = loop,
          .treasury = treasury_,
          .ledger = *ledger_,
          .share = journal_->ShareOf(static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(loops_)),
          .index = static_cast<std::uint32_t>(index),
          .lessor = lessor_.get()};
}

void AccountingHouse::Admit(std::size_t index, LoopAccounting& accounting) { admitted_.at(index) = &accounting; }

void AccountingHouse::Dismiss(std::size_t index) { admitted_.at(index) = nullptr; }

std::uint64_t AccountingHouse::free_slots() const {
  std::uint64_t free = 0;
  for (const LoopAccounting* one : admitted_) free += one == nullptr ? 0 : one->free_slots();
  return free;
}

net::Task<> AccountingHouse::PruneForever() {
  for (;;) {
    co_await loop_.Sleep(kPruneInterval);
    const base::Status pruned = co_await limits_.Prune(loop_, loop_.In(kPruneTime));
    if (!pruned.ok()) log_.Warning("old sums of budgets are still there", {{"detail", pruned.error().detail}});
  }
}

void AccountingHouse::Close() {
  if (lessor_ != nullptr) {
    const auto given = net::BlockOn(loop_, lessor_->GiveBackAll({base::SystemClock().Now() + kGiveBackTime}));
    if (!given || !given->ok()) log_.Warning("slices of budgets that were not used could not be given back");
  }
  const auto flushed = net::BlockOn(loop_, ledger_->Flush({base::SystemClock().Now() + kCloseTime}));
  if (!flushed || !*flushed) {
    log_.Warning("not everything of the ledger could be written; the rest is in the journal");
    return;
  }
  if (lessor_ == nullptr) return;
  const auto left = net::BlockOn(loop_, lessor_->Leave({base::SystemClock().Now() + kGiveBackTime}));
  if (!left || !left->ok()) log_.Warning("the others could not be told that this gateway has ended in order");
}

std::string AccountingHouse::SharingProblem() const {
  if (lessor_ == nullptr) return "";
  std::string problem = lessor_->Problem();
  for (const std::string& one : {follow_problem_, limits_.Problem()}) {
    if (!one.empty()) problem.append(problem.empty() ? "" : "; ").append(one);
  }
  return problem;
}

// Without what the driver says, which the log has.
std::string AccountingHouse::Problem() const {
  const Ledger::Standing standing = ledger_->standing();
  std::string problem = SharingProblem();
  if (standing.problem.empty()) return problem;
  if (!problem.empty()) problem.append("; ");
  return problem + "the ledger waits for the database; " + std::to_string(standing.waiting) +
         " more rows are in the journal";
}

}  // namespace gatehouse::app
