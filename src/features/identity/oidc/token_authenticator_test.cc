#include "features/identity/oidc/token_authenticator.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "codec/crypto/hash.h"
#include "features/identity/oidc/fake_provider.h"
#include "features/identity/oidc/issuer_registry.h"
#include "features/identity/refusal.h"

namespace gatehouse::features::identity::oidc {
namespace {

using codec::crypto::FakeSigner;
using codec::jose::Algorithm;
using codec::jose::Base64Url;
using codec::jose::FakeAccessToken;
using codec::jose::FakeJwk;
using codec::jose::FakeToken;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = codec::crypto::PublicKey::Kind;

// A tree that gives everybody the same place, until somebody is suspended.
class FakePlacement final : public Placement {
 public:
  base::Status Place(pipeline::Principal& principal) const override {
    if (principal.name == suspended) return Denial("suspended");
    principal.chain = {{.kind = pipeline::NodeKind::kOrganization, .id = {7}}};
    return base::Ok();
  }
  std::uint64_t version() const override { return changes; }

  std::string suspended;
  std::uint64_t changes = 1;
};

class TokenAuthenticatorTest : public testing::Test {
 protected:
  TokenAuthenticatorTest() { provider.PublishKeys({FakeJwk(signer, "k1")}); }

  void Use() {
    registry.Use({settings});
    loop.RunUntilIdle();
    tokens = std::make_unique<TokenAuthenticator>(loop, registry.Pin(), &placement);
  }
  TokenAuthenticator::Outcome Try(const std::string& token) {
    if (!tokens) Use();
    auto outcome = loop.AwaitFor(tokens->Authenticate({.secret = token}, clock.Wall()), seconds(30));
    return outcome ? *std::move(outcome) : base::Internal("never answered");
  }
  std::string WhyNot(const std::string& token) {
    const auto outcome = Try(token);
    return outcome.ok() ? "" : outcome.error().public_message;
  }
  FakeClaims Claims() const { return FakeClaims(clock.Wall()); }
  std::string Good() const { return Signed(Claims().text()); }
  std::string Signed(const std::string& claims, std::string_view key_id = "k1") const {
    return FakeAccessToken(signer, Algorithm::kEs256, key_id, claims);
  }
  // The good claims under any header.
  std::string Headed(const std::string& header) const {
    return FakeToken(signer, Algorithm::kEs256, header, Claims().text());
  }
  std::size_t fetches() const { return provider.requests("/keys"); }

  base::FakeClock clock;
  net::fake::FakeLoop loop{clock};
  base::LogWriter writer{STDERR_FILENO};
  base::Log log{writer, clock, base::LogLevel::kError};
  FakeProvider provider{loop};
  IssuerRegistry registry{loop, log, provider.PoolFor()};
  IssuerSettings settings = FakeSettings();
  FakeSigner signer{Kind::kP256};
  FakePlacement placement;
  std::unique_ptr<TokenAuthenticator> tokens;
};

TEST_F(TokenAuthenticatorTest, SaysWhoAVerifiedTokenStandsFor) {
  const std::string token = Good();
  const auto principal = Try(token);
  ASSERT_TRUE(principal.ok()) << principal.error().public_message;
  EXPECT_EQ(principal.value()->organization, "acme");
  EXPECT_EQ(principal.value()->name, "alice");
  EXPECT_EQ(principal.value()->kind, pipeline::NodeKind::kUser);
  EXPECT_EQ(principal.value()->authentication, pipeline::Authentication::kToken);
  EXPECT_EQ(principal.value()->claims, Claims().text());
  EXPECT_EQ(principal.value()->chain.size(), 1U);
  EXPECT_EQ(Try(token).value(), principal.value());  // the same one: it is remembered
}

TEST_F(TokenAuthenticatorTest, OnlyPinnedAlgorithmsAndAccessTokens) {
  EXPECT_EQ(WhyNot(Headed(R"({"alg":"ES256","kid":"k1","typ":"application/AT+JWT"})")), "");
  for (const char* type : {R"(,"typ":"JWT")", "", R"(,"typ":"logout+jwt")", R"(,"typ":"secevent+jwt")"}) {
    const std::string why = WhyNot(Headed(R"({"alg":"ES256","kid":"k1")" + std::string(type) + "}"));
    EXPECT_NE(why.find("(typ)"), std::string::npos) << why;
  }
  settings.types = {"jwt"};
  settings.algorithms = {};
  settings.algorithms.Add(Algorithm::kRs256);
  Use();
  EXPECT_NE(WhyNot(Headed(R"({"alg":"ES256","kid":"k1","typ":"JWT"})")).find("(alg)"), std::string::npos);
}

TEST_F(TokenAuthenticatorTest, ForgeriesAreRefused) {
  const FakeSigner mine(Kind::kP256);
  const FakeSigner rsa(Kind::kRsa);
  const std::string claims = Claims().text();
  const std::string text = Base64Url(R"({"alg":"HS256","kid":"k1","typ":"at+jwt"})") + "." + Base64Url(claims);
  const std::vector<std::string> forgeries = {
      Base64Url(R"({"alg":"none","typ":"at+jwt"})") + "." + Base64Url(claims) + ".",
      Base64Url(R"({"alg":"nOnE","typ":"at+jwt"})") + "." + Base64Url(claims) + ".AAAA",
      text + "." + Base64Url(codec::crypto::AsText(codec::crypto::HmacSha256(FakeJwk(signer, "k1"), text))),
      FakeAccessToken(mine, Algorithm::kEs256, "k1", claims),
      FakeAccessToken(rsa, Algorithm::kRs256, "k1", claims),
      FakeToken(mine, Algorithm::kEs256,
                R"({"alg":"ES256","kid":"k1","typ":"at+jwt","jwk":)" + FakeJwk(mine, "k1") + "}", claims),
      FakeToken(mine, Algorithm::kEs256, R"({"alg":"ES256","kid":"k1","typ":"at+jwt","jku":"http://127.0.0.1:9/mine"})",
                claims),
      FakeToken(mine, Algorithm::kEs256, R"({"alg":"ES256","kid":"k1","typ":"at+jwt","x5c":["AAAA"]})", claims),
      FakeAccessToken(mine, Algorithm::kEs256, "../../../../dev/null", claims),
      FakeAccessToken(mine, Algorithm::kEs256, "k1' UNION SELECT 'x", claims),
      Headed(R"({"alg":"ES256","kid":"k1","typ":"at+jwt","crit":["exp"]})"),
      Headed(R"({"alg":"ES256","kid":"k1","typ":"at+jwt","b64":false})"),
      Headed(R"({"alg":"ES256","alg":"ES256","kid":"k1","typ":"at+jwt"})"),
      Headed(R"({"alg":"ES256","kid":"k1","typ":"at+jwt","cty":"JWT"})"),
      Good() + " ",
      Good().substr(0, Good().size() - 3),
      Good() + std::string(1'000'000, 'A')};
  for (const std::string& forgery : forgeries) {
    const auto outcome = Try(forgery);
    ASSERT_FALSE(outcome.ok()) << forgery.substr(0, 300);
    EXPECT_EQ(outcome.error().code, base::ErrorCode::kUnauthenticated) << forgery.substr(0, 300);
    EXPECT_NE(outcome.error().public_message.find("token"), std::string::npos);
  }
  EXPECT_EQ(provider.requests("/mine"), 0U);
}

TEST_F(TokenAuthenticatorTest, ATokenOfAnotherIssuerWithTheSameKeyIdIsNotOurs) {
  const FakeSigner theirs(Kind::kP256);
  const std::string claims = Claims().With("iss", R"("https://other.example")").text();
  const std::string why = WhyNot(FakeAccessToken(theirs, Algorithm::kEs256, "k1", claims));
  EXPECT_NE(why.find("not accepted here (iss)"), std::string::npos);
  EXPECT_EQ(why.find("127.0.0.1"), std::string::npos);
  EXPECT_NE(WhyNot(FakeAccessToken(theirs, Algorithm::kEs256, "k1", Claims().text())).find("signature"),
            std::string::npos);
  for (const char* iss : {"", "7", R"(["http://127.0.0.1:9/tenant"])"}) {
    EXPECT_NE(WhyNot(Signed(Claims().With("iss", iss).text())).find("does not name its issuer"), std::string::npos);
  }
}

TEST_F(TokenAuthenticatorTest, WithTwoKeysATokenMustSayWhich) {
  EXPECT_EQ(WhyNot(Signed(Claims().text(), "")), "");
  provider.PublishKeys({FakeJwk(signer, "k1"), FakeJwk(FakeSigner(Kind::kP256), "k2")});
  Use();
  EXPECT_NE(WhyNot(Signed(Claims().With("jti", "1").text(), "")).find("which of its issuer's keys"), std::string::npos);
}

TEST_F(TokenAuthenticatorTest, KeysMayRotateInTheMiddle) {
  EXPECT_EQ(WhyNot(Good()), "");
  const FakeSigner next(Kind::kEd25519);
  provider.PublishKeys({FakeJwk(signer, "k1"), FakeJwk(next, "k2")});
  loop.Advance(seconds(30));
  const std::string token = FakeAccessToken(next, Algorithm::kEdDsa, "k2", Claims().text());
  EXPECT_EQ(WhyNot(token), "");
  EXPECT_EQ(fetches(), 2U);
  EXPECT_EQ(WhyNot(Signed(Claims().text())), "");
}

// What was verified is forgotten when its key is gone.
TEST_F(TokenAuthenticatorTest, ATokenIsNotRememberedBeyondItsKey) {
  const std::string token = Good();
  EXPECT_EQ(WhyNot(token), "");
  provider.PublishKeys({FakeJwk(FakeSigner(Kind::kP256), "k2")});
  EXPECT_TRUE(registry.Purge(""));
  EXPECT_NE(WhyNot(token).find("(kid)"), std::string::npos);
}

TEST_F(TokenAuthenticatorTest, ATokenIsNotRememberedBeyondItsEnd) {
  settings.clock_skew = seconds(0);
  const std::string token = Signed(Claims().With("exp", FakeClaims::Seconds(clock.Wall() + seconds(20))).text());
  EXPECT_EQ(WhyNot(token), "");
  loop.Advance(seconds(19));
  EXPECT_EQ(WhyNot(token), "");
  loop.Advance(seconds(1));
  EXPECT_NE(WhyNot(token).find("expired"), std::string::npos);
}

// A clock that jumps is the wall's; what was learned before does not hold for another time.
TEST_F(TokenAuthenticatorTest, AJumpingClockIsNotBelieved) {
  Use();
  const std::string token = Good();
  const auto at = [&](base::Duration jump) {
    return loop.AwaitFor(tokens->Authenticate({.secret = token}, clock.Wall() + jump), seconds(1))->ok();
  };
  EXPECT_TRUE(at(seconds(0)));
  EXPECT_FALSE(at(minutes(60)));
  EXPECT_TRUE(at(seconds(0)));
  EXPECT_FALSE(at(-minutes(60)));  // issued in the future
}

TEST_F(TokenAuthenticatorTest, TheWholeTokenIsWhatIsRemembered) {
  const std::string token = Good();
  EXPECT_EQ(WhyNot(token), "");
  for (const std::size_t at : {token.size() - 10, token.size() / 2, std::size_t{20}}) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(WhyNot(changed), "") << at;
  }
}

TEST_F(TokenAuthenticatorTest, AnIssuerThatIsDownIsNotTheCallersFault) {
  provider.network = FakeProvider::Network::kRefusing;
  const std::string token = Good();
  const auto before = loop.Now();
  const auto outcome = Try(token);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(outcome.error().retry_after_seconds, kRetryAfterSeconds);
  EXPECT_EQ(outcome.error().public_message.find("127.0.0.1"), std::string::npos);
  EXPECT_LE(loop.Now() - before, seconds(4));
  EXPECT_NE(WhyNot("a.b.c"), "");  // what needs no issuer is refused all the same
  provider.network = FakeProvider::Network::kUp;
  loop.Advance(seconds(5));
  EXPECT_EQ(WhyNot(token), "");
}

TEST_F(TokenAuthenticatorTest, AChangeOfTheTreeIsFeltAtOnce) {
  const std::string token = Good();
  EXPECT_EQ(WhyNot(token), "");
  placement.suspended = "alice";
  ++placement.changes;
  EXPECT_EQ(WhyNot(token), "suspended");
  placement.suspended = "";
  ++placement.changes;
  EXPECT_EQ(WhyNot(token), "");
}

TEST_F(TokenAuthenticatorTest, ASharedSecretIsForHmacAlone) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  settings.shared_secret = base::Secret(secret);
  settings.algorithms.Add(Algorithm::kHs256);
  const auto hmac = [&](const std::string& claims, std::string_view key) {
    const std::string text = Base64Url(R"({"alg":"HS256","typ":"at+jwt"})") + "." + Base64Url(claims);
    return text + "." + Base64Url(codec::crypto::AsText(codec::crypto::HmacSha256(key, text)));
  };
  EXPECT_EQ(WhyNot(hmac(Claims().text(), secret)), "");
  EXPECT_NE(WhyNot(hmac(Claims().text(), "x")).find("signature"), std::string::npos);
  EXPECT_NE(WhyNot(Good()).find("(alg)"), std::string::npos);
  EXPECT_EQ(fetches(), 0U);
}

// Many more than are remembered, so that they push each other out.
TEST_F(TokenAuthenticatorTest, TellsManyTokensApart) {
  std::vector<std::string> many;
  for (int i = 0; i < 1500; ++i) many.push_back(Signed(Claims().With("sub", "\"" + std::to_string(i) + "\"").text()));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1500; ++i) EXPECT_EQ(Try(many[static_cast<std::size_t>(i)]).value()->name, std::to_string(i));
  }
}

class OpaqueTokenTest : public TokenAuthenticatorTest {
 protected:
  OpaqueTokenTest() {
    settings.introspection =
        IntrospectionSettings{.client_id = "gatehouse", .client_secret = base::Secret("s"), .prefix = "opq_"};
  }
  void Answer(std::string body) { provider.pages["/introspect"] = {.body = std::move(body)}; }
  std::size_t asked() const { return provider.requests("/introspect"); }

  const std::string token = "opq_0123456789abcdef";
};

TEST_F(OpaqueTokenTest, TheIssuerSaysWhoItStandsFor) {
  Answer(Claims().With("active", "true").text());
  EXPECT_EQ(Try(token).value()->name, "alice");
  EXPECT_EQ(Try(token).value()->organization, "acme");
  EXPECT_EQ(asked(), 1U);
  loop.Advance(seconds(61));
  EXPECT_EQ(WhyNot(token), "");
  EXPECT_EQ(asked(), 2U);
}

TEST_F(OpaqueTokenTest, ARevokedTokenIsAskedAboutOnceInAWhile) {
  Answer(R"({"active":false})");
  EXPECT_NE(WhyNot(token).find("not active"), std::string::npos);
  EXPECT_NE(WhyNot(token).find("not active"), std::string::npos);
  EXPECT_EQ(asked(), 1U);
  loop.Advance(seconds(11));
  Answer(Claims().With("active", "true").text());
  EXPECT_EQ(WhyNot(token), "");
}

TEST_F(OpaqueTokenTest, AnAnswerThatIsNoneIsNoRefusal) {
  Use();
  for (const char* body : {"", "[]", "{}", R"({"active":"true"})", "<html>"}) {
    Answer(body);
    const auto outcome = Try(token);
    ASSERT_FALSE(outcome.ok()) << body;
    EXPECT_EQ(outcome.error().code, base::ErrorCode::kUnavailable) << body;
  }
}

TEST_F(OpaqueTokenTest, AnEncryptedTokenIsNotShownToTheIssuer) {
  settings.introspection->prefix = "";
  EXPECT_NE(WhyNot("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d").find("encrypted"), std::string::npos);
  EXPECT_EQ(asked(), 0U);
}

TEST_F(OpaqueTokenTest, OnlyWhatCanBeOneIsShownToTheIssuer) {
  Use();
  EXPECT_TRUE(tokens->Recognizes(token));
  EXPECT_TRUE(tokens->Recognizes("a.b.c"));
  for (const std::string& other : {std::string("sk-proj-0123456789abcdef"), std::string("opq_short"),
                                   "opq_" + std::string(5000, 'x'), std::string()}) {
    EXPECT_FALSE(tokens->Recognizes(other)) << other.substr(0, 40);
  }
}

}  // namespace
}  // namespace gatehouse::features::identity::oidc
