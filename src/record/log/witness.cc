#include "record/log/witness.h"

#include <chrono>
#include <utility>

#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "record/errors.h"
#include "record/tlog/proof.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using tlog::Checkpoint;

// Whether `next` continues `last`, as the proof says.
base::Status CheckContinues(const Checkpoint& last, const Checkpoint& next, const tlog::Proof& proof) {
  const std::string which = "the checkpoint of " + std::to_string(next.size) + " entries of " + next.origin;
  if (next.size < last.size) {
    base::Error rewound =
        Contradiction(which + " rewinds the log: one of " + std::to_string(last.size) + " was cosigned");
    rewound.param = std::to_string(last.size);
    return rewound;
  }
  if (last.size == 0) return base::Ok();
  if (tlog::VerifyConsistency({last.size, last.root}, {next.size, next.root}, proof).ok()) return base::Ok();
  return Contradiction(which + " does not continue the one of " + std::to_string(last.size) +
                       " that was cosigned: the log was forked, or the proof is wrong");
}

}  // namespace

std::string Witness::PathOf(const std::string& origin) const {
  const auto digest = codec::crypto::Sha256(origin);
  return folder_ + "/" + codec::crypto::HexEncode(codec::crypto::AsText(digest)) + "/checkpoint";
}

Result<std::optional<tlog::SignedCheckpoint>> Witness::Last(const std::string& origin) const {
  auto note = files_.Read(PathOf(origin));
  if (!note.ok() && note.error().code == base::ErrorCode::kNotFound) return std::optional<tlog::SignedCheckpoint>();
  if (!note.ok()) return std::move(note).TakeError();
  // By its own signature: what a stranger put there is not what was cosigned.
  GH_TRY(tlog::SignedCheckpoint last, tlog::ParseCheckpoint(note.value()));
  GH_TRY(const auto own, tlog::VerifySignatures(last.note, {&key_.verifier(), 1}));
  if (own.empty())
    return Contradiction("the last checkpoint of " + origin + " that the witness has is not one it cosigned");
  return std::optional(std::move(last));
}

Result<std::string> Witness::Cosign(const tlog::WitnessRequest& request, std::span<const tlog::VerifierKey> log_keys) {
  GH_TRY(const tlog::SignedCheckpoint opened, tlog::OpenCheckpoint(request.checkpoint, log_keys));
  const Checkpoint& next = opened.checkpoint;
  if (request.old_size > next.size) return Malformed("a request to a witness begins behind its checkpoint");
  GH_CHECK_OK(files_.MakeFolder(folder_));
  GH_TRY(const auto lock, files_.Lock(folder_ + "/lock"));
  GH_TRY(const auto last, Last(next.origin));
  const Checkpoint before = last ? last->checkpoint : Checkpoint{.origin = next.origin};
  if (next.size >= before.size && request.old_size != before.size) {
    base::Error conflict = Conflict("the log was cosigned at " + std::to_string(before.size) + " entries");
    conflict.param = std::to_string(before.size);
    return conflict;
  }
  GH_CHECK_OK(CheckContinues(before, next, request.proof));
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.Wall().time_since_epoch()).count();
  std::string line = key_.Cosign(opened.note.text, static_cast<std::uint64_t>(now));
  const std::string path = PathOf(next.origin);
  GH_CHECK_OK(files_.MakeFolder(path.substr(0, path.rfind('/'))));
  GH_CHECK_OK(files_.SyncFolder(folder_));
  GH_CHECK_OK(files_.WriteDurably(path, tlog::FormatNote(opened.note) + line));
  return line;
}

}  // namespace gatehouse::record::log
