#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/log/files.h"
#include "record/tlog/checkpoint.h"

namespace gatehouse::record::log {

// Something that is not as it was written and signed.
struct Fault {
  enum class Kind : std::uint8_t {
    kEntryChanged,   // the entry is not the one whose hash is signed
    kEntryMissing,   // deleted from the middle: those behind it moved up
    kEntryInserted,  // those behind it moved down
    kEntryMoved,     // two or more changed places
    kBundleMissing,  // the file with the entry is gone or cut short
    kBundleMalformed,
    kTileChanged,  // a file of hashes; the entries beneath it may be right
    kTileMissing,
    kRootMismatch,  // entries and tiles agree with one another, but not with what was signed
    kRolledBack,    // a checkpoint of more entries was signed
    kForked,        // a checkpoint was signed that this log does not continue
    kSignature,     // a checkpoint that is not signed by a trusted key, or wrongly, or is none
    kBackdated,     // its time is before the one of an entry before it
    kJournalDamaged,
  } kind = Kind::kEntryChanged;
  std::uint64_t index = 0;  // the first entry concerned; the size of the checkpoint for kRolledBack and kForked
  std::string what;         // for people
};
std::string_view ToString(Fault::Kind kind);

// Something that was not written: not a fault of the log.
struct Gap {
  std::uint64_t index = 0;  // the entry behind it
  std::string what;
};

struct VerifyRequest {
  std::string folder;
  // The keys of the log that are trusted; none: those that the folder names itself.
  std::vector<tlog::VerifierKey> keys;
  // Checkpoints that were seen earlier or elsewhere (signed notes): the log has to continue each.
  std::vector<std::string> seen;
  // Witnesses, of which that many have to have cosigned the head, or a copy of it in `seen`.
  std::vector<tlog::VerifierKey> witnesses;
  std::size_t quorum = 0;
  // Entries [begin, end): others are believed where the signature covers their hashes.
  std::uint64_t begin = 0;
  std::optional<std::uint64_t> end;
  // Clocks may be set back by that much without being called kBackdated.
  std::uint64_t clock_tolerance_seconds = 60;
};

// What Verify() found. Faults are in order of their index, as many as kMaxFaults.
struct Verification {
  static constexpr std::size_t kMaxFaults = 100;

  tlog::Checkpoint head;
  std::vector<std::string> signed_by;     // names of keys, with their ids
  std::vector<std::string> witnessed_by;  // of VerifyRequest::witnesses
  bool keys_from_folder = false;          // who can change the folder can change those too
  std::uint64_t entries = 0;              // looked at
  std::uint64_t unsigned_entries = 0;     // durable, not yet under a signature
  std::uint64_t checkpoints = 0;          // earlier ones that were compared
  std::vector<Fault> faults;
  std::vector<Gap> gaps;                              // as many as kMaxFaults
  std::optional<std::uint64_t> last_good_checkpoint;  // the size of the largest that the entries lead to
  // kIncomplete: witnesses are missing, so that nothing is proven about what was cut off at the end; or there are gaps.
  enum class Verdict : std::uint8_t { kHolds, kTampered, kIncomplete } verdict = Verdict::kHolds;
};

// Reads the log and compares all of it with its signatures. A key is also trusted when the log says so in an entry
// under a checkpoint that a trusted key signed. kNotFound where there is no log; other errors where something cannot be
// read.
base::Result<Verification> Verify(Files& files, const VerifyRequest& request);

}  // namespace gatehouse::record::log
