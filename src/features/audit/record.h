#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/json/field_writer.h"
#include "features/audit/entry.h"
#include "features/common/caller_map.h"
#include "net/loop.h"
#include "pipeline/observer.h"
#include "record/log/log_writer.h"

namespace gatehouse::features::audit {

using record::log::Durability;

// Where entries go: the log, or in tests something that remembers them. Thread-safe.
class EntrySink {
 public:
  virtual ~EntrySink() = default;
  // As record::log::LogWriter::Append().
  virtual base::Result<std::uint64_t> Append(std::string_view entry, Durability durability,
                                             record::log::LogWriter::Told told) = 0;
};

// How exchanges are recorded.
struct RecordSettings {
  // What an exchange waits for before its upstream is asked. kStrict: that its entry is on the disk.
  Durability durability = Durability::kGroup;
  // What happens to it while no entry can be written. kServed: it goes on, and is counted.
  enum class Unwritten : std::uint8_t { kRefused, kServed } unwritten = Unwritten::kRefused;
  // Where nobody waits for the disk: an exchange that is over within this time has one entry, which says all.
  base::Duration grace = std::chrono::milliseconds(5);
  bool operator==(const RecordSettings&) const = default;
};

// The record of one process. Thread-safe; outlives the loops.
class Record {
 public:
  // `sink` and `clock` outlive it. `node` names the gateway.
  Record(EntrySink& sink, const base::Clock& clock, std::string_view node, RecordSettings settings, std::size_t loops);
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;
  ~Record() = default;

  const RecordSettings& settings() const { return settings_; }

  // What loops count; each touches its own.
  struct alignas(64) Counts {
    std::atomic<std::uint64_t> entries = 0;
    std::atomic<std::uint64_t> unwritten = 0;
    std::atomic<std::uint64_t> strangers = 0;
    std::atomic<std::int64_t> in_flight = 0;
  };
  Counts& CountsOf(std::size_t loop) { return counts_[loop]; }
  struct Totals {
    std::uint64_t entries = 0;
    std::uint64_t unwritten = 0;
    std::uint64_t strangers = 0;
    std::int64_t in_flight = 0;
  };
  Totals totals() const;

  EntryHead NextHead(std::string_view type) { return NextHead(type, clock_.Wall()); }
  EntryHead NextHead(std::string_view type, base::WallTime at) {
    return {.type = type, .seq = seq_.fetch_add(1, std::memory_order_relaxed) + 1, .at = at, .node = node_member_};
  }
  // Hands over a whole entry, which the caller counts.
  base::Status HandOver(std::string_view entry, Durability durability, record::log::LogWriter::Told told = {});
  // An entry about anything but exchanges: `members` writes `,"name":value` for each. One that cannot be written is
  // counted.
  base::Status Write(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members,
                     Durability durability, record::log::LogWriter::Told told = {});
  // The same where nobody waits for it.
  void Note(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members) {
    static_cast<void>(Write(type, members, Durability::kAsync));
  }
  // The same, and waits until it is on the disk; kTimeout where that takes half a minute. Never on a loop.
  base::Status WriteAndWait(std::string_view type, const std::function<void(codec::json::FieldWriter&)>& members);
  // A whole entry that was put together before. One that cannot be written is counted.
  void AppendLate(std::string_view entry, Durability durability);

 private:
  // Hands over an entry that is of no loop, and counts it.
  base::Status Append(std::string_view entry, Durability durability, record::log::LogWriter::Told told = {});

  EntrySink& sink_;
  const base::Clock& clock_;
  const std::string node_member_;
  const RecordSettings settings_;
  std::atomic<std::uint64_t> seq_ = 0;
  std::vector<Counts> counts_;  // of the loops, then of all else
};

class Archive;

// What one loop tells the record: an entry before the upstream is asked, and one at the end of every exchange whose
// caller is known. Belongs to its loop.
//
// Unless the settings are strict, the first entry waits for RecordSettings::grace, and is left out where the exchange
// is over by then: the second says the same and more. The first exchange of each such span does not wait, so that it is
// known at once when nothing can be written.
//
// What was let go on is on record in the end, also where the disk has failed since: its entries wait in memory. Those
// of what was refused meanwhile do not.
class LoopRecord final : public pipeline::ExchangeObserver, private net::Timer {
 public:
  // Both outlive it; `archive` is null where nothing of payloads is kept.
  LoopRecord(net::Loop& loop, Record& record, std::size_t index, Archive* archive = nullptr)
      : Timer(loop), loop_(loop), record_(record), counts_(record.CountsOf(index)), archive_(archive) {}

  // What entries say of the configuration from now on.
  void Use(std::shared_ptr<const EntryContext> context) {
    context_ = std::move(context);
    askers_ = {};
  }

  void Began(pipeline::Surface surface) override;
  void Ended(const pipeline::ExchangeEnd& end) override;

  // A call that was seen through without its client has ended: what it came to.
  void Settled(const pipeline::Exchange& exchange);
  // The entry that goes before the upstream is asked.
  base::Status Start(pipeline::Exchange& exchange, record::log::LogWriter::Told told);
  const RecordSettings& settings() const { return record_.settings(); }

 private:
  // Attached to an exchange that was let go on: the place of its first entry among those that wait.
  struct LetGoOn {
    static constexpr std::size_t kNowhere = SIZE_MAX;  // it waits no longer
    std::size_t place = kNowhere;
  };
  struct Begun {
    pipeline::Exchange* exchange = nullptr;  // alive until Ended()
    base::TimePoint at{};
  };

  void OnTimer() override;
  // As AskerMembers() writes them; valid until the next call.
  std::string_view AskerOf(const pipeline::Exchange& exchange);
  std::string_view AskerOf(const pipeline::ExchangeEnd& end);
  // Hands over entry_, and counts it.
  base::Status Append(Durability durability, record::log::LogWriter::Told told = {});
  base::Status AppendNow(const pipeline::Exchange& exchange, base::WallTime at, Durability durability,
                         record::log::LogWriter::Told told = {});
  void Withdraw(const LetGoOn& waiting);
  // Of the last entry of an exchange.
  Durability DurabilityOf(const LetGoOn* let_go_on) const;

  net::Loop& loop_;
  Record& record_;
  Record::Counts& counts_;
  Archive* const archive_;
  std::shared_ptr<const EntryContext> context_;
  common::CallerMap<std::string> askers_;
  std::string entry_;  // kept for its capacity
  std::string asker_;  // of a caller that is not remembered
  std::vector<Begun> begun_;
  enum class Last : std::uint8_t { kTaken, kRefused } last_ = Last::kTaken;  // of the entries that did not wait
};

}  // namespace gatehouse::features::audit
