#include "record/tlog/proof_file.h"

#include <utility>

#include "codec/crypto/encoding.h"
#include "record/errors.h"

namespace gatehouse::record::tlog {
namespace {

using base::Result;

constexpr std::string_view kMagic = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::string_view kOld = "old ";
constexpr std::size_t kMaxInclusion = 64;

// Cuts the next line off; kInvalidRequest where there is no newline.
Result<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return Malformed("a proof ends within a line");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// Lines of hashes up to an empty one.
Result<Proof> TakeProof(std::string_view& text, std::size_t most) {
  Proof proof;
  for (;;) {
    GH_TRY(const std::string_view line, TakeLine(text));
    if (line.empty()) return proof;
    if (proof.size() == most) return Malformed("a proof has too many hashes");
    GH_TRY(const Hash hash, ParseBase64Hash(line));
    proof.push_back(hash);
  }
}

void AppendProof(std::string& out, const Proof& proof) {
  for (const Hash& hash : proof) out.append(ToBase64(hash)).append("\n");
  out.append("\n");
}

Result<std::uint64_t> TakeNumber(std::string_view& text, std::string_view word) {
  GH_TRY(std::string_view line, TakeLine(text));
  if (!line.starts_with(word)) return Malformed("a proof lacks its line \"" + std::string(word) + "...\"");
  line.remove_prefix(word.size());
  return ParseDecimal(line);
}

}  // namespace

std::string FormatProofFile(const ProofFile& file) {
  std::string out = std::string(kMagic) + "\n";
  if (!file.extra.empty()) out.append(kExtra).append(codec::crypto::Base64Encode(file.extra)).append("\n");
  out.append(kIndex).append(std::to_string(file.index)).append("\n");
  AppendProof(out, file.proof);
  return out.append(file.checkpoint);
}

Result<ProofFile> ParseProofFile(std::string_view bytes) {
  if (bytes.size() > ProofFile::kMaxBytes) return Malformed("a file of a proof is too long");
  GH_TRY(const std::string_view magic, TakeLine(bytes));
  if (magic != kMagic) return Malformed("a file of a proof does not begin with " + std::string(kMagic));
  ProofFile file;
  if (bytes.starts_with(kExtra)) {
    GH_TRY(std::string_view line, TakeLine(bytes));
    line.remove_prefix(kExtra.size());
    const auto extra = codec::crypto::Base64Decode(line);
    if (!extra || extra->empty()) return Malformed("the extra data of a proof are not base64");
    file.extra = *extra;
  }
  GH_TRY(file.index, TakeNumber(bytes, kIndex));
  GH_TRY(file.proof, TakeProof(bytes, kMaxInclusion));
  file.checkpoint = bytes;
  GH_CHECK_OK(ParseCheckpoint(file.checkpoint));
  return file;
}

Result<SignedCheckpoint> VerifyProofFile(const ProofFile& file, std::string_view entry,
                                         std::span<const VerifierKey> log_keys) {
  GH_TRY(SignedCheckpoint opened, OpenCheckpoint(file.checkpoint, log_keys));
  const Checkpoint& head = opened.checkpoint;
  GH_CHECK_OK(VerifyInclusion(file.index, head.size, LeafHash(entry), file.proof, head.root));
  return opened;
}

std::string FormatWitnessRequest(const WitnessRequest& request) {
  std::string out = std::string(kOld) + std::to_string(request.old_size) + "\n";
  AppendProof(out, request.proof);
  return out.append(request.checkpoint);
}

Result<WitnessRequest> ParseWitnessRequest(std::string_view bytes) {
  if (bytes.size() > Note::kMaxBytes) return Malformed("a request to a witness is too long");
  WitnessRequest request;
  GH_TRY(request.old_size, TakeNumber(bytes, kOld));
  GH_TRY(request.proof, TakeProof(bytes, WitnessRequest::kMaxProof));
  request.checkpoint = bytes;
  GH_CHECK_OK(ParseCheckpoint(request.checkpoint));
  return request;
}

}  // namespace gatehouse::record::tlog
