#include "record/tlog/checkpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "record/errors.h"

namespace gatehouse::record::tlog {

using base::Result;

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" + ToBase64(checkpoint.root) + "\n";
}

Result<Checkpoint> ParseCheckpointText(std::string_view text) {
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return Malformed("a checkpoint has fewer than three lines");
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) return Malformed("a checkpoint has more than three lines");
  Checkpoint checkpoint{.origin = std::string(lines[0])};
  if (!IsKeyName(checkpoint.origin)) return Malformed("the origin of a checkpoint is no name");
  GH_TRY(checkpoint.size, ParseDecimal(lines[1]));
  GH_TRY(checkpoint.root, ParseBase64Hash(lines[2]));
  if (checkpoint.size == 0 && checkpoint.root != EmptyRoot())
    return Malformed("a checkpoint of no entries has their root");
  return checkpoint;
}

Result<SignedCheckpoint> ParseCheckpoint(std::string_view note) {
  GH_TRY(Note parsed, ParseNote(note));
  GH_TRY(Checkpoint checkpoint, ParseCheckpointText(parsed.text));
  return SignedCheckpoint{.checkpoint = std::move(checkpoint), .note = std::move(parsed)};
}

Result<SignedCheckpoint> OpenCheckpoint(std::string_view note, std::span<const VerifierKey> log_keys) {
  GH_TRY(SignedCheckpoint parsed, ParseCheckpoint(note));
  GH_TRY(const auto verified, VerifySignatures(parsed.note, log_keys));
  const bool by_log = std::ranges::any_of(verified, [&](const VerifiedSignature& signature) {
    return signature.key->type() == SignatureType::kEd25519 && signature.key->name() == parsed.checkpoint.origin;
  });
  if (by_log) return parsed;
  return base::Error{
      .code = base::ErrorCode::kDenied,
      .source = base::ErrorSource::kStore,
      .public_message = "the checkpoint of " + parsed.checkpoint.origin + " is not signed by a known key of it"};
}

}  // namespace gatehouse::record::tlog
