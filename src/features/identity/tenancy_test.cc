#include "features/identity/tenancy.h"

#include <gtest/gtest.h>

#include <set>

#include "features/identity/tenancy_rig.h"

namespace gatehouse::features::identity {
namespace {

// The operations on the tree, on every database.
struct Kind {
  std::string name;
  std::function<std::unique_ptr<TestDatabase>()> make;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class TenancyContract : public ::testing::TestWithParam<Kind> {
 protected:
  const base::Clock& clock_ = base::SystemClock();
  net::EpollLoop loop_{clock_};
  std::unique_ptr<TestDatabase> database_ = GetParam().make();
  TestGateway gateway_{loop_, database_->get()};
};

TEST_P(TenancyContract, ATreeIsMadeAndKnownByItsPaths) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId team = gateway_.Make(NodeKind::kTeam, org, "search");
  const NodeId project = gateway_.Make(NodeKind::kProject, team, "prod");
  const NodeId app = gateway_.Make(NodeKind::kApplication, project, "checkout");
  EXPECT_EQ(gateway_.directory.PathOf(app), "acme/search/prod/app:checkout");
  EXPECT_EQ(gateway_.directory.FindPath("acme/search/prod/app:checkout")->id, app);
  EXPECT_EQ(gateway_.directory.ChainOf(app), (std::vector<pipeline::Link>{{NodeKind::kOrganization, org},
                                                                          {NodeKind::kTeam, team},
                                                                          {NodeKind::kProject, project},
                                                                          {NodeKind::kApplication, app}}));
  for (const char* nowhere : {"acme/search/prod/checkout", "search", "acme/", "", "acme//prod", "ACME", "acme/app:x"}) {
    EXPECT_FALSE(gateway_.directory.FindPath(nowhere)) << nowhere;
  }
  const auto principal = gateway_.directory.PrincipalOf(app);
  EXPECT_EQ(principal.value().organization, "acme");
  EXPECT_EQ(principal.value().project, "prod");
  EXPECT_EQ(principal.value().name, "checkout");
}

TEST_P(TenancyContract, NamesAreUniqueAmongSiblingsAndNowhereElse) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId other = gateway_.Make(NodeKind::kOrganization, {}, "other");
  gateway_.Make(NodeKind::kTeam, org, "search");
  gateway_.Make(NodeKind::kTeam, other, "search");
  gateway_.Make(NodeKind::kUser, org, "search");
  gateway_.Make(NodeKind::kApplication, org, "search");
  for (const NodeKind kind : {NodeKind::kTeam, NodeKind::kProject, NodeKind::kUser}) {
    const auto again = gateway_.Create(kind, org, "search");
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().code, base::ErrorCode::kConflict);
    EXPECT_EQ(again.error().param, "name");
    EXPECT_NE(again.error().public_message.find("is there already"), std::string::npos);
  }
}

TEST_P(TenancyContract, BadInputIsRefusedAndSaysWhichAndWhy) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId user = gateway_.Make(NodeKind::kUser, org, "alice");
  const NodeId nobody{12345};
  const struct {
    NodeKind kind;
    NodeId parent;
    std::string name;
    std::string param;
  } cases[] = {{NodeKind::kTeam, org, "", "name"},
               {NodeKind::kTeam, org, "Search", "name"},
               {NodeKind::kTeam, org, "-search", "name"},
               {NodeKind::kTeam, org, "a/b", "name"},
               {NodeKind::kTeam, org, "a:b", "name"},
               {NodeKind::kTeam, org, "~1", "name"},
               {NodeKind::kTeam, org, "se\xC3\xA4rch", "name"},
               {NodeKind::kTeam, org, std::string(64, 'a'), "name"},
               {NodeKind::kTeam, org, std::string("a\0b", 3), "name"},
               {NodeKind::kTeam, org, "' OR '1'='1", "name"},
               {NodeKind::kTeam, {}, "search", "parent"},
               {NodeKind::kTeam, nobody, "search", "parent"},
               {NodeKind::kTeam, user, "search", "parent"},
               {NodeKind::kOrganization, org, "inner", "parent"},
               {NodeKind::kUser, user, "bob", "parent"}};
  for (const auto& bad : cases) {
    const auto made = gateway_.Create(bad.kind, bad.parent, bad.name);
    ASSERT_FALSE(made.ok()) << bad.name;
    EXPECT_EQ(made.error().code, base::ErrorCode::kInvalidRequest) << bad.name;
    EXPECT_EQ(made.error().param, bad.param) << bad.name;
  }
  EXPECT_TRUE(gateway_.Create(NodeKind::kTeam, org, std::string(63, 'a')).ok());
}

TEST_P(TenancyContract, RenameAndMoveKeepTheIdAndFreeTheOldName) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId from = gateway_.Make(NodeKind::kTeam, org, "from");
  const NodeId to = gateway_.Make(NodeKind::kTeam, org, "to");
  const NodeId project = gateway_.Make(NodeKind::kProject, from, "prod");
  ASSERT_TRUE(gateway_.Change(project, {.name = "live", .parent = to}).ok());
  EXPECT_EQ(gateway_.directory.PathOf(project), "acme/to/live");
  EXPECT_FALSE(gateway_.directory.FindPath("acme/from/prod"));
  gateway_.Make(NodeKind::kProject, from, "prod");
  EXPECT_EQ(gateway_.Change(project, {.name = "prod", .parent = from}).error().param, "name");
  EXPECT_EQ(gateway_.Change(to, {.parent = from}).error().param, "parent");
  EXPECT_EQ(gateway_.Change(project, {.name = "No"}).error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_EQ(gateway_.Change(NodeId{99}, {.name = "no"}).error().code, base::ErrorCode::kNotFound);
}

TEST_P(TenancyContract, WhatIsSuspendedStopsAllBelowIt) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId team = gateway_.Make(NodeKind::kTeam, org, "search");
  const NodeId user = gateway_.Make(NodeKind::kUser, team, "alice");
  const auto version = gateway_.directory.version();
  ASSERT_TRUE(gateway_.Change(org, {.state = NodeState::kSuspended}).ok());
  EXPECT_GT(gateway_.directory.version(), version);
  const auto principal = gateway_.directory.PrincipalOf(user);
  EXPECT_EQ(principal.error().code, base::ErrorCode::kDenied);
  EXPECT_EQ(principal.error().public_message, "The organization of this user is suspended. Ask its administrator.");
  ASSERT_TRUE(gateway_.Change(org, {.state = NodeState::kActive}).ok());
  EXPECT_TRUE(gateway_.directory.PrincipalOf(user).ok());
}

TEST_P(TenancyContract, OnlyWhatIsEmptyIsDeletedAndItsNameIsFree) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId team = gateway_.Make(NodeKind::kTeam, org, "search");
  const auto refused = gateway_.Delete(org);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_NE(refused.error().public_message.find("`search` is below it"), std::string::npos);
  ASSERT_TRUE(gateway_.Delete(team).ok());
  EXPECT_FALSE(gateway_.directory.Find(team));
  EXPECT_EQ(gateway_.Delete(team).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(gateway_.Change(team, {.name = "back"}).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(gateway_.Create(NodeKind::kProject, team, "prod").error().param, "parent");
  EXPECT_NE(gateway_.Make(NodeKind::kTeam, org, "search"), team);
}

TEST_P(TenancyContract, EnsureMakesOnceAndChangesNothing) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NewNode team{.parent = org, .kind = NodeKind::kTeam, .name = "search", .display = "Search"};
  const auto first = gateway_.Await(gateway_.tenancy.Ensure(gateway_.ACall(), team));
  NewNode other = team;
  other.display = "Other";
  const auto second = gateway_.Await(gateway_.tenancy.Ensure(gateway_.ACall(), other));
  EXPECT_EQ(first.value().id, second.value().id);
  EXPECT_EQ(second.value().display, "Search");
  other.kind = NodeKind::kProject;
  EXPECT_EQ(gateway_.Await(gateway_.tenancy.Ensure(gateway_.ACall(), other)).error().code, base::ErrorCode::kConflict);
}

TEST_P(TenancyContract, AChangeToAnOldVersionIsRefused) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const auto seen = gateway_.Await(gateway_.tenancy.Show(gateway_.ACall(), org)).value();
  ASSERT_TRUE(gateway_.Change(org, {.display = "Acme"}).ok());
  Call call = gateway_.ACall();
  call.if_version = seen.version;
  const auto stale = gateway_.Await(gateway_.tenancy.Change(call, org, {.display = "Other"}, "change"));
  EXPECT_EQ(stale.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(gateway_.Await(gateway_.tenancy.Delete(call, org)).error().code, base::ErrorCode::kConflict);
  // What changes nothing has nothing to be refused for.
  const auto same = gateway_.Change(org, {.display = "Acme"});
  EXPECT_EQ(same.value().version, seen.version + 1);
}

TEST_P(TenancyContract, ListsComeInPagesByChildrenAndWhole) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId other = gateway_.Make(NodeKind::kOrganization, {}, "other");
  gateway_.Make(NodeKind::kUser, other, "stranger");
  const NodeId team = gateway_.Make(NodeKind::kTeam, org, "search");
  std::set<std::string> names;
  for (int i = 0; i < 7; ++i) {
    names.insert("u" + std::to_string(i));
    gateway_.Make(NodeKind::kUser, i % 2 == 0 ? org : team, "u" + std::to_string(i));
  }
  for (const std::int64_t limit : {1, 3, 100}) {
    std::multiset<std::string> seen;
    Listing listing{
        .kind = NodeKind::kUser, .parent = org, .depth = Listing::Depth::kWhole, .after = {}, .limit = limit};
    do {
      const auto page = gateway_.List(listing);
      ASSERT_TRUE(page.ok()) << page.error().detail;
      EXPECT_LE(page.value().nodes.size(), static_cast<std::size_t>(limit));
      for (const Node& node : page.value().nodes) seen.insert(node.name);
      listing.after = page.value().after;
    } while (!listing.after.empty());
    EXPECT_EQ(seen, std::multiset<std::string>(names.begin(), names.end()));
  }
  const auto children = gateway_.List({.kind = {}, .parent = org});
  ASSERT_EQ(children.value().nodes.size(), 5U);
  EXPECT_EQ(gateway_.List({.kind = {}, .parent = {}}).value().nodes.size(), 2U);
}

// Another gateway on the same database.
TEST_P(TenancyContract, WhatOneGatewayDoesAnotherSeesWhenItLooks) {
  TestGateway other(loop_, database_->get());
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId team = gateway_.Make(NodeKind::kTeam, org, "search");
  EXPECT_FALSE(other.directory.Find(org));
  other.Refresh();
  EXPECT_EQ(other.directory.PathOf(team), "acme/search");
  ASSERT_TRUE(gateway_.Delete(team).ok());
  ASSERT_TRUE(gateway_.Change(org, {.name = "acme2"}).ok());
  // It does not know yet: the database does.
  EXPECT_FALSE(other.Create(NodeKind::kProject, team, "prod").ok());
  EXPECT_FALSE(other.directory.Find(team));
  EXPECT_EQ(other.directory.PathOf(org), "acme2");
  EXPECT_EQ(other.directory.known(), 4);
}

TEST_P(TenancyContract, ManyAtOnceOnTwoGatewaysMakeEachNameOnce) {
  TestGateway other(loop_, database_->get());
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  other.Refresh();
  int made = 0;
  int left = 40;
  const auto one = [](TestGateway& gateway, NodeId parent, int i, int& done, int& open,
                      net::EpollLoop& loop) -> net::Task<> {
    auto node = co_await gateway.tenancy.Create(
        gateway.ACall(), {.parent = parent, .kind = NodeKind::kTeam, .name = "t" + std::to_string(i % 10)});
    if (node.ok()) ++done;
    if (--open == 0) loop.Stop();
  };
  net::TaskGroup group(loop_);
  for (int i = 0; i < 40; ++i) group.Spawn(one(i % 2 == 0 ? gateway_ : other, org, i, made, left, loop_));
  loop_.Run();
  EXPECT_EQ(made, 10);
  gateway_.Refresh();
  other.Refresh();
  EXPECT_EQ(gateway_.directory.size().nodes, 11U);
  EXPECT_EQ(other.directory.size().nodes, 11U);
}

TEST_P(TenancyContract, EveryChangeIsRecordedAndNoSecretIs) {
  const NodeId org = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const auto issued = gateway_.Issue({.parent = org, .name = "ci"});
  ASSERT_TRUE(issued.ok());
  ASSERT_TRUE(gateway_.Change(org, {.name = "acme2"}).ok());
  const auto events = gateway_.Query("SELECT action, path, detail FROM gatehouse_admin_event ORDER BY at_ms, action");
  ASSERT_EQ(events.value().size(), 3U);
  std::string all;
  for (const auto& row : events.value()) {
    for (const auto& value : row) all.append(store::TextOf(value)).append("\n");
  }
  for (const char* part : {"org.create\nacme\n", "key.create\nacme/key:ci\n", "org.change\nacme2\nwas acme\n"}) {
    EXPECT_NE(all.find(part), std::string::npos) << all;
  }
  EXPECT_EQ(all.find(issued.value().secret.Reveal()), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Databases, TenancyContract,
    ::testing::Values(Kind{"sqlite", [] { return std::unique_ptr<TestDatabase>(new SqliteTestDatabase()); }},
                      Kind{"postgres", [] { return std::unique_ptr<TestDatabase>(new PostgresTestDatabase()); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gatehouse::features::identity
