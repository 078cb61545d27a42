#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.h"

// Checking signatures and message authentication codes with keys that come as plain numbers.
namespace gatehouse::codec::crypto {

enum class Hash : std::uint8_t { kSha256, kSha384, kSha512 };  // FIPS 180-4
std::size_t SizeOf(Hash hash);                                 // in bytes

enum class SignatureScheme : std::uint8_t {
  kRsaPkcs1,  // RSASSA-PKCS1-v1_5 (RFC 8017, 8.2)
  kRsaPss,    // RSASSA-PSS (RFC 8017, 8.1): MGF1 with the same hash, a salt exactly as long as the hash
  kEcdsa,     // FIPS 186-4; r and s, big-endian, each as long as the curve's field
  kEd25519,   // RFC 8032, 5.1; the hash is its own
};

// The public half of a signing key. Immutable and shared: to be copied, for any thread.
class PublicKey {
 public:
  enum class Kind : std::uint8_t { kRsa, kP256, kP384, kP521, kEd25519 };

  // All numbers are big-endian. Errors are kInvalidRequest and say what is wrong with the key.
  // The modulus has 2048 to 8192 bits without leading zeros; the exponent is odd, at least 3 and of at most 64 bits.
  static base::Result<PublicKey> Rsa(std::string_view modulus, std::string_view exponent);
  // A point on the curve; each coordinate exactly as long as the curve's field.
  static base::Result<PublicKey> Elliptic(Kind curve, std::string_view x, std::string_view y);
  static base::Result<PublicKey> Ed25519(std::string_view point);

  Kind kind() const { return kind_; }
  // False also where the scheme is not one of this kind of key.
  bool Verifies(SignatureScheme scheme, Hash hash, std::string_view message, std::string_view signature) const;

 private:
  struct Handle;
  PublicKey(Kind kind, std::shared_ptr<const Handle> handle) : kind_(kind), handle_(std::move(handle)) {}

  Kind kind_;
  std::shared_ptr<const Handle> handle_;
};

// Whether `code` is HMAC (RFC 2104) with this hash, in constant time.
bool VerifyMac(Hash hash, std::string_view key, std::string_view message, std::string_view code);

}  // namespace gatehouse::codec::crypto
