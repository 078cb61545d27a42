#include "codec/jose/jws.h"

#include <array>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "codec/crypto/encoding.h"
#include "codec/json/document.h"

namespace gatehouse::codec::jose {
namespace {

constexpr json::Limits kHeaderLimits = {.depth = 4, .values = 256};
constexpr std::size_t kMaxKeyIdBytes = 512;

using Segments = std::array<std::string_view, 3>;

std::optional<Segments> Split(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Segments{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

std::string MediaType(std::string_view text) {
  constexpr std::string_view kPrefix = "application/";
  std::string type = base::ToLower(text);
  if (type.starts_with(kPrefix)) type.erase(0, kPrefix.size());
  return type;
}

base::Result<Algorithm> ReadAlgorithm(json::Value alg) {
  if (!alg.IsString()) return base::InvalidRequest("names no signature algorithm (alg)");
  if (const auto algorithm = AlgorithmOf(alg.string())) return *algorithm;
  if (base::ToLower(alg.string()) == "none") return base::InvalidRequest("is not signed (alg is none)");
  return base::InvalidRequest("is signed by an algorithm that is not known here (alg)");
}

// What would change the meaning of the signature or of the payload.
base::Status CheckMeaning(json::Value crit, json::Value b64, json::Value cty) {
  if (!crit.IsMissing()) return base::InvalidRequest("demands extensions that are not known here (crit)");
  if (!b64.IsMissing() && b64.AsBool() != true) return base::InvalidRequest("has an unencoded payload (b64)");
  if (!cty.IsMissing() && MediaType(cty.string()) == "jwt") {
    return base::InvalidRequest("contains another token instead of claims (cty)");
  }
  return base::Ok();
}

base::Result<JwsHeader> ReadHeader(std::string_view text) {
  json::Document document;
  if (const auto parsed = document.Parse(text, kHeaderLimits); !parsed.ok() || !document.root().IsObject()) {
    return base::InvalidRequest("has a header that is not an acceptable JSON object");
  }
  const auto [alg, kid, typ, crit, b64, cty] = document.root().Members<6>({"alg", "kid", "typ", "crit", "b64", "cty"});
  GH_CHECK_OK(CheckMeaning(crit, b64, cty));
  GH_TRY(const Algorithm algorithm, ReadAlgorithm(alg));
  if (!kid.IsMissing() && (!kid.IsString() || kid.string().size() > kMaxKeyIdBytes)) {
    return base::InvalidRequest("has a key id (kid) that is no text, or too long");
  }
  if (!typ.IsMissing() && !typ.IsString()) return base::InvalidRequest("has a type (typ) that is no text");
  return JwsHeader{.algorithm = algorithm, .key_id = std::string(kid.string()), .type = MediaType(typ.string())};
}

}  // namespace

bool LooksLikeJws(std::string_view text) { return Split(text).has_value(); }

base::Result<Jws> ParseJws(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return base::InvalidRequest("is longer than 16 KiB");
  const auto segments = Split(token);
  if (!segments) return base::InvalidRequest("does not have three parts");
  const auto& [header, payload, signature] = *segments;
  if (signature.empty()) return base::InvalidRequest("is not signed");
  auto header_text = crypto::Base64Decode(header, crypto::Base64::kUrl);
  auto payload_text = crypto::Base64Decode(payload, crypto::Base64::kUrl);
  auto signature_bytes = crypto::Base64Decode(signature, crypto::Base64::kUrl);
  if (!header_text || !payload_text || !signature_bytes) {
    return base::InvalidRequest("is damaged: a part is not base64url without padding");
  }
  GH_TRY(JwsHeader read, ReadHeader(*header_text));
  return Jws{.header = std::move(read),
             .signed_text = token.substr(0, header.size() + 1 + payload.size()),
             .payload = *std::move(payload_text),
             .signature = *std::move(signature_bytes)};
}

bool Verifies(const Jws& jws, const crypto::PublicKey& key) {
  const Algorithm algorithm = jws.header.algorithm;
  return Fits(algorithm, key.kind()) &&
         key.Verifies(SchemeOf(algorithm), HashOf(algorithm), jws.signed_text, jws.signature);
}

bool VerifiesWithSecret(const Jws& jws, std::string_view secret) {
  const Algorithm algorithm = jws.header.algorithm;
  return IsSymmetric(algorithm) && secret.size() >= crypto::SizeOf(HashOf(algorithm)) &&
         crypto::VerifyMac(HashOf(algorithm), secret, jws.signed_text, jws.signature);
}

}  // namespace gatehouse::codec::jose
