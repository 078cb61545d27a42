#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/crypto/signature.h"
#include "codec/jose/algorithm.h"
#include "codec/jose/jws.h"

// JSON Web Key Set (RFC 7517, 5): the keys that an issuer publishes.
namespace gatehouse::codec::jose {

inline constexpr std::size_t kMaxKeySetBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxKeys = 64;

struct Jwk {
  std::string id;                      // "" for none
  std::optional<Algorithm> algorithm;  // the only one it may be used with, where it says so
  crypto::PublicKey key;

  bool Accepts(Algorithm wanted) const { return Fits(wanted, key.kind()) && algorithm.value_or(wanted) == wanted; }
};

// Immutable; any thread.
class KeySet {
 public:
  // Takes the public keys that verify signatures: RSA from 2048 bits, P-256, P-384, P-521, Ed25519. Everything else in
  // the set is left aside, because sets carry keys of the future: other types and curves, keys for encryption (`use`,
  // `key_ops`), shared secrets (`oct`), broken ones. Private parts are not read. Errors are kInvalidRequest: no JSON
  // object with an array `keys`, more than 64 keys, or more than 256 KiB.
  static base::Result<KeySet> Parse(std::string_view text);

  // The key that this header means.
  struct Choice {
    enum class Kind : std::uint8_t {
      kFound,
      kUnknown,    // no key of that id; perhaps a newer set has it
      kUnfit,      // the key of that id does not go with that algorithm
      kAmbiguous,  // more than one key could be meant
    };
    Kind kind = Kind::kUnknown;
    const Jwk* key = nullptr;  // of kFound; lives as long as the set
  };
  Choice Choose(const JwsHeader& header) const;

  bool Has(std::string_view key_id) const;
  std::size_t size() const { return keys_.size(); }
  // How many entries were left aside.
  std::size_t left_aside() const { return left_aside_; }

 private:
  std::vector<Jwk> keys_;
  std::size_t left_aside_ = 0;
};

}  // namespace gatehouse::codec::jose
