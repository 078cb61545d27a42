#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/crypto/siphash.h"
#include "codec/jose/jws.h"
#include "codec/json/document.h"
#include "features/identity/oidc/issuer.h"
#include "features/identity/placement.h"
#include "net/loop.h"
#include "pipeline/authenticator.h"

namespace gatehouse::features::identity::oidc {

// Who a caller with an access token is: signed tokens (RFC 9068) are checked here with the keys of their issuer, opaque
// ones by asking it. Remembers what was verified by a keyed hash of the whole token, for a minute at most and never
// beyond the token's end, a change of the issuer's keys, or a change of the tenancy tree. Belongs to one loop.
class TokenAuthenticator final : public pipeline::Authenticator {
 public:
  using Outcome = base::Result<std::shared_ptr<const pipeline::Principal>>;

  // `loop` and `placement` outlive it; without placement principals have no chain.
  TokenAuthenticator(net::Loop& loop, std::shared_ptr<const IssuerSet> issuers, const Placement* placement);

  // REQUIRES: the secret is not empty. kUnauthenticated names the check that failed; kUnavailable where the issuer is
  // needed and does not answer.
  net::Task<Outcome> Authenticate(pipeline::Credential credential, base::WallTime now) override;

  // Whether a text could be one of its tokens.
  bool Recognizes(std::string_view secret) const;

 private:
  struct Token {
    codec::jose::Jws jws;
    codec::json::Document claims;  // of jws.payload
  };
  // A verified token, or one that its issuer says is not active.
  struct Seen {
    codec::crypto::SipTag tag;
    const Issuer* issuer = nullptr;  // null: nothing here
    std::uint64_t keys = 0;          // the issuer's version at the time
    std::uint64_t places = 0;        // the placement's
    base::WallTime begin;
    base::WallTime end;
    std::shared_ptr<const pipeline::Principal> principal;  // null: not active
  };
  static constexpr std::size_t kSeen = 1024;

  net::Task<Outcome> Verify(std::string_view text, codec::crypto::SipTag tag, base::WallTime now);
  net::Task<Outcome> Ask(std::string_view text, codec::crypto::SipTag tag, base::WallTime now);
  base::Result<const Issuer*> IssuerOf(const Token& token) const;
  // The version of the keys that it holds by. Both outlive the task.
  net::Task<base::Result<std::uint64_t>> CheckSignature(const codec::jose::Jws& jws, const Issuer& issuer);
  Outcome Admit(const Issuer& issuer, codec::json::Value claims, Seen seen);
  Seen* Recall(codec::crypto::SipTag tag, base::WallTime now);
  std::uint64_t Places() const { return placement_ == nullptr ? 0 : placement_->version(); }

  net::Loop& loop_;
  const std::shared_ptr<const IssuerSet> issuers_;
  const Placement* placement_;
  const codec::crypto::SipKey sip_key_;  // random, of this process and loop
  std::vector<Seen> seen_;               // by the tag's lowest bits; the last one stays
};

}  // namespace gatehouse::features::identity::oidc
