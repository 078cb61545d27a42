#include "features/identity/keys.h"

#include <algorithm>
#include <utility>

#include "codec/crypto/encoding.h"

namespace gatehouse::features::identity {
namespace {

base::Error Refusal(std::string message) {
  return base::Error{.code = base::ErrorCode::kUnauthenticated,
                     .source = base::ErrorSource::kClient,
                     .public_message = std::move(message)};
}

}  // namespace

KeyRing::KeyRing(std::vector<ApiKey> keys) : keys_(std::move(keys)) {
  for (const ApiKey& key : keys_) by_digest_.emplace(codec::crypto::AsText(key.digest), &key);
}

base::Result<pipeline::Principal> KeyRing::Authenticate(std::string_view credential, base::WallTime now) const {
  if (credential.empty()) {
    return Refusal(
        "No API key was sent. Put the gateway's key where your SDK puts the provider's: as bearer token, x-api-key, "
        "api-key or x-goog-api-key.");
  }
  const codec::crypto::Digest digest = codec::crypto::Sha256(credential);
  const auto found = by_digest_.find(codec::crypto::AsText(digest));
  if (found == by_digest_.end() ||
      !codec::crypto::ConstantTimeEquals(codec::crypto::AsText(found->second->digest), codec::crypto::AsText(digest))) {
    return Refusal("This API key is not known here. Check that it is a key of this gateway and not of a provider.");
  }
  if (now >= found->second->expires) return Refusal("This API key has expired. Ask the operator for a new one.");
  return found->second->principal;
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
