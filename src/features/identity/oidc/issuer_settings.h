#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "codec/jose/algorithm.h"
#include "features/identity/mapping.h"

namespace gatehouse::features::identity::oidc {

// Asking the issuer what a token is that says nothing itself (RFC 7662).
struct IntrospectionSettings {
  std::string endpoint;  // "" = as the issuer's metadata say
  std::string client_id;
  base::Secret client_secret;
  std::string prefix;  // only tokens that begin so are asked about; "" for all
  base::Duration timeout = std::chrono::seconds(3);
  base::Duration active_for = std::chrono::seconds(60);    // how long an answer is believed, and never beyond `exp`
  base::Duration inactive_for = std::chrono::seconds(10);  // the same for a token that is not active
};

// When the keys are fetched again, and how long old ones serve.
struct KeyRefresh {
  base::Duration min_age = std::chrono::minutes(5);        // whatever Cache-Control says
  base::Duration max_age = std::chrono::hours(24);         // the same
  base::Duration min_interval = std::chrono::seconds(10);  // between two fetches that unknown keys cause
  base::Duration unknown_for = std::chrono::seconds(60);   // how long a key that is unknown causes no further fetch
  base::Duration stale_for = std::chrono::hours(24);       // while the issuer is down, beyond the keys' age
  base::Duration timeout = std::chrono::seconds(5);        // of one fetch
  base::Duration wait = std::chrono::seconds(3);           // of a request for a fetch

  bool operator==(const KeyRefresh&) const = default;
};

// One identity provider whose access tokens are accepted, and on what terms. A value.
struct IssuerSettings {
  std::string issuer;  // exactly as tokens spell it
  std::vector<std::string> audiences;
  codec::jose::AlgorithmSet algorithms;
  std::vector<std::string> types = {"at+jwt"};  // media types without "application/", in lower case
  std::vector<std::string> clients;             // to whom the token may have been given; empty: all
  std::vector<std::string> scopes;              // that the token must have, all of them
  base::Duration clock_skew = std::chrono::seconds(60);
  base::Duration max_lifetime = std::chrono::hours(24);
  std::string key_set_url;  // "" = as the issuer's metadata say
  std::string ca_file;      // "" = the system's authorities
  // For issuers without key set: then only HMAC is accepted, and the issuer is never called.
  base::Secret shared_secret;
  enum class Plaintext : std::uint8_t { kRefused, kOnLoopback } plaintext = Plaintext::kRefused;
  KeyRefresh refresh;
  Mapping mapping;
  std::optional<IntrospectionSettings> introspection;

  bool HasKeySet() const { return shared_secret.empty(); }
};

}  // namespace gatehouse::features::identity::oidc
