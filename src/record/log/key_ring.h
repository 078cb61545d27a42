#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "record/log/files.h"
#include "record/tlog/note.h"

namespace gatehouse::record::log {

// The keys of a log: the file `key` (0600), which signs, and the file `keys`, which says with what to check. During the
// overlap after a rotation two keys sign. One thread.
class KeyRing {
 public:
  // What the folder has; kNotFound where there is no key.
  static base::Result<KeyRing> Open(Files& files, const std::string& folder, const std::string& origin);
  // A new key, for a new log.
  static base::Result<KeyRing> Create(Files& files, const std::string& folder, const std::string& origin);

  // The keys that may have signed what is in the folder, oldest first.
  const std::vector<tlog::VerifierKey>& verifiers() const { return verifiers_; }
  const tlog::VerifierKey& current() const { return signers_.back().key.verifier(); }

  // The checkpoint with the signatures of all keys that sign now.
  std::string Sign(std::string_view text) const;

  // Another key beside the one that signs now, which goes on until `old_until`. A third is not kept: the oldest goes.
  base::Status Rotate(tlog::SignerKey next, base::WallTime old_until);
  // Forgets the old key when its time is over.
  base::Status Expire(base::WallTime now);

 private:
  struct Signer {
    tlog::SignerKey key;
    std::optional<base::WallTime> until;
  };
  KeyRing(Files& files, std::string folder, std::string origin)
      : files_(&files), folder_(std::move(folder)), origin_(std::move(origin)) {}
  base::Status Save(const std::vector<Signer>& signers, const std::vector<tlog::VerifierKey>& verifiers) const;

  Files* files_;
  std::string folder_;
  std::string origin_;
  std::vector<Signer> signers_;  // newest last
  std::vector<tlog::VerifierKey> verifiers_;
  std::vector<tlog::UnknownKey> unknown_;  // of the file `keys`: what somebody put there stays there
};

// The keys that a file of them names, one a line; lines that begin with # are passed over, and keys of algorithms that
// are not known. kInvalidRequest where there are none but those: nothing could be checked with them.
base::Result<std::vector<tlog::VerifierKey>> ParseKeys(std::string_view text);
// The keys of such a file whose algorithms are not known.
std::vector<tlog::UnknownKey> UnknownKeysIn(std::string_view text);

}  // namespace gatehouse::record::log
