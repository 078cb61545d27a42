#include "codec/jose/jws.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/jose/fake_token.h"

namespace gatehouse::codec::jose {
namespace {

using crypto::FakeSigner;
using crypto::PublicKey;
using Kind = crypto::PublicKey::Kind;

constexpr std::array kAsymmetric = {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512, Algorithm::kPs256,
                                    Algorithm::kPs384, Algorithm::kPs512, Algorithm::kEs256, Algorithm::kEs384,
                                    Algorithm::kEs512, Algorithm::kEdDsa};

PublicKey PublicOf(const FakeSigner& signer) {
  switch (signer.kind()) {
    case Kind::kRsa: return PublicKey::Rsa(signer.Part("n"), signer.Part("e")).value();
    case Kind::kEd25519: return PublicKey::Ed25519(signer.Part("pub")).value();
    default: return PublicKey::Elliptic(signer.kind(), signer.Part("qx"), signer.Part("qy")).value();
  }
}

const std::map<Kind, FakeSigner>& Signers() {
  static const auto* const signers = [] {
    auto* made = new std::map<Kind, FakeSigner>;
    for (const Kind kind : {Kind::kRsa, Kind::kP256, Kind::kP384, Kind::kP521, Kind::kEd25519})
      made->try_emplace(kind, kind);
    return made;
  }();
  return *signers;
}

const FakeSigner& SignerFor(Algorithm algorithm) {
  for (const auto& [kind, signer] : Signers()) {
    if (Fits(algorithm, kind)) return signer;
  }
  ADD_FAILURE();
  return Signers().begin()->second;
}

std::string Token(Algorithm algorithm, std::string_view payload = R"({"sub":"x"})") {
  return FakeAccessToken(SignerFor(algorithm), algorithm, "k1", payload);
}

std::string WithHeader(std::string_view header) { return Base64Url(header) + "." + Base64Url("{}") + ".AAAA"; }

std::string WhyNot(std::string_view token) {
  const auto parsed = ParseJws(token);
  return parsed.ok() ? "" : parsed.error().public_message;
}

TEST(ParseJws, TakesATokenApart) {
  const std::string token = Token(Algorithm::kEs256);
  const auto jws = ParseJws(token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(jws.value().header.algorithm, Algorithm::kEs256);
  EXPECT_EQ(jws.value().header.key_id, "k1");
  EXPECT_EQ(jws.value().header.type, "at+jwt");
  EXPECT_EQ(jws.value().payload, R"({"sub":"x"})");
  EXPECT_EQ(jws.value().signature.size(), 64U);
  EXPECT_EQ(jws.value().signed_text, token.substr(0, token.rfind('.')));
}

TEST(Verifies, EveryAlgorithmWithItsKeyAndWithNoOther) {
  for (const Algorithm algorithm : kAsymmetric) {
    const std::string token = Token(algorithm);
    const auto jws = ParseJws(token);
    ASSERT_TRUE(jws.ok()) << ToString(algorithm);
    for (const auto& [kind, signer] : Signers()) {
      EXPECT_EQ(Verifies(jws.value(), PublicOf(signer)), Fits(algorithm, kind)) << ToString(algorithm);
    }
    EXPECT_FALSE(Verifies(jws.value(), PublicOf(FakeSigner(SignerFor(algorithm).kind())))) << ToString(algorithm);
  }
}

// Under every other algorithm's name, and with each bit of its text changed, a token is worth nothing.
TEST(Verifies, NothingOfATokenCanBeChanged) {
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kPs384, Algorithm::kEs512, Algorithm::kEdDsa}) {
    const PublicKey key = PublicOf(SignerFor(algorithm));
    const std::string token = Token(algorithm);
    for (std::size_t i = 0; i < token.size(); ++i) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      const auto jws = ParseJws(changed);
      if (jws.ok() && !IsSymmetric(jws.value().header.algorithm)) {
        EXPECT_FALSE(Verifies(jws.value(), key)) << changed;
      }
    }
    for (const Algorithm other : kAsymmetric) {
      if (other == algorithm) continue;
      auto jws = ParseJws(token).value();
      jws.header.algorithm = other;
      EXPECT_FALSE(Verifies(jws, key)) << ToString(algorithm) << " as " << ToString(other);
    }
  }
}

TEST(Verifies, EllipticSignaturesOfAnotherLengthOrRange) {
  for (const Algorithm algorithm : {Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512}) {
    const std::string token = Token(algorithm);
    auto jws = ParseJws(token).value();
    const PublicKey key = PublicOf(SignerFor(algorithm));
    const std::string good = jws.signature;
    const std::size_t half = good.size() / 2;
    const std::string zero(half, '\0');
    const std::string ones(half, '\xFF');
    for (const std::string& bad :
         {good.substr(1), good + '\0', zero + good.substr(half), good.substr(0, half) + zero, zero + zero, ones + ones,
          ones + good.substr(half), good.substr(0, half) + ones, std::string(), good.substr(0, half)}) {
      jws.signature = bad;
      EXPECT_FALSE(Verifies(jws, key)) << ToString(algorithm) << " " << crypto::HexEncode(bad);
    }
    jws.signature = good;
    EXPECT_TRUE(Verifies(jws, key));
  }
}

// RFC 7515, A.1: HMAC with a key of 64 bytes.
TEST(VerifiesWithSecret, TheExampleOfTheStandard) {
  const auto secret = crypto::Base64Decode(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", crypto::Base64::kUrl);
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
      "LmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const auto jws = ParseJws(token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(jws.value().header.type, "jwt");
  EXPECT_TRUE(VerifiesWithSecret(jws.value(), *secret));
  EXPECT_FALSE(VerifiesWithSecret(jws.value(), secret->substr(1)));
  EXPECT_FALSE(VerifiesWithSecret(jws.value(), ""));
}

// RFC 8037, A.4 and A.5.
TEST(Verifies, TheEdDsaExampleOfTheStandard) {
  const auto point = crypto::Base64Decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", crypto::Base64::kUrl);
  const std::string token =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki"
      "4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  const auto jws = ParseJws(token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(jws.value().payload, "Example of Ed25519 signing");
  EXPECT_TRUE(Verifies(jws.value(), PublicKey::Ed25519(*point).value()));
}

// A token that names HMAC is never checked with a public key, in whatever form the attacker took it for a secret.
TEST(Verifies, APublicKeyIsNoSecret) {
  const FakeSigner& rsa = Signers().at(Kind::kRsa);
  const PublicKey key = PublicOf(rsa);
  const std::string text = Base64Url(R"({"alg":"HS256","kid":"k1"})") + "." + Base64Url(R"({"sub":"x"})");
  for (const std::string& guess : {rsa.Part("n"), FakeJwk(rsa, "k1"), Base64Url(rsa.Part("n"))}) {
    const std::string token = text + "." + Base64Url(crypto::AsText(crypto::HmacSha256(guess, text)));
    const auto jws = ParseJws(token);
    ASSERT_TRUE(jws.ok());
    EXPECT_FALSE(Fits(jws.value().header.algorithm, key.kind()));
    EXPECT_TRUE(VerifiesWithSecret(jws.value(), guess));  // the forgery as such is sound
  }
}

TEST(ParseJws, WantsThreePartsAndNothingElse) {
  const std::string token = Token(Algorithm::kEdDsa);
  const auto first = token.find('.');
  const auto second = token.rfind('.');
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a.b"), std::string(".."), token + ".", token + ".a", "." + token,
        token.substr(0, second), token.substr(first + 1), token.substr(0, second + 1), " " + token, token + " ",
        token + "\n", token + "=", token.substr(0, first) + "=" + token.substr(first),
        token.substr(0, second) + "==" + token.substr(second), std::string(R"({"payload":"e30","signatures":[]})")}) {
    EXPECT_NE(WhyNot(bad), "") << bad;
  }
  EXPECT_EQ(WhyNot("a.b.c.d.e"), "does not have three parts");
  EXPECT_EQ(WhyNot(token.substr(0, second + 1)), "is not signed");
}

// A segment's last character may carry bits that decode to nothing: another spelling of the same token.
TEST(ParseJws, EveryTokenHasOneSpelling) {
  const std::string token = Token(Algorithm::kEdDsa);  // 64 bytes: the last character has four bits over
  int accepted = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    accepted += ParseJws(token.substr(0, token.size() - 1) + c).ok() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 4);
  EXPECT_FALSE(ParseJws(token.substr(0, token.size() - 1) + "+").ok());
}

TEST(ParseJws, BoundsTheSize) {
  const std::string fits = WithHeader(R"({"alg":"RS256"})");
  const std::string padded = fits + std::string((kMaxTokenBytes - fits.size()) / 4 * 4, 'A');
  EXPECT_EQ(WhyNot(padded), "");
  EXPECT_EQ(WhyNot(padded + std::string(8, 'A')), "is longer than 16 KiB");
  EXPECT_EQ(WhyNot(std::string(1'000'000, 'a')), "is longer than 16 KiB");
}

TEST(ParseJws, NoneIsNoAlgorithmInAnySpelling) {
  for (const char* none : {"none", "None", "NONE", "nOnE"}) {
    EXPECT_EQ(WhyNot(WithHeader(R"({"alg":")" + std::string(none) + R"("})")), "is not signed (alg is none)");
  }
  for (const char* header : {R"({})", R"({"alg":null})", R"({"alg":["RS256"]})", R"({"alg":""})", R"({"alg":"rs256"})",
                             R"({"alg":"RS256 "})", R"({"alg":"RS256\u0000"})", R"({"alg":"ES256K"})"}) {
    EXPECT_NE(WhyNot(WithHeader(header)), "") << header;
  }
}

TEST(ParseJws, RefusesHeadersThatMeanTwoThings) {
  for (const char* header : {R"({"alg":"RS256","alg":"none"})",
                             R"({"alg":"none","alg":"RS256"})",
                             R"({"alg":"RS256","\u0061lg":"HS256"})",
                             R"({"alg":"RS256","crit":["exp"]})",
                             R"({"alg":"RS256","crit":[]})",
                             R"({"alg":"RS256","crit":null})",
                             R"({"alg":"RS256","b64":false})",
                             R"({"alg":"RS256","b64":false,"crit":["b64"]})",
                             R"({"alg":"RS256","b64":0})",
                             R"({"alg":"RS256","cty":"JWT"})",
                             R"({"alg":"RS256","cty":"application/jwt"})",
                             R"(["RS256"])",
                             R"("RS256")",
                             R"({"alg":"RS256"} {})",
                             R"({"alg":"RS256","x":{"a":{"b":{"c":{}}}}})",
                             R"({"alg":"RS256","kid":7})",
                             R"({"alg":"RS256","typ":[]})",
                             "\xEF\xBB\xBF{\"alg\":\"RS256\"}",
                             "{\"alg\":\"RS256\",\"x\":\"\xFF\"}",
                             ""}) {
    EXPECT_NE(WhyNot(WithHeader(header)), "") << header;
  }
  const std::string long_id(600, 'k');
  EXPECT_NE(WhyNot(WithHeader(R"({"alg":"RS256","kid":")" + long_id + R"("})")), "");
}

// A token may name, link and embed keys as it likes: nothing of it is read.
TEST(ParseJws, KeysThatATokenBringsAreNotSeen) {
  const FakeSigner mine(Kind::kP256);
  const std::string header = R"({"alg":"ES256","kid":"k1","jku":"https://attacker.example/keys","jwk":)" +
                             FakeJwk(mine, "k1") + R"(,"x5u":"https://attacker.example/x5u","x5c":["MIIB"]})";
  const std::string token = FakeToken(mine, Algorithm::kEs256, header, R"({"sub":"x"})");
  const auto jws = ParseJws(token);
  ASSERT_TRUE(jws.ok());
  EXPECT_TRUE(Verifies(jws.value(), PublicOf(mine)));
  EXPECT_FALSE(Verifies(jws.value(), PublicOf(Signers().at(Kind::kP256))));
}

TEST(ParseJws, MediaTypesAreComparedWithoutCaseAndPrefix) {
  const auto type = [](std::string_view typ) {
    return ParseJws(WithHeader(R"({"alg":"RS256","typ":")" + std::string(typ) + R"("})")).value().header.type;
  };
  EXPECT_EQ(type("at+jwt"), "at+jwt");
  EXPECT_EQ(type("application/at+JWT"), "at+jwt");
  EXPECT_EQ(type("JWT"), "jwt");
  EXPECT_EQ(type("logout+jwt"), "logout+jwt");
}

}  // namespace
}  // namespace gatehouse::codec::jose
