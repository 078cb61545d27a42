#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/crypto/signature.h"
#include "codec/jose/algorithm.h"

// JSON Web Signature in its compact form (RFC 7515, 7.1): header.payload.signature, each base64url without padding.
namespace gatehouse::codec::jose {

inline constexpr std::size_t kMaxTokenBytes = std::size_t{16} * 1024;

// What a header says of its token. Where it names, embeds or links a key (jwk, jku, x5u, x5c) it is not listened to: a
// token does not bring its own key.
struct JwsHeader {
  Algorithm algorithm = Algorithm::kRs256;
  std::string key_id;  // "" for none; any text
  // The media type without "application/", in lower case (RFC 7515, 4.1.9): "jwt", "at+jwt"; "" for none.
  std::string type;
};

// A token taken apart; nothing about it is proven yet.
struct Jws {
  JwsHeader header;
  std::string_view signed_text;  // header and payload as they came; points into the token
  std::string payload;
  std::string signature;
};

// Strict: three segments and 16 KiB at most, every bit of the base64url accounted for, a header that is a JSON object
// without duplicate names, nested at most four deep, with an algorithm that is known. Refused is whatever changes what
// the signature means: `crit`, `b64` other than true (RFC 7797), and a token within a token (`cty`). Errors are
// kInvalidRequest, and their public_message is about the token: "has an algorithm that ..."; `token` outlives the
// result.
base::Result<Jws> ParseJws(std::string_view token);

// Whether it has the shape of one: for telling tokens from keys before anything is decoded.
bool LooksLikeJws(std::string_view text);

// REQUIRES: the algorithm is not symmetric. False also for a key that does not go with the algorithm.
bool Verifies(const Jws& jws, const crypto::PublicKey& key);
// With a shared secret. False also where the algorithm is not symmetric, and for a secret that is shorter than the
// algorithm's hash (RFC 7518, 3.2).
bool VerifiesWithSecret(const Jws& jws, std::string_view secret);

}  // namespace gatehouse::codec::jose
