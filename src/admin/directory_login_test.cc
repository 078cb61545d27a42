// People of a real directory at the admin API.
#include "admin/directory_login.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "admin/test_exchange.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "features/identity/ldap/ldap_verifier.h"
#include "features/identity/ldap/test_directory.h"
#include "features/identity/tenancy_rig.h"

namespace gatehouse::admin {
namespace {

using features::identity::NodeId;
using features::identity::NodeKind;
using features::identity::NodePatch;
using features::identity::NodeState;
using features::identity::Permission;
using features::identity::Role;
using features::identity::ldap::LdapVerifier;
using features::identity::ldap::TestDirectory;
using Outcome = base::Result<AdminActor>;

std::string Group(const std::string& name) { return "cn=" + name + ",ou=groups,dc=ex,dc=org"; }

class DirectoryLoginTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/sbin/slapd")) GTEST_SKIP() << "slapd is not installed";
    TestDirectory& server = TestDirectory::Shared();
    verifier = std::make_shared<LdapVerifier>(
        features::identity::ldap::LdapSettings{
            .servers = {server.tls_url()},
            .ca_file = server.File("ca.pem"),
            .bind_dn = std::string(TestDirectory::kAdmin),
            .bind_password = base::Secret(std::string(TestDirectory::kAdminPassword)),
            .base_dn = "ou=people,dc=ex,dc=org",
            .group_base_dn = "ou=groups,dc=ex,dc=org",
            .timeout = std::chrono::seconds(5),
            .threads = 1,
            .mapping = {.organization = "acme"}},
        base::SystemClock());
    settings.roles = {{.group = "CN=ML,ou=groups,dc=ex,dc=org", .role = Role::kTeamAdmin, .node = "acme/search"},
                      {.group = Group("staff"), .role = Role::kAuditor, .node = ""},
                      {.group = Group("others"), .role = Role::kOwner, .node = ""},
                      {.group = Group("ml"), .role = Role::kOwner, .node = "acme/nowhere"}};
  }

  Outcome Call(const std::string& user, const std::string& password) {
    if (login == nullptr) {
      login = std::make_unique<DirectoryLogin>(settings, [this] { return verifier; }, base::SystemClock());
    }
    TestExchange exchange(loop, "GET", "/admin/v1/me", "");
    exchange.request().headers.Add("authorization", "Basic " + codec::crypto::Base64Encode(user + ":" + password));
    const std::string digest(codec::crypto::AsText(codec::crypto::Sha256("the owner's")));
    return gateway.Await(
        IdentifyActor(exchange, services, {.password_digest = digest, .directory = login.get()}, gateway.Soon()));
  }
  void ExpectRefused(base::ErrorCode code, const std::string& user, const std::string& password) {
    const auto actor = Call(user, password);
    ASSERT_FALSE(actor.ok()) << user;
    EXPECT_EQ(actor.error().code, code) << actor.error().detail;
  }
  bool May(const Outcome& actor, Permission permission, NodeId node) {
    return actor.value().May(permission, node, gateway.directory);
  }

  net::EpollLoop loop{base::SystemClock()};
  features::identity::SqliteTestDatabase database;
  features::identity::TestGateway gateway{loop, database.get()};
  features::identity::RoleBook roles{database.get(), gateway.directory};
  const TenancyServices services{.tenancy = gateway.tenancy,
                                 .virtual_keys = gateway.virtual_keys,
                                 .roles = roles,
                                 .keys = gateway.keys,
                                 .database = database.get()};
  const NodeId acme = gateway.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId search = gateway.Make(NodeKind::kTeam, acme, "search");
  const NodeId other = gateway.Make(NodeKind::kTeam, acme, "other");
  std::shared_ptr<LdapVerifier> verifier;
  DirectoryLoginSettings settings;
  std::unique_ptr<DirectoryLogin> login;
};

TEST_F(DirectoryLoginTest, GroupsGiveRolesInPartsOfTheTree) {
  const auto alice = Call("alice", "correct horse");
  ASSERT_TRUE(alice.ok()) << alice.error().detail;
  EXPECT_EQ(alice.value().author().name, "directory:alice");
  EXPECT_TRUE(May(alice, Permission::kChangeTree, search));
  EXPECT_FALSE(May(alice, Permission::kChangeTree, other));
  EXPECT_TRUE(May(alice, Permission::kSeeEvents, other)) << "by a group that contains the group";
  EXPECT_FALSE(May(alice, Permission::kOperate, {})) << "a place that is not there gives nothing";
}

TEST_F(DirectoryLoginTest, WhoHasNoRoleIsNotLetIn) {
  ExpectRefused(base::ErrorCode::kDenied, "bob", "battery staple");
  const auto rows =
      gateway.Query("SELECT actor_name, action, result FROM gatehouse_admin_event WHERE action = 'login'");
  ASSERT_EQ(rows.value().size(), 1U);
  EXPECT_EQ(store::TextOf(rows.value().at(0).at(0)), "directory:bob");
  EXPECT_EQ(store::TextOf(rows.value().at(0).at(2)), "denied");
}

TEST_F(DirectoryLoginTest, AUserOfTheTreeHasWhatTheTreeGivesToo) {
  const NodeId bob = gateway.Make(NodeKind::kUser, acme, "bob");
  const auto granted =
      gateway.Await(roles.Grant(gateway.ACall(), {.id = 0, .node = other, .subject = bob, .role = Role::kOperator}));
  ASSERT_TRUE(granted.ok());
  const auto actor = Call("bob", "battery staple");
  ASSERT_TRUE(actor.ok()) << actor.error().detail;
  EXPECT_EQ(actor.value().author().id, bob);
  EXPECT_EQ(actor.value().author().name, "acme/user:bob");
  EXPECT_TRUE(May(actor, Permission::kOperate, other));
  ASSERT_TRUE(gateway.Change(bob, NodePatch{.state = NodeState::kSuspended}).ok());
  ExpectRefused(base::ErrorCode::kDenied, "bob", "battery staple");
}

TEST_F(DirectoryLoginTest, WrongPasswordsAreRefusedAndRecordedAndSlowedDown) {
  settings.passwords.failures = 2;
  ExpectRefused(base::ErrorCode::kUnauthenticated, "alice", "wrong");
  ExpectRefused(base::ErrorCode::kUnauthenticated, "alice", "wrong as well");
  ExpectRefused(base::ErrorCode::kRateLimited, "alice", "correct horse");
  const auto rows =
      gateway.Query("SELECT actor_name, result, detail FROM gatehouse_admin_event WHERE action = 'login'");
  ASSERT_EQ(rows.value().size(), 2U) << "who is told to wait does not fill the record";
  EXPECT_EQ(store::TextOf(rows.value().at(0).at(0)), "directory:alice");
  EXPECT_EQ(store::TextOf(rows.value().at(0).at(2)).find("wrong as well"), std::string_view::npos);
}

TEST_F(DirectoryLoginTest, AnEmptyPasswordIsNobodys) { ExpectRefused(base::ErrorCode::kUnauthenticated, "alice", ""); }

TEST_F(DirectoryLoginTest, TheOwnersPasswordAndKeysAreAsBefore) {
  const auto owner = Call("anybody", "the owner's");
  ASSERT_TRUE(owner.ok());
  EXPECT_EQ(owner.value().author().name, "owner");
  ExpectRefused(base::ErrorCode::kUnauthenticated, "alice", "gh_admin_something");
  const auto events = gateway.Query("SELECT id FROM gatehouse_admin_event WHERE action = 'login'");
  EXPECT_TRUE(events.value().empty()) << "no key is shown to a directory";
}

TEST_F(DirectoryLoginTest, WhereNobodyKnowsPasswordsNobodyIsLetIn) {
  verifier = nullptr;
  ExpectRefused(base::ErrorCode::kUnauthenticated, "alice", "correct horse");
}

}  // namespace
}  // namespace gatehouse::admin
