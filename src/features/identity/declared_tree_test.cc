#include "features/identity/declared_tree.h"

#include <gtest/gtest.h>

#include "features/identity/tenancy_rig.h"

namespace gatehouse::features::identity {
namespace {

DeclaredNode Key(std::string name, std::string_view secret) {
  return {.kind = NodeKind::kKey, .name = std::move(name), .key = DeclaredKey{.sha256 = codec::crypto::Sha256(secret)}};
}

class DeclaredTree : public ::testing::Test {
 protected:
  static std::vector<DeclaredNode> Acme(std::vector<DeclaredNode> below) {
    return {{.kind = NodeKind::kOrganization, .name = "acme", .below = std::move(below)}};
  }
  base::Status Apply(std::vector<DeclaredNode> declared) {
    return gateway_.Await(ApplyDeclared(gateway_.tenancy, gateway_.hash, gateway_.ACall(), declared));
  }
  bool Opens(std::string_view secret) {
    KeyAuthenticator authenticator(gateway_.keys);
    return authenticator.Identify({.secret = secret}, base::SystemClock().Wall()).ok();
  }

  net::EpollLoop loop_{base::SystemClock()};
  SqliteTestDatabase database_;
  TestGateway gateway_{loop_, database_.get()};
};

TEST_F(DeclaredTree, IsMadeOnceAndThenNothingIsWritten) {
  const auto declared =
      Acme({{.kind = NodeKind::kTeam, .name = "search", .display = "Search", .below = {Key("ci", "gh_one")}}});
  ASSERT_TRUE(Apply(declared).ok());
  EXPECT_TRUE(Opens("gh_one"));
  EXPECT_EQ(gateway_.directory.FindPath("acme/search/key:ci")->origin, Origin::kConfiguration);
  const auto known = gateway_.directory.known();
  gateway_.Refresh();
  const auto after_first = gateway_.directory.known();
  EXPECT_GT(after_first, known);
  ASSERT_TRUE(Apply(declared).ok());
  gateway_.Refresh();
  EXPECT_EQ(gateway_.directory.known(), after_first);
}

TEST_F(DeclaredTree, WhatIsNoLongerThereIsWithdrawnAndComesBackAsItself) {
  ASSERT_TRUE(Apply(Acme({Key("ci", "gh_one"), Key("cd", "gh_two")})).ok());
  const NodeId id = gateway_.directory.FindPath("acme/key:ci")->id;
  ASSERT_TRUE(Apply(Acme({Key("cd", "gh_two")})).ok());
  EXPECT_FALSE(Opens("gh_one"));
  EXPECT_TRUE(Opens("gh_two"));
  EXPECT_EQ(gateway_.directory.Find(id)->state, NodeState::kWithdrawn);
  ASSERT_TRUE(Apply(Acme({Key("ci", "gh_one"), Key("cd", "gh_two")})).ok());
  EXPECT_TRUE(Opens("gh_one"));
  EXPECT_EQ(gateway_.directory.FindPath("acme/key:ci")->id, id);
}

TEST_F(DeclaredTree, AKeyMayChangeItsNameItsSecretAndItsPlace) {
  ASSERT_TRUE(Apply(Acme({Key("ci", "gh_one")})).ok());
  ASSERT_TRUE(Apply(Acme({Key("renamed", "gh_one")})).ok());
  EXPECT_TRUE(Opens("gh_one"));
  ASSERT_TRUE(Apply(Acme({Key("renamed", "gh_new")})).ok());
  EXPECT_FALSE(Opens("gh_one"));
  EXPECT_TRUE(Opens("gh_new"));
  ASSERT_TRUE(Apply(Acme({{.kind = NodeKind::kTeam, .name = "search", .below = {Key("renamed", "gh_new")}}})).ok());
  EXPECT_TRUE(Opens("gh_new"));
}

TEST_F(DeclaredTree, ASuspensionOfAPersonOutlastsIt) {
  const auto declared = Acme({Key("ci", "gh_one")});
  ASSERT_TRUE(Apply(declared).ok());
  ASSERT_TRUE(gateway_.Change(gateway_.directory.FindPath("acme")->id, {.state = NodeState::kSuspended}).ok());
  ASSERT_TRUE(Apply(declared).ok());
  EXPECT_FALSE(Opens("gh_one"));
  ASSERT_TRUE(Apply({}).ok());
  ASSERT_TRUE(Apply(declared).ok());
  EXPECT_FALSE(Opens("gh_one"));
}

TEST_F(DeclaredTree, WhatTheApiMadeIsLeftAlone) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const auto issued = gateway_.Issue({.parent = org, .name = "ci"});
  ASSERT_TRUE(Apply(Acme({Key("other", "gh_one")})).ok());
  EXPECT_EQ(gateway_.directory.Find(org)->origin, Origin::kApi);
  EXPECT_TRUE(Opens("gh_one"));
  ASSERT_TRUE(Apply({}).ok());
  EXPECT_TRUE(Opens(issued.value().secret.Reveal()));
  const auto clash = Apply(Acme({Key("ci", "gh_two")}));
  ASSERT_FALSE(clash.ok());
  EXPECT_EQ(clash.error().public_message, "key `ci` of the configuration: `acme/key:ci` is there already.");
}

}  // namespace
}  // namespace gatehouse::features::identity
