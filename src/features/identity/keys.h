#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/crypto/hash.h"
#include "pipeline/authenticator.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::identity {

// An API key as configured: its SHA-256, never the key.
struct ApiKey {
  codec::crypto::Digest digest{};
  pipeline::Principal principal;
  base::WallTime expires = base::WallTime::max();
};

// Keys by digest. Immutable; shared by the loops.
class KeyRing {
 public:
  explicit KeyRing(std::vector<ApiKey> keys);

  // Who presented this credential: kUnauthenticated for none, an unknown or an expired one. Keys are random and looked
  // up by digest, so that timing tells nothing about them; the digest itself is compared in constant time.
  base::Result<pipeline::Principal> Authenticate(std::string_view credential, base::WallTime now) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<ApiKey> keys_;
  std::unordered_map<std::string_view, const ApiKey*> by_digest_;  // views into keys_
};

// "sha256:<64 hex digits>", as `gatehouse key hash` prints it.
base::Result<codec::crypto::Digest> ParseKeyHash(std::string_view text);

// Authentication by the static keys of the configuration.
class KeyAuthenticator final : public pipeline::Authenticator {
 public:
  explicit KeyAuthenticator(std::shared_ptr<const KeyRing> keys) : keys_(std::move(keys)) {}

  net::Task<base::Result<pipeline::Principal>> Authenticate(pipeline::Credential credential,
                                                            base::WallTime now) const override {
    co_return keys_->Authenticate(credential.secret, now);
  }

 private:
  std::shared_ptr<const KeyRing> keys_;
};

}  // namespace gatehouse::features::identity
