#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "codec/crypto/signature.h"

// The signature algorithms of JSON Web Algorithms (RFC 7518, 3.1; RFC 8037, 3.1). `none` is no algorithm here.
namespace gatehouse::codec::jose {

enum class Algorithm : std::uint8_t {
  kRs256,
  kRs384,
  kRs512,  // RSASSA-PKCS1-v1_5
  kPs256,
  kPs384,
  kPs512,  // RSASSA-PSS
  kEs256,
  kEs384,
  kEs512,  // ECDSA on P-256, P-384, P-521
  kEdDsa,  // Ed25519
  kHs256,
  kHs384,
  kHs512,  // HMAC: a secret that both sides know
};

// By the exact name, which is case-sensitive: "RS256".
std::optional<Algorithm> AlgorithmOf(std::string_view name);
std::string_view ToString(Algorithm algorithm);

// HMAC, whose key must be kept secret: never checked with a key that is published.
bool IsSymmetric(Algorithm algorithm);
crypto::Hash HashOf(Algorithm algorithm);
// The one table of which algorithm goes with which key (RFC 8725, 3.1): a token never chooses another use of a key.
bool Fits(Algorithm algorithm, crypto::PublicKey::Kind key);
// REQUIRES: not symmetric.
crypto::SignatureScheme SchemeOf(Algorithm algorithm);

// Which algorithms may be used. A value.
class AlgorithmSet {
 public:
  void Add(Algorithm algorithm) { bits_ |= Bit(algorithm); }
  bool Contains(Algorithm algorithm) const { return (bits_ & Bit(algorithm)) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const AlgorithmSet&) const = default;

 private:
  static std::uint32_t Bit(Algorithm algorithm) { return 1U << static_cast<unsigned>(algorithm); }

  std::uint32_t bits_ = 0;
};

}  // namespace gatehouse::codec::jose
