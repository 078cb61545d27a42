#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "record/tlog/hash.h"
#include "record/tlog/note.h"

namespace gatehouse::record::tlog {

// The head of a log (C2SP tlog-checkpoint v1.0.0): three lines, no extensions.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The text of the note, with its last newline. REQUIRES: IsKeyName(origin).
std::string FormatCheckpoint(const Checkpoint& checkpoint);
base::Result<Checkpoint> ParseCheckpointText(std::string_view text);

// A checkpoint with its signatures.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;
};
base::Result<SignedCheckpoint> ParseCheckpoint(std::string_view note);

// The same, believed: signed with one of the log's keys. kDenied where none of them signed it or a signature is wrong,
// or where a key's name is another than the origin.
base::Result<SignedCheckpoint> OpenCheckpoint(std::string_view note, std::span<const VerifierKey> log_keys);

}  // namespace gatehouse::record::tlog
