#include "codec/jose/algorithm.h"

#include <array>

#include "base/check.h"

namespace gatehouse::codec::jose {
namespace {

using crypto::Hash;
using crypto::SignatureScheme;
using Kind = crypto::PublicKey::Kind;

struct Row {
  std::string_view name;
  Hash hash;
  std::optional<SignatureScheme> scheme;  // none: HMAC
  std::optional<Kind> key;
};

// In the order of the enumeration.
constexpr std::array<Row, 13> kTable = {{
    {"RS256", Hash::kSha256, SignatureScheme::kRsaPkcs1, Kind::kRsa},
    {"RS384", Hash::kSha384, SignatureScheme::kRsaPkcs1, Kind::kRsa},
    {"RS512", Hash::kSha512, SignatureScheme::kRsaPkcs1, Kind::kRsa},
    {"PS256", Hash::kSha256, SignatureScheme::kRsaPss, Kind::kRsa},
    {"PS384", Hash::kSha384, SignatureScheme::kRsaPss, Kind::kRsa},
    {"PS512", Hash::kSha512, SignatureScheme::kRsaPss, Kind::kRsa},
    {"ES256", Hash::kSha256, SignatureScheme::kEcdsa, Kind::kP256},
    {"ES384", Hash::kSha384, SignatureScheme::kEcdsa, Kind::kP384},
    {"ES512", Hash::kSha512, SignatureScheme::kEcdsa, Kind::kP521},
    {"EdDSA", Hash::kSha512, SignatureScheme::kEd25519, Kind::kEd25519},
    {"HS256", Hash::kSha256, std::nullopt, std::nullopt},
    {"HS384", Hash::kSha384, std::nullopt, std::nullopt},
    {"HS512", Hash::kSha512, std::nullopt, std::nullopt},
}};

const Row& RowOf(Algorithm algorithm) { return kTable.at(static_cast<std::size_t>(algorithm)); }

}  // namespace

std::optional<Algorithm> AlgorithmOf(std::string_view name) {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].name == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

std::string_view ToString(Algorithm algorithm) { return RowOf(algorithm).name; }

bool IsSymmetric(Algorithm algorithm) { return !RowOf(algorithm).scheme; }

Hash HashOf(Algorithm algorithm) { return RowOf(algorithm).hash; }

bool Fits(Algorithm algorithm, Kind key) { return RowOf(algorithm).key == key; }

SignatureScheme SchemeOf(Algorithm algorithm) {
  const auto scheme = RowOf(algorithm).scheme;
  GH_CHECK(scheme.has_value());
  return *scheme;
}

}  // namespace gatehouse::codec::jose
