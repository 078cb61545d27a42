#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

// Keys encrypted under another key: AES-256 key wrap. Deterministic, and needs no nonce.
namespace gatehouse::codec::crypto {

enum class KeyWrap : std::uint8_t {
  kExact,   // RFC 3394: 16 bytes and more, a multiple of 8
  kPadded,  // RFC 5649: any length but none
};
inline constexpr std::size_t kMaxWrappedBytes = 4096;

// REQUIRES: `key_encryption_key` has 32 bytes; `key` is of a length that the form takes, at most kMaxWrappedBytes.
std::string WrapKey(KeyWrap form, std::string_view key_encryption_key, const base::Secret& key);

// nullopt: it was wrapped under another key or in another form, or was changed.
std::optional<base::Secret> UnwrapKey(KeyWrap form, std::string_view key_encryption_key, std::string_view wrapped);

}  // namespace gatehouse::codec::crypto
