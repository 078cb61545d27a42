#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Authenticated encryption: AES-256 in Galois/Counter Mode (NIST SP 800-38D).
namespace gatehouse::codec::crypto {

inline constexpr std::size_t kAesKeyBytes = 32;
inline constexpr std::size_t kGcmNonceBytes = 12;
inline constexpr std::size_t kGcmTagBytes = 16;
// One call takes no more. The mode itself ends at 64 GiB.
inline constexpr std::size_t kGcmMaxBytes = std::size_t{1} << 30U;

// The ciphertext and behind it the tag. `associated` is authenticated and not kept. A nonce is used once with a key:
// a second text under both gives both away.
// REQUIRES: the sizes above; at most kGcmMaxBytes in `plaintext` and in `associated`.
std::string SealAesGcm(std::string_view key, std::string_view nonce, std::string_view associated,
                       std::string_view plaintext);

// What was sealed; nullopt where key, nonce, associated or any byte is another one than at sealing, or it is too long.
// The mode does not commit to its key: that a text opens under one key does not mean that it opens under no other.
std::optional<std::string> OpenAesGcm(std::string_view key, std::string_view nonce, std::string_view associated,
                                      std::string_view sealed);

}  // namespace gatehouse::codec::crypto
