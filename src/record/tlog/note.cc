#include "record/tlog/note.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/text/utf8.h"
#include "record/errors.h"

namespace gatehouse::record::tlog {
namespace {

using base::Result;

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space
constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kPublicBytes = codec::crypto::SigningKey::kPublicBytes;

// White space of Unicode beyond ASCII.
bool IsWideSpace(char32_t c) {
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

KeyId IdOf(std::string_view name, SignatureType type, std::string_view public_bytes) {
  std::string bytes(name);
  bytes.push_back('\n');
  bytes.push_back(static_cast<char>(type));
  const auto digest = codec::crypto::Sha256(bytes, public_bytes);
  return {digest[0], digest[1], digest[2], digest[3]};
}

std::string_view AsText(const KeyId& id) { return {reinterpret_cast<const char*>(id.data()), id.size()}; }

std::string TimeBytes(std::uint64_t seconds) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(seconds >> shift));
  return bytes;
}

std::uint64_t TimeFrom(std::string_view bytes) {
  std::uint64_t seconds = 0;
  for (const char c : bytes.substr(0, kTimeBytes)) seconds = seconds << 8U | static_cast<unsigned char>(c);
  return seconds;
}

std::string CosignedMessage(std::string_view text, std::uint64_t seconds) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

std::string LineOf(const VerifierKey& key, std::string_view signature) {
  const std::string bytes = std::string(AsText(key.id())).append(signature);
  return std::string(kDash).append(key.name()).append(" ").append(codec::crypto::Base64Encode(bytes)).append("\n");
}

bool IsSupported(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(SignatureType::kEd25519) ||
         type == static_cast<std::uint8_t>(SignatureType::kCosignature);
}

// <name>+<hex id>+<base64 of a type and more>
struct KeyText {
  std::string name;
  std::string id;
  std::string bytes;  // one at least
};

Result<KeyText> SplitText(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return Malformed("a key of notes has three parts with + between them");
  KeyText parts{.name = std::string(text.substr(0, first)),
                .id = std::string(text.substr(first + 1, second - first - 1)),
                .bytes = codec::crypto::Base64Decode(text.substr(second + 1)).value_or("")};
  if (!IsKeyName(parts.name)) return Malformed("the name of a key of notes is none");
  if (parts.bytes.empty()) return Malformed("a key of notes is not the base64 of a type and more");
  return parts;
}

// <name>+<hex id>+<base64 of type and 32 bytes>
struct KeyParts {
  std::string name;
  std::string id;
  SignatureType type = SignatureType::kEd25519;
  std::string key;
};

Result<KeyParts> SplitKey(std::string_view text) {
  GH_TRY(KeyText split, SplitText(text));
  const auto type = static_cast<std::uint8_t>(split.bytes[0]);
  if (!IsSupported(type)) return Malformed("a key of notes is of a type that is not supported");
  if (split.bytes.size() != 1 + kPublicBytes)
    return Malformed("a key of notes is not the base64 of a type and 32 bytes");
  return KeyParts{.name = std::move(split.name),
                  .id = std::move(split.id),
                  .type = static_cast<SignatureType>(type),
                  .key = split.bytes.substr(1)};
}

base::Status CheckId(const KeyParts& parts, const VerifierKey& key) {
  if (parts.id == codec::crypto::HexEncode(AsText(key.id()))) return base::Ok();
  return Malformed("the id of a key of notes is not the one of its name and key");
}

Result<SignatureLine> ParseLine(std::string_view line) {
  if (!line.starts_with(kDash)) return Malformed("a signature of a note does not begin with a dash");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsKeyName(line.substr(0, space))) {
    return Malformed("a signature of a note has no name");
  }
  const auto bytes = codec::crypto::Base64Decode(line.substr(space + 1));
  if (!bytes || bytes->size() <= sizeof(KeyId))
    return Malformed("a signature of a note is not base64 of an id and more");
  SignatureLine parsed{.name = std::string(line.substr(0, space)), .signature = bytes->substr(sizeof(KeyId))};
  std::ranges::copy_n(bytes->begin(), sizeof(KeyId), parsed.id.begin());
  return parsed;
}

base::Status CheckCharacters(std::string_view bytes) {
  if (bytes.size() > Note::kMaxBytes) return Malformed("a note is too long");
  if (!codec::text::IsValidUtf8(bytes)) return Malformed("a note is not UTF-8");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  if (std::ranges::any_of(bytes, is_control)) return Malformed("a note has a control character");
  return base::Ok();
}

Result<VerifiedSignature> Verify(std::string_view text, const SignatureLine& line, const VerifierKey& key) {
  const base::Error wrong{.code = base::ErrorCode::kDenied,
                          .source = base::ErrorSource::kStore,
                          .public_message = "the signature of " + line.name + " is wrong"};
  if (key.type() == SignatureType::kEd25519) {
    if (!key.Verifies(text, line.signature)) return wrong;
    return VerifiedSignature{.key = &key};
  }
  if (line.signature.size() < kTimeBytes) return wrong;
  const std::uint64_t seconds = TimeFrom(line.signature);
  if (seconds >> 63U != 0) return wrong;
  if (!key.Verifies(CosignedMessage(text, seconds), line.signature.substr(kTimeBytes))) return wrong;
  return VerifiedSignature{.key = &key, .unix_seconds = seconds};
}

}  // namespace

bool IsKeyName(std::string_view name) {
  if (name.empty() || !codec::text::IsValidUtf8(name)) return false;
  for (std::size_t at = 0; at < name.size();) {
    const auto point = codec::text::DecodeAt(name, at);
    if (point.value <= 0x20 || point.value == 0x7F || point.value == U'+' || IsWideSpace(point.value)) return false;
    at += point.length;
  }
  return true;
}

VerifierKey::VerifierKey(std::string name, SignatureType type, std::string public_bytes, codec::crypto::PublicKey key)
    : name_(std::move(name)),
      id_(IdOf(name_, type, public_bytes)),
      type_(type),
      public_bytes_(std::move(public_bytes)),
      key_(std::move(key)) {}

Result<VerifierKey> VerifierKey::Make(std::string name, SignatureType type, std::string public_bytes) {
  GH_TRY(auto key, codec::crypto::PublicKey::Ed25519(public_bytes));
  return VerifierKey(std::move(name), type, std::move(public_bytes), std::move(key));
}

std::optional<UnknownKey> UnknownKey::Parse(std::string_view text) {
  constexpr std::size_t kIdDigits = 2 * sizeof(KeyId);
  auto split = SplitText(text);
  if (!split.ok() || split.value().bytes.size() < 2 || split.value().id.size() != kIdDigits) return {};
  const auto type = static_cast<std::uint8_t>(split.value().bytes[0]);
  if (IsSupported(type) || !codec::crypto::HexDecode(split.value().id)) return {};
  return UnknownKey{.text = std::string(text), .name = std::move(split.value().name), .type = type};
}

Result<VerifierKey> VerifierKey::Parse(std::string_view text) {
  GH_TRY(const KeyParts parts, SplitKey(text));
  GH_TRY(VerifierKey key, Make(parts.name, parts.type, parts.key));
  GH_CHECK_OK(CheckId(parts, key));
  return key;
}

std::string VerifierKey::ToText() const {
  const std::string bytes = std::string(1, static_cast<char>(type_)).append(public_bytes_);
  return std::string(name_)
      .append("+")
      .append(codec::crypto::HexEncode(AsText(id_)))
      .append("+")
      .append(codec::crypto::Base64Encode(bytes));
}

bool VerifierKey::Verifies(std::string_view message, std::string_view signature) const {
  return key_.Verifies(codec::crypto::SignatureScheme::kEd25519, codec::crypto::Hash::kSha512, message, signature);
}

SignerKey SignerKey::Generate(std::string name, SignatureType type) {
  GH_CHECK(IsKeyName(name));
  auto key = FromSeed(std::move(name), type, codec::crypto::SigningKey::Generate().Seed());
  GH_CHECK(key.ok());
  return std::move(key).value();
}

Result<SignerKey> SignerKey::FromSeed(std::string name, SignatureType type, const base::Secret& seed) {
  if (!IsKeyName(name)) return Malformed("the name of a key of notes is none");
  GH_TRY(codec::crypto::SigningKey key, codec::crypto::SigningKey::FromSeed(seed));
  GH_TRY(VerifierKey verifier, VerifierKey::Make(std::move(name), type, key.public_bytes()));
  return SignerKey(std::move(verifier), std::move(key));
}

Result<SignerKey> SignerKey::Parse(const base::Secret& text) {
  std::string_view rest = text.Reveal();
  if (!rest.starts_with(kPrivate))
    return Malformed("a private key of notes does not begin with " + std::string(kPrivate));
  rest.remove_prefix(kPrivate.size());
  GH_TRY(KeyParts parts, SplitKey(rest));
  const base::Secret seed(std::move(parts.key));
  GH_TRY(SignerKey key, FromSeed(parts.name, parts.type, seed));
  GH_CHECK_OK(CheckId(parts, key.verifier()));
  return key;
}

base::Secret SignerKey::ToText() const {
  const base::Secret seed = key_.Seed();
  const base::Secret bytes(std::string(1, static_cast<char>(verifier_.type())).append(seed.Reveal()));
  return base::Secret(std::string(kPrivate)
                          .append(verifier_.name())
                          .append("+")
                          .append(codec::crypto::HexEncode(AsText(verifier_.id())))
                          .append("+")
                          .append(codec::crypto::Base64Encode(bytes.Reveal())));
}

std::string SignerKey::SignNote(std::string_view text) const {
  GH_CHECK(verifier_.type() == SignatureType::kEd25519);
  return LineOf(verifier_, key_.Sign(text));
}

std::string SignerKey::Cosign(std::string_view checkpoint_text, std::uint64_t unix_seconds) const {
  GH_CHECK(verifier_.type() == SignatureType::kCosignature);
  return LineOf(verifier_, TimeBytes(unix_seconds) + key_.Sign(CosignedMessage(checkpoint_text, unix_seconds)));
}

Result<Note> ParseNote(std::string_view bytes) {
  GH_CHECK_OK(CheckCharacters(bytes));
  const std::size_t split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return Malformed("a note has no empty line before its signatures");
  Note note{.text = std::string(bytes.substr(0, split + 1))};
  std::string_view rest = bytes.substr(split + 2);
  if (rest.empty() || rest.back() != '\n') return Malformed("a note does not end with a signature and a newline");
  while (!rest.empty()) {
    if (note.signatures.size() == Note::kMaxSignatures) return Malformed("a note has too many signatures");
    const std::size_t end = rest.find('\n');
    GH_TRY(SignatureLine line, ParseLine(rest.substr(0, end)));
    note.signatures.push_back(std::move(line));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string FormatNote(const Note& note) {
  std::string out = note.text + "\n";
  for (const SignatureLine& line : note.signatures) {
    const std::string bytes = std::string(AsText(line.id)).append(line.signature);
    out.append(kDash).append(line.name).append(" ").append(codec::crypto::Base64Encode(bytes)).append("\n");
  }
  return out;
}

Result<std::vector<VerifiedSignature>> VerifySignatures(const Note& note, std::span<const VerifierKey> known) {
  std::vector<VerifiedSignature> verified;
  for (const SignatureLine& line : note.signatures) {
    for (const VerifierKey& key : known) {
      if (key.name() != line.name || key.id() != line.id) continue;
      GH_TRY(const VerifiedSignature signature, Verify(note.text, line, key));
      const bool again = std::ranges::any_of(verified, [&](const auto& seen) { return seen.key == &key; });
      if (!again) verified.push_back(signature);
    }
  }
  return verified;
}

}  // namespace gatehouse::record::tlog
