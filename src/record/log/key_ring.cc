#include "record/log/key_ring.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/secret.h"
#include "record/errors.h"
#include "record/tlog/hash.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using std::chrono::seconds;
using tlog::SignatureType;
using tlog::SignerKey;
using tlog::UnknownKey;
using tlog::VerifierKey;

constexpr std::string_view kUntil = " until ";
constexpr std::size_t kMaxSigners = 2;

// The lines of a text that say something.
std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Result<std::vector<VerifierKey>> ParseKeys(std::string_view text) {
  std::vector<VerifierKey> keys;
  bool passes_over = false;
  for (const std::string_view line : LinesOf(text)) {
    if (UnknownKey::Parse(line)) {
      passes_over = true;
      continue;
    }
    GH_TRY(VerifierKey key, VerifierKey::Parse(line));
    keys.push_back(std::move(key));
  }
  if (keys.empty() && passes_over) return Malformed("there are only keys of algorithms that are not known here");
  return keys;
}

std::vector<UnknownKey> UnknownKeysIn(std::string_view text) {
  std::vector<UnknownKey> unknown;
  for (const std::string_view line : LinesOf(text)) {
    if (auto key = UnknownKey::Parse(line)) unknown.push_back(*std::move(key));
  }
  return unknown;
}

Result<KeyRing> KeyRing::Open(Files& files, const std::string& folder, const std::string& origin) {
  KeyRing ring(files, folder, origin);
  auto read = files.Read(folder + "/key");
  if (!read.ok()) return std::move(read).TakeError();
  const base::Secret text(std::move(read).value());
  for (std::string_view line : LinesOf(text.Reveal())) {
    std::optional<base::WallTime> until;
    if (const std::size_t at = line.find(kUntil); at != std::string_view::npos) {
      GH_TRY(const std::uint64_t unix_seconds, tlog::ParseDecimal(line.substr(at + kUntil.size())));
      until = base::WallTime(seconds(unix_seconds));
      line = line.substr(0, at);
    }
    GH_TRY(SignerKey key, SignerKey::Parse(base::Secret(std::string(line))));
    if (key.verifier().name() != origin) {
      std::string problem("the log in ");
      problem.append(folder).append(" is ").append(key.verifier().name()).append(", not ").append(origin);
      return Conflict(std::move(problem));
    }
    ring.signers_.push_back({.key = std::move(key), .until = until});
  }
  if (ring.signers_.empty()) return Malformed(folder + "/key has no key");
  GH_TRY(const std::string keys, files.Read(folder + "/keys"));
  GH_TRY(ring.verifiers_, ParseKeys(keys));
  ring.unknown_ = UnknownKeysIn(keys);
  return ring;
}

Result<KeyRing> KeyRing::Create(Files& files, const std::string& folder, const std::string& origin) {
  if (!tlog::IsKeyName(origin)) return base::InvalidRequest("the name of a log has no spaces and no +");
  KeyRing ring(files, folder, origin);
  ring.signers_.push_back({.key = SignerKey::Generate(origin, SignatureType::kEd25519), .until = {}});
  ring.verifiers_.push_back(ring.current());
  GH_CHECK_OK(ring.Save(ring.signers_, ring.verifiers_));
  return ring;
}

// What checks before what signs: a key that signs is always known.
base::Status KeyRing::Save(const std::vector<Signer>& signers, const std::vector<VerifierKey>& verifiers) const {
  std::string keys = "# The keys of the log " + origin_ + ", oldest first. Keep a copy elsewhere.\n";
  for (const VerifierKey& key : verifiers) keys.append(key.ToText()).append("\n");
  for (const UnknownKey& key : unknown_) keys.append(key.text).append("\n");
  GH_CHECK_OK(files_->WriteDurably(folder_ + "/keys", keys));
  std::string text;
  text.reserve(1024);
  for (const Signer& signer : signers) {
    text.append(signer.key.ToText().Reveal());
    if (signer.until) {
      text.append(kUntil).append(std::to_string(std::chrono::floor<seconds>(signer.until->time_since_epoch()).count()));
    }
    text.append("\n");
  }
  const base::Secret secret(std::move(text));
  return files_->WriteDurably(folder_ + "/key", secret.Reveal(), Files::Access::kOwnerOnly);
}

std::string KeyRing::Sign(std::string_view text) const {
  std::string note = std::string(text) + "\n";
  for (const Signer& signer : signers_) note.append(signer.key.SignNote(text));
  return note;
}

base::Status KeyRing::Rotate(SignerKey next, base::WallTime old_until) {
  std::vector<Signer> signers = signers_;
  signers.back().until = old_until;
  signers.push_back({.key = std::move(next), .until = {}});
  if (signers.size() > kMaxSigners) signers.erase(signers.begin());
  std::vector<VerifierKey> verifiers = verifiers_;
  verifiers.push_back(signers.back().key.verifier());
  GH_CHECK_OK(Save(signers, verifiers));
  signers_ = std::move(signers);
  verifiers_ = std::move(verifiers);
  return base::Ok();
}

base::Status KeyRing::Expire(base::WallTime now) {
  std::vector<Signer> left = signers_;
  std::erase_if(left, [&](const Signer& signer) { return signer.until && *signer.until <= now; });
  if (left.size() == signers_.size()) return base::Ok();
  GH_CHECK_OK(Save(left, verifiers_));
  signers_ = std::move(left);
  return base::Ok();
}

}  // namespace gatehouse::record::log
