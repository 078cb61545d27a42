#include "codec/jose/key_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/jose/fake_token.h"

namespace gatehouse::codec::jose {
namespace {

using crypto::FakeSigner;
using Kind = crypto::PublicKey::Kind;
using Choice = KeySet::Choice;

std::string Set(const std::vector<std::string>& keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text.append(text.ends_with('[') ? "" : ",").append(key);
  return text + "]}";
}

std::size_t Kept(const std::string& key) { return KeySet::Parse(Set({key})).value().size(); }

Choice Choose(const KeySet& set, Algorithm algorithm, std::string key_id) {
  return set.Choose({.algorithm = algorithm, .key_id = std::move(key_id)});
}

TEST(KeySet, TakesEveryKindOfKeyAndChecksWithIt) {
  const FakeSigner rsa(Kind::kRsa);
  const FakeSigner p256(Kind::kP256);
  const FakeSigner p384(Kind::kP384);
  const FakeSigner p521(Kind::kP521);
  const FakeSigner edwards(Kind::kEd25519);
  const KeySet set = KeySet::Parse(Set({FakeJwk(rsa, "r", R"(,"use":"sig","alg":"PS256")"), FakeJwk(p256, "a"),
                                        FakeJwk(p384, "b", R"(,"key_ops":["verify"])"), FakeJwk(p521, "c"),
                                        FakeJwk(edwards, "d", R"(,"alg":"EdDSA")")}))
                         .value();
  EXPECT_EQ(set.size(), 5U);
  const auto check = [&](const FakeSigner& signer, Algorithm algorithm, std::string id) {
    const std::string token = FakeAccessToken(signer, algorithm, id, "{}");
    const Jws jws = ParseJws(token).value();
    const Choice choice = set.Choose(jws.header);
    ASSERT_EQ(choice.kind, Choice::Kind::kFound) << ToString(algorithm);
    EXPECT_TRUE(Verifies(jws, choice.key->key)) << ToString(algorithm);
  };
  check(rsa, Algorithm::kPs256, "r");
  check(p256, Algorithm::kEs256, "a");
  check(p384, Algorithm::kEs384, "b");
  check(p521, Algorithm::kEs512, "c");
  check(edwards, Algorithm::kEdDsa, "d");
  EXPECT_EQ(Choose(set, Algorithm::kRs256, "r").kind, Choice::Kind::kUnfit);  // the key says PS256
  EXPECT_EQ(Choose(set, Algorithm::kEs384, "a").kind, Choice::Kind::kUnfit);
  EXPECT_EQ(Choose(set, Algorithm::kHs256, "r").kind, Choice::Kind::kUnfit);
}

TEST(KeySet, ChoosesByIdAndWithoutOneOnlyWhatIsClear) {
  const FakeSigner first(Kind::kP256);
  const FakeSigner second(Kind::kP256);
  const KeySet two = KeySet::Parse(Set({FakeJwk(first, "1"), FakeJwk(second, "2")})).value();
  EXPECT_EQ(Choose(two, Algorithm::kEs256, "2").key->id, "2");
  EXPECT_TRUE(two.Has("1"));
  EXPECT_FALSE(two.Has("3"));
  EXPECT_EQ(Choose(two, Algorithm::kEs256, "3").kind, Choice::Kind::kUnknown);
  EXPECT_EQ(Choose(two, Algorithm::kEs256, "").kind, Choice::Kind::kAmbiguous);
  EXPECT_EQ(Choose(two, Algorithm::kRs256, "").kind, Choice::Kind::kUnfit);
  for (const char* strange : {"../../../dev/null", "1' OR '1'='1", "1\n", "01", " 1"}) {
    EXPECT_EQ(Choose(two, Algorithm::kEs256, strange).kind, Choice::Kind::kUnknown) << strange;
  }
  const KeySet one = KeySet::Parse(Set({FakeJwk(first, "1"), FakeJwk(FakeSigner(Kind::kEd25519), "e")})).value();
  EXPECT_EQ(Choose(one, Algorithm::kEs256, "").key->id, "1");  // only one goes with the algorithm
  const KeySet same = KeySet::Parse(Set({FakeJwk(first, "1"), FakeJwk(second, "1")})).value();
  EXPECT_EQ(Choose(same, Algorithm::kEs256, "1").kind, Choice::Kind::kAmbiguous);
  EXPECT_EQ(Choose(KeySet::Parse(Set({})).value(), Algorithm::kEs256, "1").kind, Choice::Kind::kUnknown);
}

TEST(KeySet, LeavesAsideWhatDoesNotVerifySignatures) {
  const FakeSigner p256(Kind::kP256);
  const FakeSigner rsa(Kind::kRsa);
  EXPECT_EQ(Kept(FakeJwk(p256, "k")), 1U);
  EXPECT_EQ(Kept(FakeJwk(p256, "k", R"(,"d":"AAAA","future":{"x":[1]})")), 1U);  // private part: not read
  for (const char* more :
       {R"(,"use":"enc")", R"(,"use":"")", R"(,"use":1)", R"(,"key_ops":["sign"])", R"(,"key_ops":[])",
        R"(,"alg":"ES384")", R"(,"alg":"HS256")", R"(,"alg":"ECDH-ES")", R"(,"alg":"none")"}) {
    EXPECT_EQ(Kept(FakeJwk(p256, "k", more)), 0U) << more;
  }
  EXPECT_EQ(Kept(FakeJwk(rsa, "k", R"(,"alg":"RSA-OAEP")")), 0U);
  EXPECT_EQ(Kept(R"({"kty":"oct","kid":"k","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","alg":"HS256"})"), 0U);
  EXPECT_EQ(Kept(FakeJwk(FakeSigner(Kind::kRsa, 1024), "k")), 0U);
  EXPECT_EQ(Kept(R"({"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})"), 0U);
  for (const char* entry : {"null", "[]", "{}", R"("RSA")", R"({"kty":"RSA"})", R"({"kty":"RSA","n":"","e":""})",
                            R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", R"({"kty":"EC","crv":"P-256"})",
                            R"({"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"})", R"({"kty":"EC","crv":"secp256k1"})"}) {
    const KeySet set = KeySet::Parse(Set({entry})).value();
    EXPECT_EQ(set.size(), 0U) << entry;
    EXPECT_EQ(set.left_aside(), 1U) << entry;
  }
}

TEST(KeySet, APointMustBeOnItsCurve) {
  const FakeSigner p256(Kind::kP256);
  std::string x = p256.Part("qx");
  x.back() = static_cast<char>(x.back() ^ 1);
  const auto entry = [&](const std::string& qx) {
    return R"({"kty":"EC","crv":"P-256","x":")" + Base64Url(qx) + R"(","y":")" + Base64Url(p256.Part("qy")) + "\"}";
  };
  EXPECT_EQ(Kept(entry(p256.Part("qx"))), 1U);
  EXPECT_EQ(Kept(entry(x)), 0U);
  EXPECT_EQ(Kept(entry('\0' + p256.Part("qx"))), 0U);
}

TEST(KeySet, RefusesWhatIsNoSetOrTooLarge) {
  const std::string key = FakeJwk(FakeSigner(Kind::kEd25519), "k");
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":null})", "{\"keys\":[]", "<html>"}) {
    EXPECT_FALSE(KeySet::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(KeySet::Parse(Set(std::vector<std::string>(kMaxKeys, key))).ok());
  EXPECT_FALSE(KeySet::Parse(Set(std::vector<std::string>(kMaxKeys + 1, key))).ok());
  EXPECT_TRUE(KeySet::Parse(Set({key}) + std::string(1000, ' ')).ok());
  EXPECT_FALSE(KeySet::Parse(Set({key}) + std::string(kMaxKeySetBytes, ' ')).ok());
}

TEST(PublicKey, RsaNumbersMustMakeAKey) {
  const FakeSigner rsa(Kind::kRsa);
  const std::string n = rsa.Part("n");
  const std::string e = rsa.Part("e");
  EXPECT_TRUE(crypto::PublicKey::Rsa(n, e).ok());
  EXPECT_TRUE(crypto::PublicKey::Rsa(n, "\x03").ok());
  for (const std::string& exponent :
       {std::string("\x01"), std::string("\x02"), std::string(), std::string(1, '\0'), std::string(9, '\x01')}) {
    EXPECT_FALSE(crypto::PublicKey::Rsa(n, exponent).ok());
  }
  std::string even = n;
  even.back() = static_cast<char>(even.back() & ~1);
  EXPECT_FALSE(crypto::PublicKey::Rsa(even, e).ok());
  EXPECT_FALSE(crypto::PublicKey::Rsa(std::string(128, '\0') + n.substr(128), e).ok());  // zeros do not make it long
  EXPECT_FALSE(crypto::PublicKey::Rsa(std::string(1026, '\xFF'), e).ok());
}

}  // namespace
}  // namespace gatehouse::codec::jose
