#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/siphash.h"
#include "features/identity/directory.h"
#include "features/identity/key_hash.h"
#include "features/identity/last_use.h"
#include "pipeline/authenticator.h"

namespace gatehouse::features::identity {

// "sha256:<64 hex digits>", as `gatehouse key hash` prints it.
base::Result<codec::crypto::Digest> ParseKeyHash(std::string_view text);

// What everything that knows keys shares. All outlive whoever has it; any thread.
struct KeyServices {
  const Directory& directory;
  const KeyHash& hash;
  LastUse& last_use;
};

// Authentication by virtual keys. Remembers those it has seen by a keyed hash of what was presented, which costs a
// sixth of their digest, for as long as the directory does not change; a stranger's credential is never remembered. One
// loop.
class KeyAuthenticator final : public pipeline::Authenticator {
 public:
  explicit KeyAuthenticator(const KeyServices& services);

  net::Task<base::Result<std::shared_ptr<const pipeline::Principal>>> Authenticate(pipeline::Credential credential,
                                                                                   base::WallTime now) override {
    co_return Identify(credential, now);
  }
  // kUnauthenticated for none, an unknown or an expired key; kDenied for a suspended one, a network that it is not for,
  // or one of the admin API.
  base::Result<std::shared_ptr<const pipeline::Principal>> Identify(const pipeline::Credential& credential,
                                                                    base::WallTime now);

 private:
  struct Seen {
    codec::crypto::SipTag tag;
    codec::crypto::Digest digest{};
    KeyAccess access;           // its principal is null: nothing was seen
    std::uint64_t version = 0;  // of the directory
    base::WallTime noted{};     // when its use was last noted
  };
  static constexpr std::size_t kSeen = 256;

  base::Result<Seen*> Find(std::string_view secret);

  const KeyServices services_;
  const codec::crypto::SipKey sip_key_;  // random, of this process and loop
  std::array<Seen, kSeen> seen_;         // by the tag's lowest bits; the last one stays
};

// The key that a secret opens, at once and without remembering: for the admin API. Errors as above, but for the scope.
base::Result<KeyAccess> IdentifyKey(const KeyServices& services, const pipeline::Credential& credential,
                                    base::WallTime now);

}  // namespace gatehouse::features::identity
