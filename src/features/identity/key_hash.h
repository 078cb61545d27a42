#pragma once

#include <string_view>

#include "base/secret.h"
#include "codec/crypto/hash.h"

namespace gatehouse::features::identity {

// How secrets of keys are kept: HMAC-SHA-256 of the secret's SHA-256 under the pepper, which is not in the database. A
// configuration holds the inner hash. Secrets are random, so that no slow hash is needed. Immutable; any thread.
class KeyHash {
 public:
  explicit KeyHash(base::Secret pepper) : pepper_(std::move(pepper)) {}

  codec::crypto::Digest Of(std::string_view secret) const { return OfSha256(codec::crypto::Sha256(secret)); }
  codec::crypto::Digest OfSha256(const codec::crypto::Digest& sha256) const {
    return codec::crypto::HmacSha256(pepper_.Reveal(), codec::crypto::AsText(sha256));
  }

 private:
  base::Secret pepper_;
};

}  // namespace gatehouse::features::identity
