#include "record/log/log_reader.h"

#include <algorithm>
#include <utility>

#include "record/errors.h"
#include "record/log/key_ring.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {

using base::Result;
using tlog::kTileWidth;

LogReader::LogReader(Files& files, std::string folder, std::vector<tlog::VerifierKey> keys, std::string note,
                     tlog::SignedCheckpoint head)
    : keys_(std::move(keys)),
      note_(std::move(note)),
      head_(std::move(head)),
      tiles_(files, std::move(folder), head_.checkpoint.size) {}

Result<LogReader> LogReader::Open(Files& files, std::string folder, std::vector<tlog::VerifierKey> keys) {
  if (keys.empty()) {
    GH_TRY(const std::string text, files.Read(folder + "/keys"));
    GH_TRY(keys, ParseKeys(text));
  }
  GH_TRY(std::string note, files.Read(folder + "/checkpoint"));
  GH_TRY(tlog::SignedCheckpoint head, tlog::OpenCheckpoint(note, keys));
  return LogReader(files, std::move(folder), std::move(keys), std::move(note), std::move(head));
}

Result<std::string> LogReader::Entry(std::uint64_t index) {
  std::string found;
  if (index >= head().size) {
    return NotFound("there is no entry " + std::to_string(index) + "; the log has " + std::to_string(head().size));
  }
  GH_CHECK_OK(Visit(index, index + 1, [&](std::uint64_t, std::string_view entry) {
    found = entry;
    return Reading::kEnds;
  }));
  return found;
}

base::Status LogReader::Visit(std::uint64_t begin, std::uint64_t end, const EntryVisitor& visit) {
  end = std::min(end, head().size);
  for (std::uint64_t index = begin; index < end;) {
    const std::uint64_t bundle_index = index / kTileWidth;
    GH_TRY(const std::string bundle, tiles_.Bundle(bundle_index));
    std::string_view rest = bundle;
    for (std::uint64_t at = bundle_index * kTileWidth; at < std::min(end, (bundle_index + 1) * kTileWidth); ++at) {
      GH_TRY(const std::string_view entry, tlog::TakeEntry(rest));
      if (at < index) continue;
      if (visit(at, entry) == Reading::kEnds) return base::Ok();
    }
    index = (bundle_index + 1) * kTileWidth;
  }
  return base::Ok();
}

Result<tlog::ProofFile> LogReader::Prove(std::uint64_t index) {
  GH_TRY(std::string entry, Entry(index));
  GH_TRY(tlog::Proof proof, tlog::ProveInclusion(tiles_, index, head().size));
  if (!tlog::VerifyInclusion(index, head().size, tlog::LeafHash(entry), proof, head().root).ok()) {
    return Contradiction("entry " + std::to_string(index) +
                         " or a tile above it is not what was signed; verify the log");
  }
  return tlog::ProofFile{.extra = std::move(entry), .index = index, .proof = std::move(proof), .checkpoint = note_};
}

Result<tlog::Proof> LogReader::ProveConsistency(std::uint64_t older) {
  return tlog::ProveConsistency(tiles_, older, head().size);
}

}  // namespace gatehouse::record::log
