#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/crypto/signature.h"
#include "codec/crypto/signing_key.h"

// Signed notes (C2SP signed-note v1.0.0) and cosignatures (C2SP tlog-cosignature v1.0.1, Ed25519).
namespace gatehouse::record::tlog {

// What a key's signatures are over.
enum class SignatureType : std::uint8_t {
  kEd25519 = 1,      // the note's text
  kCosignature = 4,  // a time, and the text of a checkpoint
};

using KeyId = std::array<std::uint8_t, 4>;

// A name that may be a key's: not empty, UTF-8, without white space, control characters and '+'.
bool IsKeyName(std::string_view name);

// The public half, as its text has it: <name>+<hex id>+<base64 of type and 32 bytes>. Immutable; for any thread.
class VerifierKey {
 public:
  // kInvalidRequest also where the id is not the one of name and key.
  static base::Result<VerifierKey> Parse(std::string_view text);

  std::string ToText() const;
  const std::string& name() const { return name_; }
  const KeyId& id() const { return id_; }
  SignatureType type() const { return type_; }
  const std::string& public_bytes() const { return public_bytes_; }
  bool Verifies(std::string_view message, std::string_view signature) const;

 private:
  friend class SignerKey;
  static base::Result<VerifierKey> Make(std::string name, SignatureType type, std::string public_bytes);
  VerifierKey(std::string name, SignatureType type, std::string public_bytes, codec::crypto::PublicKey key);

  std::string name_;
  KeyId id_;
  SignatureType type_;
  std::string public_bytes_;
  codec::crypto::PublicKey key_;
};

// A line of a file of keys whose algorithm is not known here: kept as it was written, and good for nothing else.
struct UnknownKey {
  std::string text;  // the whole line
  std::string name;
  std::uint8_t type = 0;
  // nullopt: it is of an algorithm that is known, or no key at all. The id is not checked: how it is made is the
  // algorithm's own.
  static std::optional<UnknownKey> Parse(std::string_view text);
};

// A key that signs notes, or checkpoints of others. Immutable; for any thread.
class SignerKey {
 public:
  // REQUIRES: IsKeyName(name).
  static SignerKey Generate(std::string name, SignatureType type);
  static base::Result<SignerKey> FromSeed(std::string name, SignatureType type, const base::Secret& seed);
  // PRIVATE+KEY+<name>+<hex id>+<base64 of type and 32 bytes>, as golang.org/x/mod/sumdb/note writes it.
  static base::Result<SignerKey> Parse(const base::Secret& text);

  base::Secret ToText() const;
  const VerifierKey& verifier() const { return verifier_; }
  // The line, with its newline, to be put behind a note. REQUIRES: the type is kEd25519.
  std::string SignNote(std::string_view text) const;
  // REQUIRES: the type is kCosignature.
  std::string Cosign(std::string_view checkpoint_text, std::uint64_t unix_seconds) const;

 private:
  SignerKey(VerifierKey verifier, codec::crypto::SigningKey key)
      : verifier_(std::move(verifier)), key_(std::move(key)) {}

  VerifierKey verifier_;
  codec::crypto::SigningKey key_;
};

// Signs notes with whatever algorithm: beside a SignerKey, whose signature a log always has. Thread-safe.
class NoteSigner {
 public:
  virtual ~NoteSigner() = default;
  // A line of a signature as notes have them, with its newline.
  virtual base::Result<std::string> SignLine(std::string_view text) const = 0;
};

// A note, taken apart but not believed.
struct SignatureLine {
  std::string name;
  KeyId id{};
  std::string signature;  // of a cosignature: eight bytes of time, then 64
};
struct Note {
  static constexpr std::size_t kMaxBytes = 1U << 20U;
  static constexpr std::size_t kMaxSignatures = 100;

  std::string text;  // with its last newline
  std::vector<SignatureLine> signatures;
};
base::Result<Note> ParseNote(std::string_view bytes);
std::string FormatNote(const Note& note);

// Who signed a note, of the keys that are known.
struct VerifiedSignature {
  const VerifierKey* key = nullptr;  // into what was given
  std::uint64_t unix_seconds = 0;    // of a cosignature
};
// What is signed by keys that are not known is passed over. kDenied where a known key's signature is wrong: then
// nothing in the note is to be believed. Empty where no known key signed it.
base::Result<std::vector<VerifiedSignature>> VerifySignatures(const Note& note, std::span<const VerifierKey> known);

}  // namespace gatehouse::record::tlog
