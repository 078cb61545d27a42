#include "codec/jose/key_set.h"

#include <algorithm>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/json/document.h"

namespace gatehouse::codec::jose {
namespace {

using Kind = crypto::PublicKey::Kind;

constexpr json::Limits kLimits = {.depth = 8, .values = 16 * 1024};
constexpr std::size_t kMaxNumberText = 2048;  // base64url of a key's number; an RSA modulus of 8192 bits has 1366

std::optional<std::string> NumberOf(json::Value text) {
  if (!text.IsString() || text.string().empty() || text.string().size() > kMaxNumberText) return std::nullopt;
  return crypto::Base64Decode(text.string(), crypto::Base64::kUrl);
}

std::optional<Kind> CurveOf(std::string_view name) {
  if (name == "P-256") return Kind::kP256;
  if (name == "P-384") return Kind::kP384;
  if (name == "P-521") return Kind::kP521;
  return std::nullopt;
}

// For signatures, as far as it says (RFC 7517, 4.2 and 4.3).
bool IsForVerifying(json::Value use, json::Value operations) {
  if (!use.IsMissing() && use.string() != "sig") return false;
  if (operations.IsMissing()) return true;
  return std::ranges::any_of(operations, [](const auto& operation) { return operation.value.string() == "verify"; });
}

base::Result<crypto::PublicKey> ReadRsa(json::Value jwk) {
  const auto modulus = NumberOf(jwk["n"]);
  const auto exponent = NumberOf(jwk["e"]);
  if (!modulus || !exponent) return base::InvalidRequest("a number of the RSA key is missing or not base64url");
  return crypto::PublicKey::Rsa(*modulus, *exponent);
}

base::Result<crypto::PublicKey> ReadElliptic(json::Value jwk) {
  const auto curve = CurveOf(jwk["crv"].string());
  const auto x = NumberOf(jwk["x"]);
  const auto y = NumberOf(jwk["y"]);
  if (!curve || !x || !y) return base::InvalidRequest("the elliptic key's curve is not known, or a coordinate missing");
  return crypto::PublicKey::Elliptic(*curve, *x, *y);
}

base::Result<crypto::PublicKey> ReadEdwards(json::Value jwk) {
  const auto x = NumberOf(jwk["x"]);
  if (jwk["crv"].string() != "Ed25519" || !x) return base::InvalidRequest("not an Ed25519 key");
  return crypto::PublicKey::Ed25519(*x);
}

base::Result<crypto::PublicKey> ReadPublicKey(json::Value jwk) {
  const std::string_view type = jwk["kty"].string();
  if (type == "RSA") return ReadRsa(jwk);
  if (type == "EC") return ReadElliptic(jwk);
  if (type == "OKP") return ReadEdwards(jwk);
  return base::InvalidRequest("a type of key that does not verify signatures here");
}

std::optional<Jwk> ReadKey(json::Value jwk) {
  const auto [use, operations, kid, alg] = jwk.Members<4>({"use", "key_ops", "kid", "alg"});
  if (!IsForVerifying(use, operations) || (!kid.IsMissing() && !kid.IsString())) return std::nullopt;
  auto key = ReadPublicKey(jwk);
  if (!key.ok()) return std::nullopt;
  std::optional<Algorithm> algorithm;
  if (!alg.IsMissing()) {
    algorithm = AlgorithmOf(alg.string());
    if (!algorithm || !Fits(*algorithm, key.value().kind())) return std::nullopt;
  }
  return Jwk{.id = std::string(kid.string()), .algorithm = algorithm, .key = std::move(key).value()};
}

}  // namespace

base::Result<KeySet> KeySet::Parse(std::string_view text) {
  if (text.size() > kMaxKeySetBytes) return base::InvalidRequest("the key set is larger than 256 KiB");
  json::Document document;
  if (!document.Parse(text, kLimits).ok()) return base::InvalidRequest("the key set is not acceptable JSON");
  const json::Value keys = document.root()["keys"];
  if (!keys.IsArray()) return base::InvalidRequest("the key set has no array 'keys'");
  if (keys.size() > kMaxKeys) return base::InvalidRequest("the key set has more than 64 keys");
  KeySet set;
  for (const auto& entry : keys) {
    if (auto key = ReadKey(entry.value)) {
      set.keys_.push_back(*std::move(key));
    } else {
      ++set.left_aside_;
    }
  }
  return set;
}

bool KeySet::Has(std::string_view key_id) const { return std::ranges::find(keys_, key_id, &Jwk::id) != keys_.end(); }

KeySet::Choice KeySet::Choose(const JwsHeader& header) const {
  Choice choice;
  for (const Jwk& key : keys_) {
    if (!header.key_id.empty() && key.id != header.key_id) continue;
    if (!key.Accepts(header.algorithm)) {
      if (choice.kind == Choice::Kind::kUnknown) choice.kind = Choice::Kind::kUnfit;
    } else if (choice.kind == Choice::Kind::kFound) {
      return {.kind = Choice::Kind::kAmbiguous};
    } else {
      choice = {.kind = Choice::Kind::kFound, .key = &key};
    }
  }
  return choice;
}

}  // namespace gatehouse::codec::jose
