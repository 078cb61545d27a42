#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "codec/jose/jws.h"
#include "codec/jose/key_set.h"

namespace gatehouse::codec::jose {
namespace {

// RFC 8037, A.2.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

// What is accepted has one spelling, and is signed only by who has the key.
void FuzzToken(std::string_view text) {
  static const auto* const keys = new KeySet(KeySet::Parse(kKeys).value());
  const auto jws = ParseJws(text);
  GH_CHECK(!jws.ok() || LooksLikeJws(text));
  if (!jws.ok()) return;
  const auto first = text.find('.');
  const std::string header = crypto::Base64Decode(text.substr(0, first), crypto::Base64::kUrl).value();
  const std::string again = crypto::Base64Encode(header, crypto::Base64::kUrl) + "." +
                            crypto::Base64Encode(jws.value().payload, crypto::Base64::kUrl) + "." +
                            crypto::Base64Encode(jws.value().signature, crypto::Base64::kUrl);
  GH_CHECK(again == text);
  const auto choice = keys->Choose(jws.value().header);
  if (choice.kind != KeySet::Choice::Kind::kFound || !Verifies(jws.value(), choice.key->key)) return;
  GH_CHECK(jws.value().payload == "Example of Ed25519 signing");
}

void FuzzKeySet(std::string_view text) {
  const auto set = KeySet::Parse(text);
  if (!set.ok()) return;
  GH_CHECK(set.value().size() + set.value().left_aside() <= kMaxKeys);
  for (const auto algorithm : {Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEs512, Algorithm::kEdDsa}) {
    const auto choice = set.value().Choose({.algorithm = algorithm, .key_id = "k"});
    if (choice.kind != KeySet::Choice::Kind::kFound) continue;
    GH_CHECK(Fits(algorithm, choice.key->key.kind()) && choice.key->id == "k");
    const std::string zeros(choice.key->key.kind() == crypto::PublicKey::Kind::kP256 ? 64 : 132, '\0');
    static_cast<void>(choice.key->key.Verifies(SchemeOf(algorithm), HashOf(algorithm), "text", zeros));
  }
}

}  // namespace
}  // namespace gatehouse::codec::jose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gatehouse::codec::jose::FuzzToken(text);
  gatehouse::codec::jose::FuzzKeySet(text);
  return 0;
}
