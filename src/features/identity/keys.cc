#include "features/identity/keys.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/random.h"
#include "features/identity/key_text.h"

namespace gatehouse::features::identity {
namespace {

constexpr std::chrono::minutes kBetweenNotes(1);

base::Error Refusal(std::string message) {
  return base::Error{.code = base::ErrorCode::kUnauthenticated,
                     .source = base::ErrorSource::kClient,
                     .public_message = std::move(message)};
}

base::Error Denial(std::string message) {
  return base::Error{
      .code = base::ErrorCode::kDenied, .source = base::ErrorSource::kPolicy, .public_message = std::move(message)};
}

// Says what a person can do about it, and nothing about which keys there are.
std::string_view WhyUnknown(std::string_view credential) {
  if (credential.empty()) {
    return "No API key was sent. Put the gateway's key where your SDK puts the provider's: as bearer token, x-api-key, "
           "api-key or x-goog-api-key.";
  }
  switch (ShapeOf(credential)) {
    case KeyShape::kForeign: break;
    case KeyShape::kMistyped:
      return "This API key has a typing error: its checksum does not fit. Copy it again, whole and without blanks.";
    case KeyShape::kWellFormed:
      return "This API key is not known here: it was revoked, or it belongs to another gateway. Ask the operator for a "
             "new one.";
  }
  return "This API key is not known here. Check that it is a key of this gateway and not of a provider.";
}

codec::crypto::SipKey RandomSipKey() {
  const std::string bytes = codec::crypto::RandomBytes(sizeof(codec::crypto::SipKey));
  codec::crypto::SipKey key;
  std::memcpy(key.data(), bytes.data(), bytes.size());
  return key;
}

base::Result<KeyAccess> FindByDigest(const KeyServices& services, const codec::crypto::Digest& digest,
                                     std::string_view secret) {
  auto found = services.directory.FindKey(digest);
  if (!found) return Refusal(std::string(WhyUnknown(secret)));
  return *std::move(found);
}

// What has to be looked at every time.
base::Status CheckUse(const KeyAccess& access, const pipeline::Credential& credential, base::WallTime now) {
  if (now >= access.expires) return Refusal("This API key has expired. Ask the operator for a new one.");
  if (access.networks && !access.networks->ContainsPeer(credential.client_address)) {
    return Denial("This API key may not be used from this network.");
  }
  return base::Ok();
}

}  // namespace

KeyAuthenticator::KeyAuthenticator(const KeyServices& services) : services_(services), sip_key_(RandomSipKey()) {}

// Whoever does not know the process's random key cannot make a tag, so that an equal one is proof enough. A version
// that is read before the directory is asked can only be too old, and then it is asked once more.
base::Result<KeyAuthenticator::Seen*> KeyAuthenticator::Find(std::string_view secret) {
  const std::uint64_t version = services_.directory.version();
  const codec::crypto::SipTag tag = codec::crypto::SipHash128(sip_key_, secret);
  Seen& seen = seen_[tag.low % kSeen];
  const bool same = seen.access.principal != nullptr && seen.tag == tag;
  if (same && seen.version == version) return &seen;
  const codec::crypto::Digest digest = same && !secret.empty() ? seen.digest : services_.hash.Of(secret);
  const base::WallTime noted = same ? seen.noted : base::WallTime();
  auto access = FindByDigest(services_, digest, secret);
  if (!access.ok()) {
    if (same) seen = {};
    return std::move(access).TakeFailure();
  }
  seen = {.tag = tag, .digest = digest, .access = std::move(access).value(), .version = version, .noted = noted};
  return &seen;
}

base::Result<std::shared_ptr<const pipeline::Principal>> KeyAuthenticator::Identify(
    const pipeline::Credential& credential, base::WallTime now) {
  GH_TRY(Seen* const seen, Find(credential.secret));
  GH_CHECK_OK(CheckUse(seen->access, credential, now));
  if (seen->access.scope == kAdminScope) {
    return Denial(
        "This is a token of the admin API: it opens nothing else. Ask for a key of an application or a user.");
  }
  if (now - seen->noted >= kBetweenNotes) {
    services_.last_use.Note(seen->access.key, now);
    seen->noted = now;
  }
  return seen->access.principal;
}

base::Result<KeyAccess> IdentifyKey(const KeyServices& services, const pipeline::Credential& credential,
                                    base::WallTime now) {
  GH_TRY(KeyAccess access, FindByDigest(services, services.hash.Of(credential.secret), credential.secret));
  GH_CHECK_OK(CheckUse(access, credential, now));
  services.last_use.Note(access.key, now);
  return access;
}

base::Result<codec::crypto::Digest> ParseKeyHash(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  codec::crypto::Digest digest{};
  const auto bytes = text.starts_with(kPrefix) ? codec::crypto::HexDecode(text.substr(kPrefix.size())) : std::nullopt;
  if (!bytes || bytes->size() != digest.size()) {
    return base::InvalidRequest("must be sha256: and 64 hex digits, as `gatehouse key hash` prints them");
  }
  std::ranges::transform(*bytes, digest.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return digest;
}

}  // namespace gatehouse::features::identity
