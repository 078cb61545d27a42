#include "features/identity/oidc/token_authenticator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codec/crypto/random.h"
#include "codec/jose/key_set.h"
#include "features/identity/mapping.h"
#include "features/identity/oidc/claims.h"
#include "features/identity/oidc/fetcher.h"
#include "features/identity/refusal.h"

namespace gatehouse::features::identity::oidc {
namespace {

using base::WallTime;
using codec::jose::Jws;
using codec::jose::KeySet;

constexpr base::Duration kBelieved = std::chrono::seconds(60);
constexpr std::size_t kMinOpaqueBytes = 16;
constexpr std::size_t kMaxOpaqueBytes = 4096;

base::Status CheckHeader(const codec::jose::JwsHeader& header, const IssuerSettings& settings) {
  if (!settings.algorithms.Contains(header.algorithm) ||
      codec::jose::IsSymmetric(header.algorithm) == settings.HasKeySet()) {
    return Refusal("The access token is signed by an algorithm that is not accepted from its issuer (alg).");
  }
  if (std::ranges::find(settings.types, header.type) == settings.types.end()) {
    return Refusal("This is not an access token: its type is '" + header.type + "' (typ).");
  }
  return base::Ok();
}

base::Status CheckWithKeys(const Jws& jws, const KeySet& keys) {
  using Kind = KeySet::Choice::Kind;
  const auto choice = keys.Choose(jws.header);
  switch (choice.kind) {
    case Kind::kUnknown: return Refusal("The access token is signed by a key that its issuer does not publish (kid).");
    case Kind::kUnfit: return Refusal("The access token's algorithm does not go with the key it names (alg, kid).");
    case Kind::kAmbiguous: return Refusal("The access token does not say which of its issuer's keys signed it (kid).");
    case Kind::kFound: break;
  }
  if (codec::jose::Verifies(jws, choice.key->key)) return base::Ok();
  return Refusal("The signature of the access token is wrong. Send the token whole, as it was issued.");
}

bool LacksKey(const KeyState& state, const codec::jose::JwsHeader& header, base::TimePoint now) {
  return !state.Usable(now) || state.keys->Choose(header).kind == KeySet::Choice::Kind::kUnknown;
}

// The shape of an encrypted token (RFC 7516, 7.1): five parts, of which the first is a JSON object.
bool LooksEncrypted(std::string_view text) { return text.starts_with("eyJ") && std::ranges::count(text, '.') == 4; }

base::Error NotActive() {
  return Refusal("The access token is not active: it has expired, or was revoked, or never was one.");
}

}  // namespace

TokenAuthenticator::TokenAuthenticator(net::Loop& loop, std::shared_ptr<const IssuerSet> issuers,
                                       const Placement* placement)
    : loop_(loop),
      issuers_(std::move(issuers)),
      placement_(placement),
      sip_key_(codec::crypto::RandomSipKey()),
      seen_(kSeen) {}

bool TokenAuthenticator::Recognizes(std::string_view secret) const {
  if (issuers_->issuers().empty()) return false;
  if (codec::jose::LooksLikeJws(secret)) return true;
  const Issuer* const opaque = issuers_->ForOpaqueTokens();
  return opaque != nullptr && secret.size() >= kMinOpaqueBytes && secret.size() <= kMaxOpaqueBytes &&
         secret.starts_with(opaque->settings().introspection->prefix);
}

net::Task<TokenAuthenticator::Outcome> TokenAuthenticator::Authenticate(pipeline::Credential credential, WallTime now) {
  const codec::crypto::SipTag tag = codec::crypto::SipHash128(sip_key_, credential.secret);
  if (const Seen* const seen = Recall(tag, now)) {
    if (seen->principal == nullptr) co_return NotActive();
    co_return seen->principal;
  }
  if (codec::jose::LooksLikeJws(credential.secret)) co_return co_await Verify(credential.secret, tag, now);
  co_return co_await Ask(credential.secret, tag, now);
}

// Whoever does not know the loop's random key cannot make a tag, so that an equal one is proof enough.
TokenAuthenticator::Seen* TokenAuthenticator::Recall(codec::crypto::SipTag tag, WallTime now) {
  Seen& seen = seen_[tag.low % kSeen];
  if (seen.issuer == nullptr || seen.tag != tag) return nullptr;
  const bool holds =
      now >= seen.begin && now < seen.end && seen.keys == seen.issuer->version() && seen.places == Places();
  if (holds) return &seen;
  seen = {};
  return nullptr;
}

base::Result<const Issuer*> TokenAuthenticator::IssuerOf(const Token& token) const {
  const codec::json::Value iss = token.claims.root()["iss"];
  if (!iss.IsString()) return Refusal("The access token does not name its issuer (iss).");
  const Issuer* const issuer = issuers_->Find(iss.string());
  if (issuer == nullptr) return Refusal("The access token is from an issuer that is not accepted here (iss).");
  return issuer;
}

net::Task<TokenAuthenticator::Outcome> TokenAuthenticator::Verify(std::string_view text, codec::crypto::SipTag tag,
                                                                  WallTime now) {
  auto jws = codec::jose::ParseJws(text);
  if (!jws.ok()) co_return Refusal("The access token " + jws.error().public_message + ".");
  Token token{.jws = std::move(jws).value(), .claims = {}};
  if (!token.claims.Parse(token.jws.payload, kClaimLimits).ok() || !token.claims.root().IsObject()) {
    co_return Refusal("The claims of the access token are not an acceptable JSON object.");
  }
  GH_CO_TRY(const Issuer* issuer, IssuerOf(token));
  const IssuerSettings& settings = issuer->settings();
  GH_CO_CHECK_OK(CheckHeader(token.jws.header, settings));
  GH_CO_TRY(const std::uint64_t keys, co_await CheckSignature(token.jws, *issuer));
  GH_CO_TRY(const WallTime end, CheckClaims(token.claims.root(), token.jws.header.type, settings, now));
  co_return Admit(*issuer, token.claims.root(),
                  {.tag = tag, .issuer = issuer, .keys = keys, .begin = now, .end = std::min(end, now + kBelieved)});
}

net::Task<base::Result<std::uint64_t>> TokenAuthenticator::CheckSignature(const Jws& jws, const Issuer& issuer) {
  const IssuerSettings& settings = issuer.settings();
  std::uint64_t version = issuer.version();  // before the keys themselves, which may be newer: never older
  if (!settings.HasKeySet()) {
    if (VerifiesWithSecret(jws, settings.shared_secret.Reveal())) co_return version;
    co_return Refusal("The signature of the access token is wrong. Send the token whole, as it was issued.");
  }
  auto state = issuer.Pin();
  if (LacksKey(*state, jws.header, loop_.Now())) {
    co_await issuer.Refresh(loop_, jws.header.key_id, loop_.In(settings.refresh.wait));
    version = issuer.version();
    state = issuer.Pin();
  }
  if (!state->Usable(loop_.Now())) co_return CannotAsk("no keys: " + state->problem);
  GH_CO_CHECK_OK(CheckWithKeys(jws, *state->keys));
  co_return version;
}

TokenAuthenticator::Outcome TokenAuthenticator::Admit(const Issuer& issuer, codec::json::Value claims, Seen seen) {
  GH_TRY(pipeline::Principal principal, MapClaims(claims, issuer.settings().mapping, pipeline::Authentication::kToken));
  principal.key_id = "token:" + principal.name;
  principal.claims = claims.raw();
  seen.places = Places();
  if (placement_ != nullptr) GH_CHECK_OK(placement_->Place(principal));
  seen.principal = std::make_shared<const pipeline::Principal>(std::move(principal));
  return (seen_[seen.tag.low % kSeen] = std::move(seen)).principal;
}

net::Task<TokenAuthenticator::Outcome> TokenAuthenticator::Ask(std::string_view text, codec::crypto::SipTag tag,
                                                               WallTime now) {
  const Issuer* const issuer = issuers_->ForOpaqueTokens();
  if (issuer == nullptr) co_return Refusal("This is neither an API key nor an access token that is known here.");
  if (LooksEncrypted(text)) co_return Refusal("The access token is encrypted, and no key to read it is known here.");
  const IntrospectionSettings& settings = *issuer->settings().introspection;
  const std::uint64_t keys = issuer->version();
  GH_CO_TRY(const auto answer, co_await issuer->Introspect(loop_, std::string(text), loop_.In(settings.timeout)));
  codec::json::Document document;
  if (!document.Parse(*answer, kClaimLimits).ok() || !document.root()["active"].IsBool()) {
    co_return CannotAsk("the introspection's answer is not acceptable JSON");
  }
  Seen seen{.tag = tag, .issuer = issuer, .keys = keys, .places = Places(), .begin = now};
  if (document.root()["active"].AsBool() != true) {
    seen.end = now + settings.inactive_for;
    seen_[tag.low % kSeen] = std::move(seen);
    co_return NotActive();
  }
  GH_CO_TRY(const WallTime end, CheckIntrospected(document.root(), issuer->settings(), now));
  seen.end = std::min(end, now + settings.active_for);
  co_return Admit(*issuer, document.root(), std::move(seen));
}

}  // namespace gatehouse::features::identity::oidc
