#include "features/identity/keys.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/random.h"
#include "features/identity/key_text.h"

namespace gatehouse::features::identity {
namespace {

base::Error Refusal(std::string message) {
  return base::Error{.code = base::ErrorCode::kUnauthenticated,
                     .source = base::ErrorSource::kClient,
                     .public_message = std::move(message)};
}

// Says what a person can do about it, and nothing about which keys there are.
std::string_view WhyUnknown(std::string_view credential) {
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

}  // namespace

KeyRing::KeyRing(std::vector<ApiKey> keys) : keys_(std::move(keys)) {
  for (const ApiKey& key : keys_) by_digest_.emplace(codec::crypto::AsText(key.digest), &key);
}

base::Result<const ApiKey*> KeyRing::Find(std::string_view credential) const {
  if (credential.empty()) {
    return Refusal(
        "No API key was sent. Put the gateway's key where your SDK puts the provider's: as bearer token, x-api-key, "
        "api-key or x-goog-api-key.");
  }
  const codec::crypto::Digest digest = codec::crypto::Sha256(credential);
  const auto found = by_digest_.find(codec::crypto::AsText(digest));
  if (found == by_digest_.end() ||
      !codec::crypto::ConstantTimeEquals(codec::crypto::AsText(found->second->digest), codec::crypto::AsText(digest))) {
    return Refusal(std::string(WhyUnknown(credential)));
  }
  return found->second;
}

KeyAuthenticator::KeyAuthenticator(std::shared_ptr<const KeyRing> keys)
    : keys_(std::move(keys)), sip_key_(RandomSipKey()) {}

// Whoever does not know the process's random key cannot make a tag, so that an equal one is proof enough.
base::Result<const ApiKey*> KeyAuthenticator::Find(std::string_view secret) {
  const codec::crypto::SipTag tag = codec::crypto::SipHash128(sip_key_, secret);
  Seen& seen = seen_[tag.low % kSeen];
  if (seen.key != nullptr && seen.tag == tag) return seen.key;
  GH_TRY(const ApiKey* key, keys_->Find(secret));
  seen = {tag, key};
  return key;
}

base::Result<std::shared_ptr<const pipeline::Principal>> KeyAuthenticator::Authenticate(std::string_view secret,
                                                                                        base::WallTime now) {
  GH_TRY(const ApiKey* key, Find(secret));
  if (now >= key->expires) return Refusal("This API key has expired. Ask the operator for a new one.");
  return key->principal;
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
