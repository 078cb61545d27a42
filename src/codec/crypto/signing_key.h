#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace gatehouse::codec::crypto {

// An Ed25519 key that signs (RFC 8032, 5.1). Immutable and shared: to be copied, for any thread. Its bytes are
// overwritten when the last copy dies.
class SigningKey {
 public:
  static constexpr std::size_t kSeedBytes = 32;
  static constexpr std::size_t kPublicBytes = 32;
  static constexpr std::size_t kSignatureBytes = 64;

  static SigningKey Generate();
  // kInvalidRequest unless the seed has 32 bytes.
  static base::Result<SigningKey> FromSeed(const base::Secret& seed);

  // The private key as RFC 8032 has it: what FromSeed() takes.
  base::Secret Seed() const;
  const std::string& public_bytes() const;
  std::string Sign(std::string_view message) const;

 private:
  struct Handle;
  explicit SigningKey(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {}

  std::shared_ptr<const Handle> handle_;
};

}  // namespace gatehouse::codec::crypto
