#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/log/files.h"

namespace gatehouse::record::log {

// Entries as bundles have them, one after the other: the first of them is entry `first` of the log.
struct Batch {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::string_view entries;
};

// Where entries are durable before they are in tiles: files of a fixed size, the last of which is written
// (docs/formats/record-log.md). A batch is written only when all before it are on the disk. One thread.
class Journal {
 public:
  struct Options {
    std::string folder;
    std::uint64_t file_bytes = 0;
  };

  struct Kept {
    std::uint64_t number = 0;
    std::uint64_t first = 0;
  };
  // What the files of an earlier process have.
  struct Found {
    std::vector<std::string> files;   // their bytes, in order; the batches are views into them
    std::vector<Batch> batches;       // each begins where the one before it ends
    std::uint64_t first = 0;          // where the oldest file begins
    std::uint64_t size = 0;           // where the last batch ends
    std::uint64_t dropped_bytes = 0;  // of what was being written when the process or the machine ended
    bool any = false;                 // whether there is a file at all
    std::vector<Kept> kept;           // the files that have a head
  };
  // Reads what is there. kInternal where something is missing that was durable.
  static base::Result<Found> Read(Files& files, const std::string& folder);

  Journal(Options options, Files& files) : options_(std::move(options)), files_(files) {}

  // Takes over the files that were found, to be released. Call before the first Begin().
  void Adopt(const Found& found);
  // A new file, for entries from `first` on. After a failure the old one, if any, is still the one that is written.
  base::Status Begin(std::uint64_t first);
  // Whether a batch of that many bytes has room in the file. REQUIRES: Begin() was called.
  bool HasRoomFor(std::size_t bytes) const;
  // One write and one sync. After a failure of the sync nothing is known, and the log must be opened again: broken().
  base::Status Write(const Batch& batch);
  bool broken() const { return broken_; }

  // Files that are kept, the one that is written among them.
  std::size_t files() const { return kept_.size(); }
  // Where the oldest of them begins, and the one that is written. REQUIRES: files() > 0.
  std::uint64_t oldest() const { return kept_.front().first; }
  std::uint64_t first() const { return kept_.back().first; }
  // Removes the files that end at or before entry `settled`.
  base::Status Release(std::uint64_t settled);

  // The most that a batch may have, for files of that size.
  static std::size_t MaxEntries(std::uint64_t file_bytes);

 private:
  std::string PathOf(std::uint64_t number) const;

  const Options options_;
  Files& files_;
  std::deque<Kept> kept_;  // oldest first
  std::uint64_t last_number_ = 0;
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
  bool broken_ = false;
};

}  // namespace gatehouse::record::log
