#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/log/files.h"
#include "record/log/journal.h"
#include "record/log/key_ring.h"
#include "record/log/log_event.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {

// The files of a log as its writer changes them (docs/formats/record-log.md says in which order, and what that
// survives). One thread at a time; holds the folder's lock. After a failure the same call may be made again, unless
// broken().
class LogFolder {
 public:
  struct Options {
    std::string folder;
    std::string origin;
    std::size_t journal_bytes = 0;
    std::size_t journal_files = 0;
    std::shared_ptr<const tlog::NoteSigner> further_signer = nullptr;
  };
  // Makes the log, or checks and repairs what is there. `files` outlives it.
  static base::Result<std::unique_ptr<LogFolder>> Open(Options options, Files& files);

  // What Open() found or did that the log should remember; the one who appends takes them.
  std::vector<LogEvent> TakeEvents() { return std::exchange(events_, {}); }

  // Entries that are on the disk.
  std::uint64_t size() const { return edge_.size(); }
  // Entries under the published signature.
  std::uint64_t published_size() const { return published_size_; }
  const KeyRing& keys() const { return keys_; }

  // The most bytes that one Commit() takes.
  std::size_t max_commit_bytes() const { return Journal::MaxEntries(options_.journal_bytes); }
  bool HasRoomFor(std::size_t bytes) const { return journal_.HasRoomFor(bytes); }
  // Entries as bundles have them. One write, one sync. REQUIRES: HasRoomFor(entries.size()).
  base::Status Commit(std::string_view entries, std::uint32_t count);

  // Whether Roll() may begin another file, or something has to be settled first.
  bool CanRoll() const { return journal_.files() < options_.journal_files; }
  // Publishes and goes on in a new file of the journal. REQUIRES: CanRoll().
  base::Status Roll();
  // Where the files of the journal end that go once everything written so far is on the disk: call files.SyncAll()
  // after this, from any thread, then Settled() with the same number.
  std::optional<std::uint64_t> ToSettle() const;
  base::Status Settled(std::uint64_t size);

  // Writes what is at the edge of the tree, signs a checkpoint over all entries and publishes it. Does nothing where
  // that is done.
  base::Status Publish();
  // Puts lines of signatures behind the published checkpoint, in place of those of the same keys, where it is still the
  // one of that size; kConflict where it is another.
  base::Status AddSignatures(std::uint64_t size, std::string_view lines);
  // From now on this key signs too, and the one before it until then. Publishes and keeps what both signed.
  base::Status RotateKey(tlog::SignerKey next, base::WallTime old_until);
  base::Status ExpireKeys(base::WallTime now) { return keys_.Expire(now); }

  // A sync failed: what is in memory and what is on the disk may differ. Only opening the log again helps.
  bool broken() const { return journal_.broken() || broken_; }
  void SetBroken() { broken_ = true; }

 private:
  LogFolder(Options options, Files& files, std::unique_ptr<FolderLock> lock, KeyRing keys);

  base::Status Recover();
  base::Status ReadPublished(std::string& note);
  base::Status ReadEdge(std::uint64_t size);
  base::Status CheckPublished(std::string_view note, const std::optional<tlog::Hash>& replayed_root);
  void Integrate(std::string_view entries, std::uint32_t count);
  void OnTile(const tlog::TileId& tile, std::span<const tlog::Hash> hashes);
  // A tile or bundle that has partial forms, as far as is known, is full now.
  void NoteFilled(const std::string& path);
  // Writes it now, or keeps it to be written.
  void Put(const std::string& path, std::string_view bytes);
  base::Status WriteFile(const std::string& path, std::string_view bytes);
  base::Status WriteUnwritten();
  base::Status WriteEdge();
  // The checkpoint with the signatures of all who sign.
  base::Result<std::string> Sign(const std::string& text) const;
  // Publishes, and keeps the checkpoint among the earlier ones.
  base::Status KeepCheckpoint();
  base::Status RemovePartials(const std::string& full_path);
  std::string At(std::string_view name) const { return options_.folder + "/" + std::string(name); }

  struct Unwritten {
    std::string path;
    std::string bytes;
  };
  struct Filled {
    std::uint64_t end = 0;  // of the leaves beneath
    std::string path;
  };

  const Options options_;
  Files& files_;
  const std::unique_ptr<FolderLock> lock_;
  KeyRing keys_;
  Journal journal_;
  tlog::TreeEdge edge_;
  std::string bundle_;                // the entries of the last bundle, which is not full
  std::vector<Unwritten> unwritten_;  // as much as the journal holds, at most
  std::set<std::string> partials_;    // full paths of those at the edge, which have partial forms
  std::vector<Filled> filled_;        // those of them that are full by now: their partial forms are to go
  std::set<std::string> folders_;     // known to be there
  std::uint64_t edge_written_ = 0;    // the size whose edge this process wrote last
  std::uint64_t published_size_ = 0;
  // Meanwhile any tile may have partial forms of an earlier process.
  enum class Recovery : std::uint8_t { kUnderWay, kDone } recovery_ = Recovery::kUnderWay;
  bool publish_again_ = false;  // other keys sign
  std::vector<LogEvent> events_;
  bool broken_ = false;
};

}  // namespace gatehouse::record::log
