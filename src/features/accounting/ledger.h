#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "features/accounting/block.h"
#include "features/accounting/row.h"
#include "features/accounting/treasury.h"
#include "net/loop.h"
#include "store/database.h"
#include "store/journal/journal.h"

namespace gatehouse::features::accounting {

// Brings what exchanges came to from the journal into the database. Rows come from all loops and are written by one
// coroutine on the loop that the ledger belongs to, in batches; what is written is free in the journal again. A
// database that does not answer delays that, and nothing else: the journal holds it all.
//
// Submit() is for any thread, the rest for the thread of its loop. `loop`, `database`, `journal`, `treasury` and `log`
// outlive it.
class Ledger {
 public:
  // How long rows gather: long enough that a batch is worth its commit, short enough that figures are fresh.
  static constexpr base::Duration kGather = std::chrono::milliseconds(250);

  struct Parts {
    net::Loop& loop;
    store::Database& database;
    store::Journal& journal;
    Treasury& treasury;
    const base::Log& log;
  };
  explicit Ledger(Parts parts);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();

  // What earlier processes left in the journal: what is in the database already is freed there, the rest is charged to
  // the treasury and waits to be written; what was under way when the process ended counts as its worst case and is in
  // doubt. Before the loops start, and before shares of the journal are taken. Blocks until the database answers.
  struct Recovered {
    std::size_t written = 0;  // were in the database
    std::size_t settled = 0;  // known, and to be written
    std::size_t in_doubt = 0;
    std::size_t damaged = 0;
  };
  net::Task<base::Result<Recovered>> Recover(base::WallTime now, net::Deadline deadline);

  // A slot of the journal whose row is to be written.
  struct Entry {
    std::uint32_t slot = 0;
    std::uint32_t share = 0;
    std::int64_t number = 0;
    enum class Text : std::uint8_t { kOutcome, kIntent } text = Text::kOutcome;
  };
  static constexpr std::uint32_t kOfEarlierProcess = 0xFFFF'FFFF;  // as `share`: the ledger itself frees the slot
  void Submit(std::span<const Entry> entries);
  // Called with the slots of one share that are free again; set before anything is submitted.
  using Release = std::function<void(std::uint32_t share, std::vector<std::uint32_t> slots)>;
  void OnWritten(Release release) { release_ = std::move(release); }

  // Starts writing.
  void Start();
  // Nothing waits to be written, or the deadline has come. For when nothing is submitted any more.
  net::Task<bool> Flush(net::Deadline deadline);
  // What was submitted before the call is written, whatever comes after it; or the deadline has come.
  net::Task<bool> CatchUp(net::Deadline deadline);

  struct Standing {
    std::size_t waiting = 0;     // rows
    std::uint64_t written = 0;   // since the start
    std::uint64_t rejected = 0;  // rows that the database would not have
    std::uint64_t failures = 0;  // attempts to write that came to nothing
    std::int64_t written_s = 0;  // when it last wrote, in seconds since 1970; 0: not yet
    std::string problem;         // "" while it works
  };
  Standing standing() const;

 private:
  struct Queue;

  net::Task<> WriteForever();
  net::Task<> WriteBlock(std::vector<Entry> entries);
  net::Task<base::Status> Apply(std::vector<Entry> entries);
  net::Task<bool> IsApplied(std::int64_t block);
  net::Task<> WriteEach(const std::vector<Entry>& entries);
  std::string_view BytesOf(const Entry& entry) const;
  void Approach(const Entry& entry) const;
  void Reject(const Entry& entry, std::string_view detail);
  void Freed(const std::vector<Entry>& entries);
  net::Task<base::Result<std::vector<std::int64_t>>> NumbersFrom(std::int64_t least, net::Deadline deadline);

  const Parts parts_;
  std::shared_ptr<Queue> queue_;
  Release release_;
  std::int64_t block_ = 0;  // the last one's number
  bool idle_ = true;
  std::uint64_t handled_ = 0;  // of those submitted, in their order
  std::uint64_t written_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t failures_ = 0;
  std::int64_t written_s_ = 0;
  std::string problem_;
  net::TaskGroup tasks_;  // last: what runs there uses the rest
};

}  // namespace gatehouse::features::accounting
