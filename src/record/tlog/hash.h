#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/crypto/hash.h"

// The Merkle tree of RFC 6962, 2.1, over SHA-256.
namespace gatehouse::record::tlog {

using Hash = codec::crypto::Digest;
inline constexpr std::size_t kHashBytes = 32;

Hash LeafHash(std::string_view entry);
// Of as many entries, two at a time: less work for each than LeafHash(). REQUIRES: both are of one size.
void LeafHashes(std::span<const std::string_view> entries, std::span<Hash> hashes);
Hash NodeHash(const Hash& left, const Hash& right);
Hash EmptyRoot();

// The root over subtrees of one size, the last of which may be smaller; of none, EmptyRoot().
Hash RootOf(std::span<const Hash> subtrees);

// As checkpoints and proofs have it: base64 (RFC 4648, 4) of the 32 bytes.
std::string ToBase64(const Hash& hash);
base::Result<Hash> ParseBase64Hash(std::string_view text);
// From exactly 32 bytes. REQUIRES: bytes.size() == kHashBytes.
Hash HashFrom(std::string_view bytes);

// A decimal number without leading zeros, below 2^63.
base::Result<std::uint64_t> ParseDecimal(std::string_view text);

}  // namespace gatehouse::record::tlog
