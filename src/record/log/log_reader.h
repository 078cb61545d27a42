#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/log/files.h"
#include "record/log/tile_files.h"
#include "record/tlog/checkpoint.h"
#include "record/tlog/proof_file.h"

namespace gatehouse::record::log {

enum class Reading : std::uint8_t { kContinues, kEnds };
// An entry and its index; the text lives for the call.
using EntryVisitor = std::function<Reading(std::uint64_t index, std::string_view entry)>;

// A log folder as its published checkpoint has it, while a writer may be at work on it. Needs no key but those that
// check. What Entry() and Visit() give is as the files have it; Verify() says whether that is what was written. One
// thread; `files` outlives it.
class LogReader {
 public:
  // `keys`: those of the log; none: those that the folder names itself. kNotFound where there is no log, kDenied where
  // the checkpoint is not signed by one of the keys.
  static base::Result<LogReader> Open(Files& files, std::string folder, std::vector<tlog::VerifierKey> keys = {});

  const tlog::Checkpoint& head() const { return head_.checkpoint; }
  const std::string& note() const { return note_; }
  const std::vector<tlog::VerifierKey>& keys() const { return keys_; }
  TileFiles& tiles() { return tiles_; }

  base::Result<std::string> Entry(std::uint64_t index);
  // Entries [begin, end), in order; the end is cut to the log's.
  base::Status Visit(std::uint64_t begin, std::uint64_t end, const EntryVisitor& visit);

  // A proof that stands by itself, with the entry in it; checked before it is given. kInternal where the files do not
  // lead to the signed root.
  base::Result<tlog::ProofFile> Prove(std::uint64_t index);
  // That the log continues a checkpoint of that size.
  base::Result<tlog::Proof> ProveConsistency(std::uint64_t older);

 private:
  LogReader(Files& files, std::string folder, std::vector<tlog::VerifierKey> keys, std::string note,
            tlog::SignedCheckpoint head);

  std::vector<tlog::VerifierKey> keys_;
  std::string note_;
  tlog::SignedCheckpoint head_;
  TileFiles tiles_;
};

}  // namespace gatehouse::record::log
