#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/siphash.h"
#include "pipeline/authenticator.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::identity {

// An API key as configured: its SHA-256, never the key.
struct ApiKey {
  codec::crypto::Digest digest{};
  std::shared_ptr<const pipeline::Principal> principal;
  base::WallTime expires = base::WallTime::max();
};

// Keys by digest. Immutable; shared by the loops.
class KeyRing {
 public:
  explicit KeyRing(std::vector<ApiKey> keys);

  // The key that this credential is: kUnauthenticated for none or an unknown one. Keys are random and looked up by
  // digest, so that timing tells nothing about them; the digest itself is compared in constant time.
  base::Result<const ApiKey*> Find(std::string_view credential) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<ApiKey> keys_;
  std::unordered_map<std::string_view, const ApiKey*> by_digest_;  // views into keys_
};

// "sha256:<64 hex digits>", as `gatehouse key hash` prints it.
base::Result<codec::crypto::Digest> ParseKeyHash(std::string_view text);

// Authentication by the static keys of the configuration. Remembers the keys it has seen by a keyed hash of what was
// presented, which costs a sixth of their digest; a stranger's credential is never remembered. One loop.
class KeyAuthenticator final : public pipeline::Authenticator {
 public:
  explicit KeyAuthenticator(std::shared_ptr<const KeyRing> keys);

  net::Task<base::Result<std::shared_ptr<const pipeline::Principal>>> Authenticate(pipeline::Credential credential,
                                                                                   base::WallTime now) override {
    co_return Authenticate(credential.secret, now);
  }
  // kUnauthenticated for none, an unknown or an expired key.
  base::Result<std::shared_ptr<const pipeline::Principal>> Authenticate(std::string_view secret, base::WallTime now);

 private:
  struct Seen {
    codec::crypto::SipTag tag;
    const ApiKey* key = nullptr;
  };
  static constexpr std::size_t kSeen = 256;

  base::Result<const ApiKey*> Find(std::string_view secret);

  std::shared_ptr<const KeyRing> keys_;
  const codec::crypto::SipKey sip_key_;  // random, of this process and loop
  std::array<Seen, kSeen> seen_;         // by the tag's lowest bits; the last one stays
};

}  // namespace gatehouse::features::identity
