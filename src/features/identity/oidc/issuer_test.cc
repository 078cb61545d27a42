#include "features/identity/oidc/issuer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "features/identity/oidc/fake_provider.h"
#include "features/identity/oidc/issuer_registry.h"

namespace gatehouse::features::identity::oidc {
namespace {

using codec::crypto::FakeSigner;
using codec::jose::FakeJwk;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = codec::crypto::PublicKey::Kind;

class IssuerTest : public testing::Test {
 protected:
  IssuerTest() {
    provider.PublishKeys({FakeJwk(signer, "k1")});
    settings.introspection = IntrospectionSettings{.client_id = "gate:house", .client_secret = base::Secret("s&cret")};
  }
  void Use() {
    registry.Use({settings});
    loop.RunUntilIdle();
  }
  const Issuer& issuer() { return *registry.Pin()->issuers().front(); }
  std::size_t fetches() { return provider.requests("/keys"); }
  bool Knows(std::string_view key_id) {
    const auto state = issuer().Pin();
    return state->Usable(loop.Now()) && state->keys->Has(key_id);
  }
  void Refresh(const std::string& key_id) {
    loop.AwaitFor(issuer().Refresh(loop, key_id, loop.In(seconds(3))), seconds(3));
  }

  base::FakeClock clock;
  net::fake::FakeLoop loop{clock};
  base::LogWriter writer{STDERR_FILENO};
  base::Log log{writer, clock, base::LogLevel::kError};
  FakeProvider provider{loop};
  IssuerRegistry registry{loop, log, provider.PoolFor()};
  IssuerSettings settings = FakeSettings();
  FakeSigner signer{Kind::kEd25519};
};

TEST_F(IssuerTest, FindsItsKeysByItsMetadata) {
  Use();
  EXPECT_TRUE(Knows("k1"));
  EXPECT_EQ(registry.Problem(), "");
  EXPECT_EQ(provider.requests("/tenant/.well-known/openid-configuration"), 1U);
}

TEST_F(IssuerTest, FallsBackToTheMetadataOfOauth) {
  provider.pages["/.well-known/oauth-authorization-server/tenant"] =
      std::exchange(provider.pages["/tenant/.well-known/openid-configuration"], {.status = 404});
  Use();
  EXPECT_TRUE(Knows("k1"));
}

TEST_F(IssuerTest, AKeySetCanBeNamedInstead) {
  settings.key_set_url = "http://127.0.0.1:9/keys";
  Use();
  EXPECT_TRUE(Knows("k1"));
  EXPECT_EQ(provider.requests("/tenant/.well-known/openid-configuration"), 0U);
}

TEST_F(IssuerTest, DoubtfulMetadataAndKeySetsAreRefusedAndNamed) {
  const std::string metadata = "/tenant/.well-known/openid-configuration";
  const std::string keys = R"(,"introspection_endpoint":"http://127.0.0.1:9/i"})";
  const std::string right = R"({"issuer":"http://127.0.0.1:9/tenant","jwks_uri":")";
  const std::vector<std::pair<FakeProvider::Answer, std::string>> cases = {
      {{.body = R"({"issuer":"http://127.0.0.1:9/other","jwks_uri":"http://127.0.0.1:9/keys")" + keys},
       "of the issuer"},
      {{.body = R"({"issuer":"http://127.0.0.1:9/tenant/","jwks_uri":"http://127.0.0.1:9/keys")" + keys},
       "of the issuer"},
      {{.body = right + "http://keys.example.com/\"" + keys}, "not https"},
      {{.body = right + "https://10.0.0.1/keys\"" + keys}, "public name"},
      {{.body = right + "https://metadata/keys\"" + keys}, "public name"},
      {{.body = right + "file:///etc/passwd\"" + keys}, "acceptable URL"},
      {{.body = R"({"issuer":"http://127.0.0.1:9/tenant"})"}, "acceptable URL"},
      {{.body = "<html>"}, "JSON"},
      {{.body = std::string(300 * 1024, ' ')}, "openid-configuration"},
      {{.status = 302, .location = "https://elsewhere.example/"}, "redirects are not followed"},
      {{.status = 500}, "answers 500"}};
  for (const auto& [answer, named] : cases) {
    provider.pages[metadata] = answer;
    Use();
    EXPECT_FALSE(Knows("k1"));
    EXPECT_NE(registry.Problem().find(named), std::string::npos) << named << ": " << registry.Problem();
    EXPECT_TRUE(registry.Problem().starts_with("http://127.0.0.1:9/tenant: "));
  }
  EXPECT_EQ(fetches(), 0U);
}

TEST_F(IssuerTest, KeepsItsKeysWhenTheNewOnesAreUseless) {
  Use();
  for (const FakeProvider::Answer& useless :
       {FakeProvider::Answer{.body = R"({"keys":[]})"}, FakeProvider::Answer{.body = "{}"},
        FakeProvider::Answer{.body = R"({"keys":[{"kty":"oct","k":"AAAA"}]})"}, FakeProvider::Answer{.status = 503},
        FakeProvider::Answer{.status = 301, .location = "/other"},
        FakeProvider::Answer{.body = std::string(257 * 1024, ' ')}}) {
    provider.pages["/keys"] = useless;
    loop.Advance(minutes(1));
    Refresh("k2");
    EXPECT_TRUE(Knows("k1"));
    EXPECT_NE(registry.Problem(), "");
  }
}

TEST_F(IssuerTest, FetchesAgainWhenFourFifthsOfTheAgeAreOver) {
  struct Case {
    std::string cache_control;
    base::Duration age;
  };
  std::size_t before = 0;
  for (const Case& one : {Case{"", minutes(5)}, Case{"max-age=1", minutes(5)}, Case{"no-store", minutes(5)},
                          Case{"public, max-age=3600", hours(1)}, Case{"max-age=99999999999999999999", hours(24)},
                          Case{"max-age=junk", minutes(5)}, Case{"max-age=-5", minutes(5)}}) {
    provider.PublishKeys({FakeJwk(signer, "k1")}, one.cache_control);
    Use();
    EXPECT_EQ(fetches(), before + 1) << one.cache_control;
    loop.Advance(one.age / 5 * 4 - seconds(1));
    EXPECT_EQ(fetches(), before + 1) << one.cache_control;
    loop.Advance(seconds(2));
    EXPECT_EQ(fetches(), before + 2) << one.cache_control;
    before = fetches();
  }
}

TEST_F(IssuerTest, AnUnknownKeyCausesOneFetchForAllWhoWaitForIt) {
  Use();
  provider.PublishKeys({FakeJwk(signer, "k1"), FakeJwk(signer, "k2")});
  provider.delay = milliseconds(100);
  loop.Advance(seconds(10));
  int answered = 0;
  const auto ask = [](const Issuer& issuer, net::Loop& loop, int& count) -> net::Task<> {
    co_await issuer.Refresh(loop, "k2", loop.In(seconds(3)));
    ++count;
  };
  net::TaskGroup group(loop);
  for (int i = 0; i < 100; ++i) group.Spawn(ask(issuer(), loop, answered));
  loop.RunUntilIdle();
  EXPECT_EQ(answered, 0);
  loop.Advance(seconds(1));
  EXPECT_EQ(answered, 100);
  EXPECT_EQ(fetches(), 2U);
  EXPECT_TRUE(Knows("k2"));
}

TEST_F(IssuerTest, AFloodOfUnknownKeysDoesNotReachTheIssuer) {
  Use();
  for (int i = 0; i < 600; ++i) {
    Refresh("random" + std::to_string(i));
    loop.Advance(milliseconds(100));
  }
  EXPECT_LE(fetches(), 1U + 6U);  // a minute, at most every ten seconds
}

TEST_F(IssuerTest, AKeyThatIsKnownToBeUnknownCausesNoFetch) {
  Use();
  loop.Advance(seconds(11));
  Refresh("k9");
  EXPECT_EQ(fetches(), 2U);
  loop.Advance(seconds(30));
  Refresh("k9");
  EXPECT_EQ(fetches(), 2U);
  Refresh("k8");
  EXPECT_EQ(fetches(), 3U);
  loop.Advance(seconds(31));
  Refresh("k9");
  EXPECT_EQ(fetches(), 4U);
}

TEST_F(IssuerTest, AnIssuerThatIsDownAtTheStartIsFoundLater) {
  provider.network = FakeProvider::Network::kRefusing;
  Use();
  EXPECT_FALSE(Knows("k1"));
  EXPECT_NE(registry.Problem().find("127.0.0.1:9/tenant"), std::string::npos);
  provider.network = FakeProvider::Network::kUp;
  loop.Advance(seconds(2));
  EXPECT_TRUE(Knows("k1"));
  EXPECT_EQ(registry.Problem(), "");
}

TEST_F(IssuerTest, ARequestWaitsForAHangingIssuerNoLongerThanItMay) {
  provider.network = FakeProvider::Network::kHanging;
  Use();
  const auto before = loop.Now();
  loop.AwaitFor(issuer().Refresh(loop, "k1", loop.In(seconds(3))), minutes(1));
  EXPECT_LE(loop.Now() - before, seconds(3) + milliseconds(50));
}

TEST_F(IssuerTest, KeysServeOnForADayWhileTheIssuerIsDown) {
  Use();
  provider.network = FakeProvider::Network::kRefusing;
  loop.Advance(hours(24));
  EXPECT_TRUE(Knows("k1"));
  EXPECT_NE(registry.Problem(), "");
  loop.Advance(minutes(6));
  EXPECT_FALSE(Knows("k1"));
  provider.network = FakeProvider::Network::kUp;
  loop.Advance(seconds(31));
  EXPECT_TRUE(Knows("k1"));
}

TEST_F(IssuerTest, AKeyThatIsNoLongerPublishedIsGoneWithTheNextFetch) {
  Use();
  provider.PublishKeys({FakeJwk(signer, "k2")});
  loop.Advance(minutes(4) + seconds(1));
  EXPECT_FALSE(Knows("k1"));
  EXPECT_TRUE(Knows("k2"));
}

TEST_F(IssuerTest, APurgeForgetsAtOnceAndFetchesAgain) {
  Use();
  provider.PublishKeys({FakeJwk(signer, "k2")});
  const auto version = issuer().version();
  EXPECT_FALSE(registry.Purge("http://127.0.0.1:9/other"));
  EXPECT_TRUE(Knows("k1"));
  EXPECT_TRUE(registry.Purge(FakeProvider::kIssuer));
  EXPECT_FALSE(Knows("k1"));
  EXPECT_GT(issuer().version(), version);
  loop.RunUntilIdle();
  EXPECT_TRUE(Knows("k2"));
}

TEST_F(IssuerTest, AReloadKeepsKeysOfTheSamePlaceOnly) {
  Use();
  provider.network = FakeProvider::Network::kRefusing;
  settings.clock_skew = seconds(5);
  Use();
  EXPECT_TRUE(Knows("k1"));
  settings.key_set_url = "http://127.0.0.1:9/other";
  Use();
  EXPECT_FALSE(Knows("k1"));
}

TEST_F(IssuerTest, WhoHoldsOnToAnIssuerThatIsGoneIsAnsweredAtOnce) {
  Use();
  const auto old = registry.Pin();
  registry.Use({});
  const auto before = loop.Now();
  loop.AwaitFor(old->issuers().front()->Refresh(loop, "k9", loop.In(seconds(3))), seconds(3));
  EXPECT_EQ(loop.Now(), before);
  const auto answer = loop.AwaitFor(old->issuers().front()->Introspect(loop, "t", loop.In(seconds(3))), seconds(3));
  EXPECT_FALSE(answer->ok());
  EXPECT_EQ(loop.Now(), before);
}

TEST_F(IssuerTest, AsksOnceAboutATokenThatManyShow) {
  Use();
  provider.pages["/introspect"] = {.body = R"({"active":true})"};
  provider.delay = milliseconds(100);
  int active = 0;
  const auto ask = [](const Issuer& issuer, net::Loop& loop, int& count) -> net::Task<> {
    const auto answer = co_await issuer.Introspect(loop, "opaque&token", loop.In(seconds(3)));
    count += answer.ok() && *answer.value() == R"({"active":true})" ? 1 : 0;
  };
  net::TaskGroup group(loop);
  for (int i = 0; i < 20; ++i) group.Spawn(ask(issuer(), loop, active));
  loop.Advance(seconds(1));
  EXPECT_EQ(active, 20);
  EXPECT_EQ(provider.requests("/introspect"), 1U);
  EXPECT_EQ(provider.last_form, "token=opaque%26token&token_type_hint=access_token");
  EXPECT_EQ(provider.last_authorization, "Basic " + codec::crypto::Base64Encode("gate%3Ahouse:s%26cret"));
}

TEST_F(IssuerTest, AnIntrospectionThatFailsIsNoAnswer) {
  Use();
  for (const FakeProvider::Answer& answer : {FakeProvider::Answer{.status = 401}, FakeProvider::Answer{.status = 500},
                                             FakeProvider::Answer{.status = 302, .location = "/"}}) {
    provider.pages["/introspect"] = answer;
    const auto told = loop.AwaitFor(issuer().Introspect(loop, "opaque", loop.In(seconds(3))), seconds(3));
    ASSERT_TRUE(told.has_value());
    ASSERT_FALSE(told->ok());
    EXPECT_EQ(told->error().code, base::ErrorCode::kUnavailable);
    EXPECT_EQ(told->error().retry_after_seconds, kRetryAfterSeconds);
    EXPECT_EQ(told->error().public_message.find("127.0.0.1"), std::string::npos);
  }
  provider.network = FakeProvider::Network::kHanging;
  const auto before = loop.Now();
  const auto told = loop.AwaitFor(issuer().Introspect(loop, "opaque", loop.In(seconds(3))), minutes(1));
  EXPECT_FALSE(told->ok());
  EXPECT_LE(loop.Now() - before, seconds(3) + milliseconds(50));
}

TEST(CheckUrl, PlaintextOnlyOnLoopbackAndOnlyWhereAllowed) {
  using Plaintext = IssuerSettings::Plaintext;
  EXPECT_TRUE(CheckUrl("https://login.example.com/x", Plaintext::kRefused).ok());
  EXPECT_FALSE(CheckUrl("http://127.0.0.1:8/x", Plaintext::kRefused).ok());
  EXPECT_TRUE(CheckUrl("http://127.0.0.1:8/x", Plaintext::kOnLoopback).ok());
  EXPECT_FALSE(CheckUrl("http://login.example.com/x", Plaintext::kOnLoopback).ok());
  EXPECT_FALSE(CheckUrl("https://user:secret@login.example.com/x", Plaintext::kRefused).ok());
}

}  // namespace
}  // namespace gatehouse::features::identity::oidc
