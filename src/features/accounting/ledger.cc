#include "features/accounting/ledger.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using base::Result;

// Long enough that a batch is worth its commit, short enough that figures are fresh.
constexpr base::Duration kGather = std::chrono::milliseconds(20);
constexpr std::size_t kMostRows = 1000;
constexpr base::Duration kWriteTimeout = std::chrono::seconds(30);
constexpr base::Duration kFirstPause = std::chrono::milliseconds(100);
constexpr base::Duration kLongestPause = std::chrono::seconds(5);

bool MayPass(const base::Error& error) {
  return error.code == base::ErrorCode::kUnavailable || error.code == base::ErrorCode::kTimeout;
}

}  // namespace

// Shared with what other threads post: it outlives the ledger.
struct Ledger::Queue {
  explicit Queue(net::Loop& owner) : arrived(owner) {}
  mutable std::mutex mutex;
  std::vector<Entry> entries;  // guarded by mutex; bounded by the journal's slots
  bool alive = true;           // guarded by mutex
  net::Event arrived;          // on the ledger's loop
};

Ledger::Ledger(Parts parts) : parts_(parts), queue_(std::make_shared<Queue>(parts.loop)), tasks_(parts.loop) {}

Ledger::~Ledger() {
  const std::scoped_lock lock(queue_->mutex);
  queue_->alive = false;
}

void Ledger::Submit(Entry entry) {
  bool first = false;
  {
    const std::scoped_lock lock(queue_->mutex);
    first = queue_->entries.empty();
    queue_->entries.push_back(std::move(entry));
  }
  if (!first) return;
  parts_.loop.Post([queue = queue_] {
    const std::scoped_lock lock(queue->mutex);
    if (queue->alive) queue->arrived.Set();
  });
}

void Ledger::Start() { tasks_.Spawn(WriteForever()); }

net::Task<> Ledger::WriteForever() {
  for (;;) {
    static_cast<void>(co_await queue_->arrived.Wait(net::Deadline::Never()));
    co_await parts_.loop.Sleep(kGather);
    idle_ = false;
    for (;;) {
      std::vector<Entry> entries;
      {
        const std::scoped_lock lock(queue_->mutex);
        const auto count = static_cast<std::ptrdiff_t>(std::min(queue_->entries.size(), kMostRows));
        entries.assign(std::make_move_iterator(queue_->entries.begin()),
                       std::make_move_iterator(queue_->entries.begin() + count));
        queue_->entries.erase(queue_->entries.begin(), queue_->entries.begin() + count);
      }
      if (entries.empty()) break;
      co_await WriteBatch(std::move(entries));
    }
    idle_ = true;
  }
}

// One number for one set of rows, however often it has to be tried.
net::Task<base::Status> Ledger::Apply(std::vector<Row> rows) {
  const Batch batch{.journal = parts_.journal.id(), .number = ++batch_, .rows = std::move(rows)};
  const auto unit = UnitOf(batch, parts_.treasury);
  base::Duration pause = kFirstPause;
  for (bool repeated = false;; repeated = true) {
    auto written = co_await parts_.database.Write(parts_.loop, unit, parts_.loop.In(kWriteTimeout));
    if (written.ok()) break;
    const base::Error& error = written.error();
    if (repeated && error.code == base::ErrorCode::kConflict && co_await IsApplied(batch.number)) break;
    if (!MayPass(error)) co_return std::move(written).TakeFailure();
    if (problem_.empty()) parts_.log.Warning("the ledger waits for the database", {{"detail", error.detail}});
    problem_ = "the ledger waits for the database: " + error.detail;
    co_await parts_.loop.Sleep(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  if (!problem_.empty()) parts_.log.Info("the ledger writes again");
  problem_.clear();
  co_return base::Ok();
}

// Whether an attempt whose end was not seen had been done after all.
net::Task<bool> Ledger::IsApplied(std::int64_t batch) {
  store::Statement statement{.sql = "SELECT batch FROM ledger_batch WHERE journal = $1 AND batch = $2",
                             .arguments = {parts_.journal.id(), batch},
                             .expected_changes = {}};
  const auto rows = co_await parts_.database.Query(parts_.loop, std::move(statement), parts_.loop.In(kWriteTimeout));
  co_return rows.ok() && !rows.value().empty();
}

net::Task<> Ledger::WriteBatch(std::vector<Entry> entries) {
  std::vector<Row> rows;
  rows.reserve(entries.size());
  for (const Entry& entry : entries) rows.push_back(entry.row);
  const base::Status applied = co_await Apply(std::move(rows));
  if (applied.ok()) {
    written_ += entries.size();
  } else {
    parts_.log.Error("a batch of the ledger was refused; its rows are written one by one",
                     {{"detail", applied.error().detail}});
    co_await WriteEach(entries);
  }
  Freed(entries);
}

// So that one row that the database will not have does not keep the others out.
net::Task<> Ledger::WriteEach(std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    std::vector<Row> row = {entry.row};
    const base::Status applied = co_await Apply(std::move(row));
    if (applied.ok()) {
      ++written_;
      continue;
    }
    ++rejected_;
    parts_.log.Error("the database refused a row of the ledger: it is in this log and nowhere else",
                     {{"request_id", entry.row.request_id},
                      {"principal", entry.row.principal},
                      {"model", entry.row.model},
                      {"usd", base::FormatUsd(entry.row.charge.cost)},
                      {"detail", applied.error().detail}});
  }
}

void Ledger::Freed(const std::vector<Entry>& entries) {
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> by_share;
  for (const Entry& entry : entries) {
    auto share = std::ranges::find(by_share, entry.share, [](const auto& one) { return one.first; });
    if (share == by_share.end()) share = by_share.insert(by_share.end(), {entry.share, {}});
    share->second.push_back(entry.slot);
  }
  for (auto& [share, slots] : by_share) {
    if (share == kOfEarlierProcess) {
      for (const std::uint32_t slot : slots) parts_.journal.Free(slot);
    } else if (release_) {
      release_(share, std::move(slots));
    }
  }
}

// The numbers of this journal, from `least` on, that are in the database.
net::Task<Result<std::vector<std::int64_t>>> Ledger::NumbersFrom(std::int64_t least, net::Deadline deadline) {
  std::vector<std::int64_t> numbers;
  constexpr std::int64_t kPage = 10'000;
  for (;;) {
    store::Statement statement{
        .sql = "SELECT number FROM exchange WHERE journal = $1 AND number >= $2 ORDER BY number LIMIT $3",
        .arguments = {parts_.journal.id(), least, kPage},
        .expected_changes = {}};
    auto rows = co_await parts_.database.Query(parts_.loop, std::move(statement), deadline);
    if (!rows.ok()) co_return std::move(rows).TakeFailure();
    for (const auto& row : rows.value()) numbers.push_back(store::IntegerOf(row.at(0)));
    if (rows.value().size() < static_cast<std::size_t>(kPage)) co_return numbers;
    least = numbers.back() + 1;
  }
}

net::Task<Result<Ledger::Recovered>> Ledger::Recover(base::WallTime now, net::Deadline deadline) {
  const store::Journal::Found found = parts_.journal.Recover();
  Recovered recovered{.damaged = found.damaged};
  GH_CO_TRY(const store::Rows last, co_await parts_.database.Query(
                                        parts_.loop,
                                        {.sql = "SELECT COALESCE(MAX(batch), 0) FROM ledger_batch WHERE journal = $1",
                                         .arguments = {parts_.journal.id()},
                                         .expected_changes = {}},
                                        deadline));
  batch_ = last.empty() ? 0 : store::IntegerOf(last.at(0).at(0));
  if (found.entries.empty()) co_return recovered;
  GH_CO_TRY(const std::vector<std::int64_t> numbers, co_await NumbersFrom(found.entries.front().number, deadline));
  const std::unordered_set<std::int64_t> written(numbers.begin(), numbers.end());
  for (const auto& entry : found.entries) {
    if (written.contains(entry.number)) {
      ++recovered.written;
      parts_.journal.Free(entry.slot);
      continue;
    }
    const bool settled = entry.state == store::Journal::State::kDone;
    auto row = DecodeRow(settled ? entry.outcome : entry.intent);
    if (!row) {
      ++recovered.damaged;
      parts_.journal.Free(entry.slot);
      continue;
    }
    ++(settled ? recovered.settled : recovered.in_doubt);
    row->journal = parts_.journal.id();
    row->number = entry.number;
    parts_.treasury.Charge(UseOf(*row), SecondsOf(now));
    Submit({.row = *std::move(row), .slot = entry.slot, .share = kOfEarlierProcess});
  }
  co_return recovered;
}

net::Task<bool> Ledger::Flush(net::Deadline deadline) {
  constexpr base::Duration kLook = std::chrono::milliseconds(10);
  for (;;) {
    if (standing().waiting == 0 && idle_) co_return true;
    if (parts_.loop.Now() >= deadline.at) co_return false;
    co_await parts_.loop.Sleep(kLook);
  }
}

Ledger::Standing Ledger::standing() const {
  const std::scoped_lock lock(queue_->mutex);
  return {.waiting = queue_->entries.size(), .written = written_, .rejected = rejected_, .problem = problem_};
}

}  // namespace gatehouse::features::accounting
