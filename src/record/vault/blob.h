#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "codec/crypto/aead.h"
#include "codec/crypto/hash.h"
#include "record/vault/ids.h"

// One payload as it is kept: encrypted, and bound to the entry of the record that it belongs to
// (docs/formats/vault-blob.md). No I/O.
namespace gatehouse::record::vault {

inline constexpr std::size_t kBlobHeaderBytes = 56;
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{64} << 20U;
// No blob is longer: a payload that does not compress, its frame, and the tag.
inline constexpr std::size_t kMaxBlobBytes = kBlobHeaderBytes + kMaxPayloadBytes + 512 + codec::crypto::kGcmTagBytes;
inline constexpr std::size_t kMaxFieldBytes = 64;

// Which part of an exchange a payload is: 1 to 64 characters of [a-z0-9_-], "prompt".
bool IsField(std::string_view field);

// What the entry of the record holds of a payload; it says nothing of it to who lacks the key.
struct Commitments {
  codec::crypto::Digest blob;     // SHA-256 of the blob: anybody can check that it is the one, even without its key
  codec::crypto::Digest payload;  // HMAC of the payload under a salt that only the blob holds: binds the text itself
  friend bool operator==(const Commitments&, const Commitments&) = default;
};

// What must differ from blob to blob. Drawn at random, given only by tests.
struct BlobSalts {
  std::array<char, codec::crypto::kGcmNonceBytes> nonce;
  std::array<char, 32> commitment;
  static BlobSalts Draw();
};

// What of a blob can be read without its key. The view is into the blob.
struct BlobHeader {
  KeyId key;
  RecordId record;
  std::string_view nonce;
  std::string_view sealed;  // ciphertext and tag
};
// kInvalidRequest: it is no blob, of another form, or cut short or too long.
base::Result<BlobHeader> ParseBlobHeader(std::string_view blob);

struct SealedBlob {
  std::string bytes;
  Commitments commitments;
};
// A key of a subject and its name. 32 bytes.
struct SubjectKey {
  KeyId id;
  base::Secret secret;
};
// Compresses where that makes the blob shorter. REQUIRES: IsField(field), at most kMaxPayloadBytes, a key of 32 bytes.
SealedBlob SealBlob(const SubjectKey& key, const RecordId& record, std::string_view field, std::string_view payload,
                    const BlobSalts& salts = BlobSalts::Draw());

struct OpenedBlob {
  std::string payload;
  Commitments commitments;  // computed anew: to be compared with those of the entry
};
// kConflict where the blob belongs to another key; kInvalidRequest where it was changed, or is not of this field.
base::Result<OpenedBlob> OpenBlob(const SubjectKey& key, std::string_view field, std::string_view blob);

}  // namespace gatehouse::record::vault
