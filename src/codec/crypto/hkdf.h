#pragma once

#include <cstddef>
#include <string_view>

#include "base/secret.h"

namespace gatehouse::codec::crypto {

inline constexpr std::size_t kMaxHkdfBytes = std::size_t{255} * 32;

// `size` bytes of key made from one secret (RFC 5869, HKDF with SHA-256): `salt` and `info` say for what, and keys for
// different things tell nothing of each other. REQUIRES: size <= kMaxHkdfBytes.
base::Secret HkdfSha256(const base::Secret& secret, std::string_view salt, std::string_view info, std::size_t size);

}  // namespace gatehouse::codec::crypto
