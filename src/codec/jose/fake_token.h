#pragma once

#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/fake_signer.h"
#include "codec/jose/algorithm.h"

// Tokens and key sets for tests.
namespace gatehouse::codec::jose {

inline std::string Base64Url(std::string_view bytes) { return crypto::Base64Encode(bytes, crypto::Base64::kUrl); }

// Any header over any payload.
inline std::string FakeToken(const crypto::FakeSigner& signer, Algorithm algorithm, std::string_view header,
                             std::string_view payload) {
  const std::string text = Base64Url(header) + "." + Base64Url(payload);
  return text + "." + Base64Url(signer.Sign(SchemeOf(algorithm), HashOf(algorithm), text));
}

// An access token as RFC 9068 has it.
inline std::string FakeAccessToken(const crypto::FakeSigner& signer, Algorithm algorithm, std::string_view key_id,
                                   std::string_view claims) {
  std::string header = R"({"alg":")";
  header.append(ToString(algorithm)).append(R"(","typ":"at+jwt")");
  if (!key_id.empty()) header.append(R"(,"kid":")").append(key_id).append("\"");
  return FakeToken(signer, algorithm, header + "}", claims);
}

// The public half as JWK; `more` is members such as `,"use":"sig"`.
inline std::string FakeJwk(const crypto::FakeSigner& signer, std::string_view key_id, std::string_view more = {}) {
  using Kind = crypto::PublicKey::Kind;
  const auto elliptic = [&](std::string_view curve) {
    return R"("kty":"EC","crv":")" + std::string(curve) + R"(","x":")" + Base64Url(signer.Part("qx")) + R"(","y":")" +
           Base64Url(signer.Part("qy")) + "\"";
  };
  std::string jwk = R"({"kid":")" + std::string(key_id) + R"(",)";
  switch (signer.kind()) {
    case Kind::kRsa:
      jwk += R"("kty":"RSA","n":")" + Base64Url(signer.Part("n")) + R"(","e":")" + Base64Url(signer.Part("e")) + "\"";
      break;
    case Kind::kP256: jwk += elliptic("P-256"); break;
    case Kind::kP384: jwk += elliptic("P-384"); break;
    case Kind::kP521: jwk += elliptic("P-521"); break;
    case Kind::kEd25519: jwk += R"("kty":"OKP","crv":"Ed25519","x":")" + Base64Url(signer.Part("pub")) + "\""; break;
  }
  return jwk.append(more).append("}");
}

}  // namespace gatehouse::codec::jose
