#include "features/identity/oidc/claims.h"

#include <gtest/gtest.h>

#include <string>

#include "features/identity/oidc/fake_provider.h"

namespace gatehouse::features::identity::oidc {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class CheckClaimsTest : public testing::Test {
 protected:
  // "" where the claims are accepted, else why not.
  std::string WhyNot(const FakeClaims& claims, std::string_view type = "at+jwt") const {
    const std::string text = claims.text();
    codec::json::Document document;
    EXPECT_TRUE(document.Parse(text, kClaimLimits).ok()) << text;
    const auto checked = CheckClaims(document.root(), type, settings, now);
    if (checked.ok()) return "";
    EXPECT_EQ(checked.error().code, base::ErrorCode::kUnauthenticated);
    return checked.error().public_message;
  }
  void ExpectRefused(const FakeClaims& claims, std::string_view named, std::string_view type = "at+jwt") const {
    EXPECT_NE(WhyNot(claims, type).find(named), std::string::npos) << claims.text() << ": " << WhyNot(claims, type);
  }
  std::string At(base::Duration from_now) const { return FakeClaims::Seconds(now + from_now); }

  base::FakeClock clock;
  base::WallTime now = clock.Wall();
  FakeClaims good{now};
  IssuerSettings settings = FakeSettings();
};

TEST_F(CheckClaimsTest, AcceptsWhatFits) {
  EXPECT_EQ(WhyNot(good), "");
  EXPECT_EQ(WhyNot(good.With("nbf", At(seconds(0)))), "");
  EXPECT_EQ(WhyNot(good.With("aud", R"(["other","another","gatehouse"])")), "");
  EXPECT_EQ(WhyNot(good.With("iat", "")), "");
  EXPECT_EQ(WhyNot(good.With("exp", At(seconds(30)) + ".0")), "");
}

TEST_F(CheckClaimsTest, TheIssuerIsComparedExactly) {
  for (const char* iss : {"", "null", R"("http://127.0.0.1:9/tenant/")", R"("http://127.0.0.1:9/TENANT")",
                          R"(["http://127.0.0.1:9/tenant"])", R"("http://127.0.0.1:9/other")"}) {
    ExpectRefused(good.With("iss", iss), "(iss)");
  }
}

TEST_F(CheckClaimsTest, TheAudienceMustContainUs) {
  for (const char* aud : {"", "null", R"("Gatehouse")", R"("gatehouse ")", R"(["a","b"])", "[]", R"([["gatehouse"]])",
                          R"({"x":"gatehouse"})", R"("")"}) {
    ExpectRefused(good.With("aud", aud), "(aud)");
  }
}

TEST_F(CheckClaimsTest, TheEndMustBeANumberAndAhead) {
  for (const char* exp : {"", "null", R"("1900000000")", "1e400", "-1", "1700000000.5", "true", "[]",
                          "99999999999999999999", "9000000001"}) {
    ExpectRefused(good.With("exp", exp), "(exp)");
  }
  EXPECT_EQ(WhyNot(good.With("exp", At(-seconds(59)))), "");  // within the skew of 60 s
  ExpectRefused(good.With("exp", At(-seconds(60))), "expired (exp)");
  ExpectRefused(good.With("iat", At(-hours(2))).With("exp", At(-hours(1))), "expired (exp)");
}

TEST_F(CheckClaimsTest, TheBeginMustNotBeAhead) {
  for (const char* name : {"nbf", "iat"}) {
    const std::string named = "(" + std::string(name) + ")";
    EXPECT_EQ(WhyNot(good.With(name, At(seconds(60)))), "");
    ExpectRefused(good.With(name, At(seconds(61))), named);
    ExpectRefused(good.With(name, At(hours(24))), named);
    for (const char* json : {R"("1")", "1e400", "null", "{}"}) ExpectRefused(good.With(name, json), named);
  }
  settings.clock_skew = seconds(0);
  ExpectRefused(good.With("iat", At(seconds(1))), "(iat)");
}

TEST_F(CheckClaimsTest, ALifetimeHasABound) {
  settings.max_lifetime = hours(1);
  EXPECT_EQ(WhyNot(good.With("exp", At(hours(1)))), "");
  ExpectRefused(good.With("exp", At(hours(1) + seconds(1))), "longer");
  ExpectRefused(good.With("exp", At(hours(1) + seconds(1))).With("iat", ""), "longer");
  ExpectRefused(good.With("iat", At(-hours(1))).With("exp", At(seconds(1))), "longer");
}

TEST_F(CheckClaimsTest, ClientsMayBeNamed) {
  settings.clients = {"web", "cli"};
  EXPECT_EQ(WhyNot(good), "");
  EXPECT_EQ(WhyNot(good.With("client_id", "").With("azp", R"("cli")")), "");
  ExpectRefused(good.With("client_id", R"("mobile")"), "(client_id)");
  ExpectRefused(good.With("azp", R"("mobile")"), "(azp)");  // both are there: both must fit
  ExpectRefused(good.With("client_id", ""), "client_id, azp");
  ExpectRefused(good.With("client_id", R"(["web"])"), "(client_id)");
}

TEST_F(CheckClaimsTest, OtherKindsOfTokensAreNotAccessTokens) {
  ExpectRefused(good.With("nonce", R"("n")"), "(nonce)", "jwt");
  ExpectRefused(good.With("at_hash", R"("n")"), "(at_hash)", "jwt");
  ExpectRefused(good.With("events", "{}"), "(events)", "jwt");
  for (const char* typ : {R"("Refresh")", R"("ID")", R"("Offline")", R"("Logout")"}) {
    ExpectRefused(good.With("typ", typ), "(typ)", "jwt");
  }
  EXPECT_EQ(WhyNot(good.With("typ", R"("Bearer")"), "jwt"), "");
  EXPECT_EQ(WhyNot(good.With("nonce", R"("n")")), "");  // at+jwt says what it is
}

TEST_F(CheckClaimsTest, ABoundTokenIsNoBearerToken) {
  ExpectRefused(good.With("cnf", R"({"x5t#S256":"x"})"), "(cnf)");
  ExpectRefused(good.With("cnf", R"({"jkt":"x"})"), "(cnf)");
}

TEST_F(CheckClaimsTest, AMissingScopeIsADenialByName) {
  settings.scopes = {"chat", "models.read"};
  for (const auto& claims :
       {good.With("scope", R"("openid models.read chat")"), good.With("scp", R"(["chat","models.read"])"),
        good.With("scope", R"("chat")").With("scp", R"("models.read")")}) {
    EXPECT_EQ(WhyNot(claims), "");
  }
  for (const char* scope : {"", R"("chat")", R"("chatmodels.read")", R"("chat models.reader")"}) {
    const std::string text = good.With("scope", scope).text();
    codec::json::Document document;
    ASSERT_TRUE(document.Parse(text, kClaimLimits).ok());
    const auto checked = CheckClaims(document.root(), "at+jwt", settings, now);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code, base::ErrorCode::kDenied);
    EXPECT_NE(checked.error().public_message.find("scope '"), std::string::npos);
  }
}

TEST_F(CheckClaimsTest, TheEndIsToldWithItsSkew) {
  const std::string text = good.text();
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(text, kClaimLimits).ok());
  EXPECT_EQ(CheckClaims(document.root(), "at+jwt", settings, now).value(), now + minutes(6));
}

TEST_F(CheckClaimsTest, AnIntrospectionIsBelievedAsFarAsItGoes) {
  const auto check = [&](const std::string& text) {
    codec::json::Document document;
    EXPECT_TRUE(document.Parse(text, kClaimLimits).ok());
    return CheckIntrospected(document.root(), settings, now).ok();
  };
  EXPECT_TRUE(check(good.With("active", "true").text()));
  for (const char* active : {"", "false", "null", R"("true")", "1"}) {
    EXPECT_FALSE(check(good.With("active", active).text())) << active;
  }
  EXPECT_TRUE(check(R"({"active":true,"sub":"a","aud":"gatehouse"})"));
  EXPECT_FALSE(check(R"({"active":true,"sub":"a","aud":"other"})"));
  EXPECT_FALSE(check(R"({"active":true,"sub":"a"})"));  // for anybody: told from other services' tokens by nothing
  EXPECT_FALSE(check(R"({"active":true,"aud":"gatehouse","iss":"https://other.example"})"));
  EXPECT_FALSE(check(R"({"active":true,"aud":"gatehouse","exp":1})"));
  settings.scopes = {"chat"};
  EXPECT_TRUE(check(R"({"active":true,"sub":"a","scope":"chat"})"));
}

}  // namespace
}  // namespace gatehouse::features::identity::oidc
