#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/log/files.h"
#include "record/log/log_event.h"
#include "record/tlog/checkpoint.h"

namespace gatehouse::record::log {

// What the one who appends needs to be sure of.
enum class Durability : std::uint8_t {
  // Committed at once; `told` is called when it is on the disk. Refused while the disk fails.
  kStrict,
  // On the disk within LogOptions::group_interval. Refused while the disk fails.
  kGroup,
  // The same, but taken on while the disk fails, as long as there is room in memory. For what has happened already.
  kAsync,
};

struct LogOptions {
  std::string folder;  // made if it is not there
  // The name of the log in its checkpoints and of its key: a URL without scheme, such as audit.example.com/gw1.
  // Fixed once the log is made.
  std::string origin;
  // Lose at most that much when the process or the machine ends, where nobody asked for kStrict: commits begin so far
  // apart, and what comes after a rest is committed at once.
  std::chrono::milliseconds group_interval{5};
  // A checkpoint is signed when entries have waited for one that long, or when there are that many.
  std::chrono::milliseconds checkpoint_interval{1000};
  std::uint64_t checkpoint_entries = 65'536;
  // What may wait in memory to be written. Beyond it Append() refuses; what is not kAsync beyond three quarters of it.
  std::size_t max_queued_bytes = 32U << 20U;
  // The size of the files that entries are first written to, and how many there may be. Together they bound what has to
  // be read at start-up. A file takes at least one entry of the largest size.
  std::size_t journal_bytes = 16U << 20U;
  std::size_t journal_files = 4;
  // How long two keys sign after RotateKey().
  std::chrono::seconds key_overlap = std::chrono::hours(24 * 7);
  // Puts a second line behind the log's signature of each checkpoint, such as one of a post-quantum algorithm, for
  // whoever knows its key: it is no key of the log, and rotated by whoever owns it. Null: none.
  std::shared_ptr<const tlog::NoteSigner> further_signer;
  // How to write what happens to the log itself; the default is DefaultEventText.
  EventText event_text;
};

// How the writer is, for /readyz, metrics, and people.
struct LogState {
  enum class Health : std::uint8_t {
    kWriting,
    kNoRoom,    // the disk, or a quota, is full; goes on by itself when there is room
    kReadOnly,  // the file system takes no writes
    kFailing,   // anything else, such as EIO
  } health = Health::kWriting;
  std::string detail;                 // of the last failure; names files
  base::TimePoint failing_since{};    // where health is not kWriting
  std::uint64_t next_index = 0;       // of the next Append()
  std::uint64_t durable_size = 0;     // entries on the disk
  std::uint64_t checkpoint_size = 0;  // entries under a published signature
  std::size_t queued_bytes = 0;
  std::uint64_t commits = 0;  // each is one write and one fdatasync
};

// The only writer of a log folder (docs/formats/record-log.md). Owns a thread that writes, signs and publishes, and one
// that waits for the disk when whole files become durable. Dropping it writes and signs what was taken on; what cannot
// be written then is lost, as at the end of the process.
class LogWriter {
 public:
  // Told once: the index when the entry is on the disk, or kUnavailable when that is in doubt: it may yet be written.
  // Called on the writer's thread: do not block, do not call the writer.
  using Told = std::function<void(const base::Result<std::uint64_t>& durable)>;

  // Verifies the right edge of what is there, repairs a torn tail and appends an entry about it. kConflict while
  // another process has the folder, or where it is another log; kInternal where the folder contradicts what was signed;
  // kUnavailable where the disk fails. `files` and `clock` outlive the writer.
  static base::Result<std::unique_ptr<LogWriter>> Open(LogOptions options, Files& files, const base::Clock& clock);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter();

  // Copies the entry (1 to 65,535 bytes) and returns its index at once; costs the caller a lock and a copy. Any thread.
  // The index holds as soon as the entry is durable; after a crash before that another entry may get it.
  // kInvalidRequest for the size, kUnavailable while the disk fails or too much waits: then the entry is not taken on,
  // and `told` is not called.
  base::Result<std::uint64_t> Append(std::string_view entry, Durability durability, Told told = {});

  // Asks for a checkpoint over all that was appended before, and tells its size once it is published.
  void Publish(Told told);
  // A new key signs from the next checkpoint on, beside the old one for LogOptions::key_overlap; an entry says so.
  void RotateKey(Told told);

  // Puts the cosignature of a witness behind the checkpoint of that size, unless another one is published by then.
  void AddCosignature(std::uint64_t size, std::string line);

  LogState state() const;
  // The keys whose signatures hold, oldest first, as the file `keys` has them.
  std::vector<tlog::VerifierKey> keys() const;

 private:
  class Body;
  explicit LogWriter(std::unique_ptr<Body> body);

  std::unique_ptr<Body> body_;
};

}  // namespace gatehouse::record::log
