#include "features/identity/keys.h"

#include <gtest/gtest.h>

#include <limits>

#include "codec/crypto/encoding.h"
#include "features/identity/declared_tree.h"
#include "features/identity/key_text.h"
#include "features/identity/tenancy_rig.h"

namespace gatehouse::features::identity {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Keys : public ::testing::Test {
 protected:
  IssuedKey Issue(std::string name, NodeId parent) {
    auto issued = gateway_.Issue({.parent = parent, .name = std::move(name)});
    EXPECT_TRUE(issued.ok()) << issued.error().public_message << issued.error().detail;
    return std::move(issued).value();
  }
  base::Result<std::shared_ptr<const pipeline::Principal>> Identify(std::string_view secret,
                                                                    std::string_view from = "192.0.2.7:1234") {
    return authenticator_.Identify({.secret = secret, .client_address = from}, now_);
  }
  static void ExpectSays(const base::Result<std::shared_ptr<const pipeline::Principal>>& result, base::ErrorCode code,
                         std::string_view part) {
    ASSERT_FALSE(result.ok()) << part;
    EXPECT_EQ(result.error().code, code);
    EXPECT_NE(result.error().public_message.find(part), std::string::npos) << result.error().public_message;
  }

  net::EpollLoop loop_{base::SystemClock()};
  SqliteTestDatabase database_;
  TestGateway gateway_{loop_, database_.get()};
  const NodeId org_ = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId team_ = gateway_.Make(NodeKind::kTeam, org_, "search");
  const NodeId app_ = gateway_.Make(NodeKind::kApplication, team_, "checkout");
  KeyAuthenticator authenticator_{gateway_.keys};
  base::WallTime now_ = base::SystemClock().Wall();
};

TEST_F(Keys, AKeyIsWhomItStandsFor) {
  const IssuedKey key = Issue("ci", app_);
  EXPECT_TRUE(key.secret.Reveal().starts_with("gh_app_"));
  for (int again = 0; again < 2; ++again) {
    const auto principal = Identify(key.secret.Reveal());
    ASSERT_TRUE(principal.ok());
    EXPECT_EQ(principal.value()->organization, "acme");
    EXPECT_EQ(principal.value()->team, "search");
    EXPECT_EQ(principal.value()->name, "checkout");
    EXPECT_EQ(principal.value()->key_id, "ci");
    EXPECT_EQ(principal.value()->kind, NodeKind::kApplication);
    EXPECT_EQ(principal.value()->chain.back(), (pipeline::Link{NodeKind::kKey, key.node.id}));
    EXPECT_EQ(principal.value()->chain.size(), 4U);
  }
}

TEST_F(Keys, StrangersAreToldWhatToDoAndNotWhoIsKnown) {
  Issue("ci", app_);
  for (int again = 0; again < 2; ++again) {
    ExpectSays(Identify(""), base::ErrorCode::kUnauthenticated, "No API key");
    ExpectSays(Identify("sk-something"), base::ErrorCode::kUnauthenticated, "not of a provider");
    std::string key = NewKey("app");
    ExpectSays(Identify(key), base::ErrorCode::kUnauthenticated, "revoked");
    EXPECT_EQ(Identify(key).error().public_message.find(key), std::string::npos);
    key.back() = key.back() == 'a' ? 'b' : 'a';
    ExpectSays(Identify(key), base::ErrorCode::kUnauthenticated, "typing error");
  }
}

TEST_F(Keys, RevocationIsInForceOnTheNextRequest) {
  const IssuedKey key = Issue("ci", app_);
  ASSERT_TRUE(Identify(key.secret.Reveal()).ok());
  ASSERT_TRUE(gateway_.Delete(key.node.id).ok());
  ExpectSays(Identify(key.secret.Reveal()), base::ErrorCode::kUnauthenticated, "revoked");
}

TEST_F(Keys, ASuspensionAnywhereAboveIsInForceOnTheNextRequest) {
  const IssuedKey key = Issue("ci", app_);
  const std::pair<NodeId, std::string> above[] = {{key.node.id, "This key is suspended"},
                                                  {app_, "The application of this key"},
                                                  {team_, "The team of this key"},
                                                  {org_, "The organization of this key"}};
  for (const auto& [node, says] : above) {
    ASSERT_TRUE(Identify(key.secret.Reveal()).ok());
    ASSERT_TRUE(gateway_.Change(node, {.state = NodeState::kSuspended}).ok());
    ExpectSays(Identify(key.secret.Reveal()), base::ErrorCode::kDenied, says);
    ASSERT_TRUE(gateway_.Change(node, {.state = NodeState::kActive}).ok());
  }
}

TEST_F(Keys, ARenameIsSeenByWhoIsRemembered) {
  const IssuedKey key = Issue("ci", app_);
  const auto before = Identify(key.secret.Reveal()).value();
  ASSERT_TRUE(gateway_.Change(app_, {.name = "till"}).ok());
  EXPECT_EQ(Identify(key.secret.Reveal()).value()->name, "till");
  EXPECT_EQ(before->name, "checkout");
}

TEST_F(Keys, RotationLetsBothSecretsLiveForAWhile) {
  const IssuedKey first = Issue("ci", app_);
  auto second = gateway_.Await(gateway_.virtual_keys.Rotate(gateway_.ACall(), first.node.id, hours(1)));
  ASSERT_TRUE(second.ok()) << second.error().public_message;
  EXPECT_TRUE(Identify(first.secret.Reveal()).ok());
  EXPECT_TRUE(Identify(second.value().secret.Reveal()).ok());
  const auto third = gateway_.Await(gateway_.virtual_keys.Rotate(gateway_.ACall(), first.node.id, hours(1)));
  EXPECT_EQ(third.error().code, base::ErrorCode::kConflict);
  now_ += hours(2);
  ExpectSays(Identify(first.secret.Reveal()), base::ErrorCode::kUnauthenticated, "expired");
  EXPECT_TRUE(Identify(second.value().secret.Reveal()).ok());
}

TEST_F(Keys, ARotationWithoutOverlapEndsAllEarlierSecretsNow) {
  const IssuedKey first = Issue("ci", app_);
  auto second = gateway_.Await(gateway_.virtual_keys.Rotate(gateway_.ACall(), first.node.id, hours(1)));
  ASSERT_TRUE(Identify(second.value().secret.Reveal()).ok());
  auto third = gateway_.Await(gateway_.virtual_keys.Rotate(gateway_.ACall(), first.node.id, {}));
  ASSERT_TRUE(third.ok());
  ExpectSays(Identify(first.secret.Reveal()), base::ErrorCode::kUnauthenticated, "revoked");
  ExpectSays(Identify(second.value().secret.Reveal()), base::ErrorCode::kUnauthenticated, "revoked");
  EXPECT_TRUE(Identify(third.value().secret.Reveal()).ok());
}

TEST_F(Keys, AKeyExpiresAlsoWhenItWasSeenBefore) {
  const IssuedKey key = Issue("ci", app_);
  ASSERT_TRUE(Identify(key.secret.Reveal()).ok());
  const auto until = std::chrono::duration_cast<std::chrono::milliseconds>((now_ + hours(1)).time_since_epoch());
  ASSERT_TRUE(gateway_.Change(key.node.id, {.expires_ms = until.count()}).ok());
  EXPECT_TRUE(Identify(key.secret.Reveal()).ok());
  now_ += hours(1) + seconds(1);
  ExpectSays(Identify(key.secret.Reveal()), base::ErrorCode::kUnauthenticated, "expired");
}

TEST_F(Keys, RestrictionsTravelWithThePrincipalAndNetworksAreKept) {
  auto issued = gateway_.Issue({.parent = app_,
                                .name = "ci",
                                .models = {"small"},
                                .surfaces = {"openai.chat"},
                                .networks = {"10.0.0.0/8", "2001:db8::/32"}});
  ASSERT_TRUE(issued.ok()) << issued.error().detail;
  const std::string secret(issued.value().secret.Reveal());
  for (const char* inside : {"10.1.2.3:99", "[2001:db8::1]:99", "[::ffff:10.1.2.3]:99"}) {
    const auto principal = Identify(secret, inside);
    ASSERT_TRUE(principal.ok()) << inside;
    EXPECT_TRUE(principal.value()->MayUse("small"));
    EXPECT_FALSE(principal.value()->MayUse("large"));
    EXPECT_FALSE(principal.value()->MayUseSurface("anthropic.messages"));
  }
  for (const char* outside : {"11.0.0.1:99", "[2001:db9::1]:99", "", "nonsense"}) {
    ExpectSays(Identify(secret, outside), base::ErrorCode::kDenied, "not be used from this network");
  }
  const auto bad = gateway_.Issue({.parent = app_, .name = "bad", .networks = {"10.0.0.1/8"}});
  EXPECT_EQ(bad.error().param, "networks");
}

TEST_F(Keys, AnAdminTokenOpensNothingElse) {
  const NodeId user = gateway_.Make(NodeKind::kUser, team_, "alice");
  const auto token = gateway_.Issue({.parent = user, .name = "laptop", .purpose = KeyRequest::Purpose::kAdmin});
  ASSERT_TRUE(token.ok());
  EXPECT_TRUE(token.value().secret.Reveal().starts_with("gh_admin_"));
  ExpectSays(Identify(token.value().secret.Reveal()), base::ErrorCode::kDenied, "admin API");
  const auto access = IdentifyKey(gateway_.keys, {.secret = token.value().secret.Reveal()}, now_);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access.value().scope, kAdminScope);
  const auto of_app = gateway_.Issue({.parent = app_, .name = "no", .purpose = KeyRequest::Purpose::kAdmin});
  EXPECT_EQ(of_app.error().param, "parent");
}

// Many more than are remembered, so that they push each other out.
TEST_F(Keys, ManyAreToldApart) {
  constexpr int kKeys = 1500;
  std::vector<Node> nodes;
  for (int i = 0; i < kKeys; ++i) {
    VirtualKey key{.scope = "app"};
    key.secrets[0].digest = std::string(codec::crypto::AsText(gateway_.hash.Of("gh_" + std::to_string(i))));
    nodes.push_back({.id = NewNodeId(),
                     .parent = app_,
                     .kind = NodeKind::kKey,
                     .name = "k" + std::to_string(i),
                     .version = 1000,
                     .key = key});
  }
  gateway_.directory.Apply(nodes);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kKeys; ++i) {
      EXPECT_EQ(Identify("gh_" + std::to_string(i)).value()->key_id, "k" + std::to_string(i));
    }
  }
}

TEST_F(Keys, WhenTheyWereUsedIsWrittenDownAndOnlyNowAndThen) {
  const IssuedKey key = Issue("ci", app_);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Identify(key.secret.Reveal()).ok());
  auto uses = gateway_.last_use.Take();
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].key, key.node.id);
  ASSERT_TRUE(Identify(key.secret.Reveal()).ok());
  EXPECT_TRUE(gateway_.last_use.Take().empty());
  now_ += std::chrono::minutes(2);
  ASSERT_TRUE(Identify(key.secret.Reveal()).ok());
  EXPECT_EQ(gateway_.last_use.Take().size(), 1U);
}

TEST(ParseKeyHash, TakesOnlyWhatTheProgramPrints) {
  const std::string hex = codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256("x")));
  EXPECT_TRUE(ParseKeyHash("sha256:" + hex).ok());
  for (const std::string& bad : {hex, "sha256:" + hex.substr(2), std::string("sha256:zz"), std::string()}) {
    EXPECT_FALSE(ParseKeyHash(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::features::identity
