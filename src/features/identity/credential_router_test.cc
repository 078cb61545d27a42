#include "features/identity/credential_router.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "features/identity/key_text.h"
#include "features/identity/keys.h"
#include "features/identity/oidc/fake_provider.h"

namespace gatehouse::features::identity {
namespace {

using codec::crypto::FakeSigner;
using codec::jose::Algorithm;
using oidc::FakeClaims;

TEST(Spiffe, PatternsStandForWholeSegments) {
  for (const char* good : {"spiffe://example.org/ns/prod/sa/billing", "spiffe://example.org/ns/*/sa/*",
                           "spiffe://example.org/**", "spiffe://example.org", "spiffe://example.org/ns/**"}) {
    EXPECT_TRUE(IsSpiffePattern(good)) << good;
  }
  for (const char* bad : {"", "https://example.org/x", "spiffe://", "spiffe://*/x", "spiffe://*.org/x",
                          "spiffe://example.org/a*", "spiffe://example.org/**/x", "spiffe://example.org//x"}) {
    EXPECT_FALSE(IsSpiffePattern(bad)) << bad;
  }
  struct Case {
    const char* pattern;
    const char* id;
    bool matches;
  };
  for (const auto& [pattern, id, matches] :
       {Case{"spiffe://e.org/ns/*/sa/billing", "spiffe://e.org/ns/prod/sa/billing", true},
        Case{"spiffe://e.org/ns/*/sa/billing", "spiffe://e.org/ns/prod/sa/billing2", false},
        Case{"spiffe://e.org/ns/*/sa/billing", "spiffe://e.org/ns/a/b/sa/billing", false},
        Case{"spiffe://e.org/ns/*/sa/billing", "spiffe://e.org/ns//sa/billing", false},
        Case{"spiffe://e.org/ns/*", "spiffe://e.org/ns", false},
        Case{"spiffe://e.org/ns/*", "spiffe://e.org/ns/", false},
        Case{"spiffe://e.org/ns", "spiffe://e.org/ns/x", false}, Case{"spiffe://e.org/**", "spiffe://e.org/a/b", true},
        Case{"spiffe://e.org/a/**", "spiffe://e.org/b/a", false},
        Case{"spiffe://e.org/**", "spiffe://e.org.evil/a", false}, Case{"spiffe://e.org/x", "spiffe://E.org/x", false},
        Case{"spiffe://e.org/x", "", false}}) {
    EXPECT_EQ(MatchesSpiffe(pattern, id), matches) << pattern << " " << id;
  }
}

class CredentialRouterTest : public testing::Test {
 protected:
  CredentialRouterTest() {
    provider.PublishKeys({codec::jose::FakeJwk(signer, "k1")});
    settings.introspection = oidc::IntrospectionSettings{.client_id = "g", .client_secret = base::Secret("s")};
    registry.Use({settings});
    loop.RunUntilIdle();
  }
  // One key that is good; what else begins like one is judged as by a gateway that knows none.
  class OneKey final : public pipeline::Authenticator {
   public:
    net::Task<base::Result<std::shared_ptr<const pipeline::Principal>>> Authenticate(pipeline::Credential credential,
                                                                                     base::WallTime now) override {
      if (credential.secret != "gh_static") co_return keys_.Identify(credential, now);
      co_return std::make_shared<const pipeline::Principal>(pipeline::Principal{.name = "by key"});
    }

   private:
    Directory directory_;
    KeyHash hash_{base::Secret("pepper")};
    LastUse last_use_;
    KeyAuthenticator keys_{{.directory = directory_, .hash = hash_, .last_use = last_use_}};
  };
  static std::unique_ptr<pipeline::Authenticator> Keys() { return std::make_unique<OneKey>(); }
  // "by key", or why not.
  std::string Who(CredentialRouter& router, const pipeline::Credential& credential) {
    const auto outcome = loop.AwaitFor(router.Authenticate(credential, clock.Wall()), std::chrono::seconds(10));
    return outcome->ok() ? outcome->value()->name : outcome->error().public_message;
  }
  CredentialRouter Everything() {
    std::vector<CertificateRule> rules = {
        {.pattern = "spiffe://e.org/*", .organization = "acme", .name = "by certificate"}};
    return {Keys(), std::make_unique<oidc::TokenAuthenticator>(loop, registry.Pin(), nullptr),
            std::make_unique<CertificateAuthenticator>(std::move(rules), nullptr)};
  }

  base::FakeClock clock;
  net::fake::FakeLoop loop{clock};
  base::LogWriter writer{STDERR_FILENO};
  base::Log log{writer, clock, base::LogLevel::kError};
  oidc::FakeProvider provider{loop};
  oidc::IssuerRegistry registry{loop, log, provider.PoolFor()};
  oidc::IssuerSettings settings = oidc::FakeSettings();
  FakeSigner signer{codec::crypto::PublicKey::Kind::kEd25519};
  const std::string token =
      codec::jose::FakeAccessToken(signer, Algorithm::kEdDsa, "k1", FakeClaims(clock.Wall()).text());
};

TEST_F(CredentialRouterTest, EveryCredentialGoesToWhoCanJudgeIt) {
  CredentialRouter router = Everything();
  EXPECT_EQ(Who(router, {.secret = "gh_static"}), "by key");
  EXPECT_EQ(Who(router, {.secret = token}), "alice");
  EXPECT_EQ(Who(router, {.spiffe_id = "spiffe://e.org/x"}), "by certificate");
  provider.pages["/introspect"] = {.body = R"({"active":true,"sub":"opaque","aud":"gatehouse"})"};
  EXPECT_EQ(Who(router, {.secret = "0123456789abcdef"}), "opaque");
}

TEST_F(CredentialRouterTest, ASecretComesBeforeACertificateAndFailsAlone) {
  CredentialRouter router = Everything();
  EXPECT_EQ(Who(router, {.secret = "gh_static", .spiffe_id = "spiffe://e.org/x"}), "by key");
  EXPECT_NE(Who(router, {.secret = token + "A", .spiffe_id = "spiffe://e.org/x"}), "by certificate");
  EXPECT_NE(Who(router, {.secret = NewKey("app"), .spiffe_id = "spiffe://e.org/x"}), "by certificate");
}

TEST_F(CredentialRouterTest, AKeyOfAGatewayIsNeverShownToAnIssuer) {
  CredentialRouter router = Everything();
  std::string mistyped = NewKey("app");
  mistyped.back() = mistyped.back() == 'a' ? 'b' : 'a';
  EXPECT_NE(Who(router, {.secret = NewKey("app")}).find("revoked"), std::string::npos);
  EXPECT_NE(Who(router, {.secret = mistyped}).find("typing error"), std::string::npos);
  EXPECT_EQ(provider.requests("/introspect"), 0U);
}

TEST_F(CredentialRouterTest, SaysWhatIsMissing) {
  CredentialRouter router = Everything();
  EXPECT_NE(Who(router, {}).find("No API key"), std::string::npos);
  EXPECT_NE(Who(router, {.spiffe_id = "spiffe://other.org/x"}).find("SPIFFE id"), std::string::npos);
  CredentialRouter keys_alone(Keys(), nullptr, nullptr);
  EXPECT_EQ(Who(keys_alone, {.secret = "gh_static"}), "by key");
  EXPECT_NE(Who(keys_alone, {.secret = token}).find("looks like an access token"), std::string::npos);
  EXPECT_NE(Who(keys_alone, {.secret = "x", .spiffe_id = "spiffe://e.org/x"}).find("not known"), std::string::npos);
  EXPECT_NE(Who(keys_alone, {.spiffe_id = "spiffe://e.org/x"}).find("No API key"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::features::identity
