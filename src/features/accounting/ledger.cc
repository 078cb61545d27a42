#include "features/accounting/ledger.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using base::Result;

constexpr std::size_t kMostRows = 16'000;
constexpr base::Duration kWriteTimeout = std::chrono::seconds(30);
constexpr base::Duration kLook = std::chrono::milliseconds(10);  // whether it is done
constexpr base::Duration kFirstPause = std::chrono::milliseconds(100);
constexpr base::Duration kLongestPause = std::chrono::seconds(5);

base::Status AddNumbers(std::string_view block, std::vector<std::int64_t>& numbers) {
  return ReadBlock(block, [&numbers](std::int64_t number, std::string_view) {
    numbers.push_back(number);
    return Going::kOn;
  });
}

bool MayPass(const base::Error& error) {
  return error.code == base::ErrorCode::kUnavailable || error.code == base::ErrorCode::kTimeout;
}

}  // namespace

// Shared with what other threads post: it outlives the ledger.
struct Ledger::Queue {
  explicit Queue(net::Loop& owner) : arrived(owner) {}
  mutable std::mutex mutex;
  std::vector<Entry> entries;   // guarded by mutex; bounded by the journal's slots
  std::uint64_t submitted = 0;  // guarded by mutex
  bool alive = true;            // guarded by mutex
  net::Event arrived;           // on the ledger's loop
};

Ledger::Ledger(Parts parts) : parts_(parts), queue_(std::make_shared<Queue>(parts.loop)), tasks_(parts.loop) {}

Ledger::~Ledger() {
  const std::scoped_lock lock(queue_->mutex);
  queue_->alive = false;
}

void Ledger::Submit(std::span<const Entry> entries) {
  if (entries.empty()) return;
  bool first = false;
  {
    const std::scoped_lock lock(queue_->mutex);
    first = queue_->entries.empty();
    queue_->entries.insert(queue_->entries.end(), entries.begin(), entries.end());
    queue_->submitted += entries.size();
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
      co_await WriteBlock(std::move(entries));
    }
    idle_ = true;
  }
}

std::string_view Ledger::BytesOf(const Entry& entry) const {
  return entry.text == Entry::Text::kOutcome ? parts_.journal.OutcomeOf(entry.slot)
                                             : parts_.journal.IntentOf(entry.slot);
}

void Ledger::Approach(const Entry& entry) const {
  parts_.journal.Approach(entry.slot,
                          entry.text == Entry::Text::kOutcome ? store::Journal::kOutcome : store::Journal::kIntent);
}

void Ledger::Reject(const Entry& entry, std::string_view detail) {
  ++rejected_;
  Links links;
  const Row row = DecodeRow(BytesOf(entry), links).value_or(Row());
  parts_.log.Error("the database refused a row of the ledger: it is in this log and nowhere else",
                   {{"request_id", row.request_id},
                    {"organization", row.organization},
                    {"name", row.name},
                    {"model", row.model},
                    {"usd", base::FormatUsd(row.cost)},
                    {"detail", detail}});
}

// One number for one set of rows, however often it has to be tried.
net::Task<base::Status> Ledger::Apply(std::vector<Entry> entries) {
  constexpr std::size_t kAhead = 4;
  BlockBuilder builder(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + kAhead < entries.size()) Approach(entries[i + kAhead]);
    const Entry& entry = entries[i];
    if (builder.Add(entry.number, BytesOf(entry)) == BlockBuilder::Added::kNoRow)
      Reject(entry, "its bytes are damaged");
  }
  if (builder.rows() == 0) co_return base::Ok();
  const std::size_t rows = builder.rows();
  const std::int64_t block = ++block_;
  const auto unit = builder.Take(parts_.journal.id(), block, parts_.treasury);
  base::Duration pause = kFirstPause;
  for (bool repeated = false;; repeated = true) {
    auto written = co_await parts_.database.Write(parts_.loop, unit, parts_.loop.In(kWriteTimeout));
    if (written.ok()) break;
    const base::Error& error = written.error();
    ++failures_;
    if (repeated && error.code == base::ErrorCode::kConflict && co_await IsApplied(block)) break;
    if (!MayPass(error)) co_return std::move(written).TakeFailure();
    if (problem_.empty()) parts_.log.Warning("the ledger waits for the database", {{"detail", error.detail}});
    problem_ = "the ledger waits for the database: " + error.detail;
    co_await parts_.loop.Sleep(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  if (!problem_.empty()) parts_.log.Info("the ledger writes again");
  problem_.clear();
  written_ += rows;
  written_s_ = SecondsOf(parts_.loop.clock().Wall());
  co_return base::Ok();
}

// Whether an attempt whose end was not seen had been done after all.
net::Task<bool> Ledger::IsApplied(std::int64_t block) {
  store::Statement statement{.sql = "SELECT block FROM exchange_block WHERE journal = $1 AND block = $2",
                             .arguments = {parts_.journal.id(), block},
                             .expected_changes = {}};
  const auto rows = co_await parts_.database.Query(parts_.loop, std::move(statement), parts_.loop.In(kWriteTimeout));
  co_return rows.ok() && !rows.value().empty();
}

net::Task<> Ledger::WriteBlock(std::vector<Entry> entries) {
  const base::Status applied = co_await Apply(entries);
  if (!applied.ok()) {
    parts_.log.Error("a block of the ledger was refused; its rows are written one by one",
                     {{"detail", applied.error().detail}});
    co_await WriteEach(entries);
  }
  Freed(entries);
  handled_ += entries.size();
}

// So that one row that the database will not have does not keep the others out.
net::Task<> Ledger::WriteEach(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    std::vector<Entry> one = {entry};
    const base::Status applied = co_await Apply(std::move(one));
    if (!applied.ok()) Reject(entry, applied.error().detail);
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
  std::int64_t last = 0;
  constexpr std::int64_t kPage = 50;
  for (;;) {
    store::Statement statement{.sql =
                                   "SELECT block, content FROM exchange_block WHERE journal = $1 AND most >= $2 AND"
                                   " block > $3 ORDER BY block LIMIT $4",
                               .arguments = {parts_.journal.id(), least, last, kPage},
                               .expected_changes = {}};
    GH_CO_TRY(const store::Rows rows, co_await parts_.database.Query(parts_.loop, std::move(statement), deadline));
    for (const auto& row : rows) {
      last = store::IntegerOf(row.at(0));
      GH_CO_CHECK_OK(AddNumbers(store::BytesOf(row.at(1)), numbers));
    }
    if (rows.size() < static_cast<std::size_t>(kPage)) co_return numbers;
  }
}

net::Task<Result<Ledger::Recovered>> Ledger::Recover(base::WallTime now, net::Deadline deadline) {
  const store::Journal::Found found = parts_.journal.Recover();
  Recovered recovered{.damaged = found.damaged};
  GH_CO_TRY(const store::Rows last, co_await parts_.database.Query(
                                        parts_.loop,
                                        {.sql = "SELECT COALESCE(MAX(block), 0) FROM exchange_block WHERE journal = $1",
                                         .arguments = {parts_.journal.id()},
                                         .expected_changes = {}},
                                        deadline));
  block_ = last.empty() ? 0 : store::IntegerOf(last.at(0).at(0));
  if (found.entries.empty()) co_return recovered;
  GH_CO_TRY(const std::vector<std::int64_t> numbers, co_await NumbersFrom(found.entries.front().number, deadline));
  const std::unordered_set<std::int64_t> written(numbers.begin(), numbers.end());
  std::vector<Entry> waiting;
  for (const auto& entry : found.entries) {
    if (written.contains(entry.number)) {
      ++recovered.written;
      parts_.journal.Free(entry.slot);
      continue;
    }
    const bool settled = entry.state == store::Journal::State::kDone;
    Links links;
    const auto row = DecodeRow(settled ? entry.outcome : entry.intent, links);
    if (!row) {
      ++recovered.damaged;
      parts_.journal.Free(entry.slot);
      continue;
    }
    ++(settled ? recovered.settled : recovered.in_doubt);
    parts_.treasury.Charge(UseOf(*row), SecondsOf(now));
    waiting.push_back({.slot = entry.slot,
                       .share = kOfEarlierProcess,
                       .number = entry.number,
                       .text = settled ? Entry::Text::kOutcome : Entry::Text::kIntent});
  }
  Submit(waiting);
  co_return recovered;
}

net::Task<bool> Ledger::CatchUp(net::Deadline deadline) {
  std::uint64_t submitted = 0;
  {
    const std::scoped_lock lock(queue_->mutex);
    submitted = queue_->submitted;
  }
  while (handled_ < submitted) {
    if (parts_.loop.Now() >= deadline.at) co_return false;
    co_await parts_.loop.Sleep(kLook);
  }
  co_return true;
}

net::Task<bool> Ledger::Flush(net::Deadline deadline) {
  for (;;) {
    if (standing().waiting == 0 && idle_) co_return true;
    if (parts_.loop.Now() >= deadline.at) co_return false;
    co_await parts_.loop.Sleep(kLook);
  }
}

Ledger::Standing Ledger::standing() const {
  const std::scoped_lock lock(queue_->mutex);
  return {.waiting = queue_->entries.size(),
          .written = written_,
          .rejected = rejected_,
          .failures = failures_,
          .written_s = written_s_,
          .problem = problem_};
}

}  // namespace gatehouse::features::accounting
