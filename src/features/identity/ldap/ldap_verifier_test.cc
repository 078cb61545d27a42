// Against a real directory: what the library and the server do is the subject.
#include "features/identity/ldap/ldap_verifier.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "features/identity/ldap/account.h"
#include "features/identity/ldap/test_directory.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"

namespace gatehouse::features::identity::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Strings = std::vector<std::string>;
using Outcome = base::Result<pipeline::Principal>;

constexpr std::string_view kWrong = "The user name or the password is wrong.";

class LdapVerifierTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/sbin/slapd")) GTEST_SKIP() << "slapd is not installed";
    TestDirectory& server = TestDirectory::Shared();
    settings = {.servers = {server.url()},
                .ca_file = server.File("ca.pem"),
                .bind_dn = std::string(TestDirectory::kAdmin),
                .bind_password = base::Secret(std::string(TestDirectory::kAdminPassword)),
                .base_dn = "ou=people,dc=ex,dc=org",
                .group_base_dn = "ou=groups,dc=ex,dc=org",
                .timeout = seconds(2),
                .threads = 1,
                .mapping = {.organization = "acme"}};
  }
  Outcome Try(LdapVerifier& verifier, const std::string& user, const std::string& password) {
    auto outcome = net::BlockOn(loop, verifier.Verify(loop, user, base::Secret(password), loop.In(seconds(20))));
    return outcome ? *std::move(outcome) : base::Internal("stopped");
  }
  Outcome Try(const std::string& user, const std::string& password) {
    LdapVerifier verifier(settings, base::SystemClock());
    return Try(verifier, user, password);
  }
  Strings GroupsOf(const std::string& user, const std::string& password) {
    const auto outcome = Try(user, password);
    EXPECT_TRUE(outcome.ok()) << outcome.error().detail;
    return outcome.ok() ? outcome.value().groups : Strings();
  }
  void ExpectUnavailable(const Outcome& outcome, std::string_view named) {
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, base::ErrorCode::kUnavailable);
    EXPECT_NE(outcome.error().detail.find(named), std::string::npos) << outcome.error().detail;
    EXPECT_EQ(outcome.error().public_message.find("127.0.0.1"), std::string::npos);
  }

  static std::string Group(const std::string& name) { return "cn=" + name + ",ou=groups,dc=ex,dc=org"; }

  net::EpollLoop loop{base::SystemClock()};
  LdapSettings settings;
};

TEST_F(LdapVerifierTest, KnowsPeopleByTheirPasswords) {
  for (const std::string& server : {TestDirectory::Shared().url(), TestDirectory::Shared().tls_url()}) {
    settings.servers = {server};
    const auto alice = Try("alice", "correct horse");
    ASSERT_TRUE(alice.ok()) << server << " " << alice.error().detail;
    EXPECT_EQ(alice.value().name, "alice");
    EXPECT_EQ(alice.value().organization, "acme");
    EXPECT_EQ(alice.value().authentication, pipeline::Authentication::kPassword);
    EXPECT_NE(alice.value().claims.find(R"("dn":"uid=alice,ou=people,dc=ex,dc=org")"), std::string::npos);
    EXPECT_TRUE(Try("bob@ex.org", "battery staple").ok());
  }
}

TEST_F(LdapVerifierTest, RefusesEverybodyElseInTheSameWords) {
  LdapVerifier verifier(settings, base::SystemClock());
  const std::vector<std::pair<std::string, std::string>> wrong = {{"alice", "battery staple"},
                                                                  {"alice", ""},
                                                                  {"alice", "correct horse "},
                                                                  {"", "correct horse"},
                                                                  {"nobody", "x"},
                                                                  {"*", "correct horse"},
                                                                  {"al*", "correct horse"},
                                                                  {"alice)(uid=*", "correct horse"},
                                                                  {"twin@ex.org", "twin password"},  // two entries
                                                                  {"alice\n", "correct horse"},
                                                                  {std::string("alice\0", 6), "correct horse"},
                                                                  {std::string(300, 'a'), "x"},
                                                                  {"alice", std::string(2000, 'x')}};
  for (const auto& [user, password] : wrong) {
    const auto outcome = Try(verifier, user, password);
    ASSERT_FALSE(outcome.ok()) << user;
    EXPECT_EQ(outcome.error().code, base::ErrorCode::kUnauthenticated) << user << " " << outcome.error().detail;
    EXPECT_EQ(outcome.error().public_message, kWrong);
  }
}

TEST_F(LdapVerifierTest, ANameIsANameWhateverSignsAreInIt) {
  EXPECT_TRUE(Try("odd(*)name", "odd password").ok());
  EXPECT_EQ(FilterFor("(|(a={user})(b={user}))", "x(*)\\\xC3\xA4"),
            R"((|(a=x\28\2a\29\5c\c3\a4)(b=x\28\2a\29\5c\c3\a4)))");
}

TEST_F(LdapVerifierTest, GroupsAreFoundUpwardsAndRoundCycles) {
  const Strings all = {Group("ml"), Group("engineering"), Group("staff")};
  EXPECT_EQ(GroupsOf("alice", "correct horse"), all);
  settings.group_search = GroupSearch::kInChain;  // this directory does not know the rule, and says nothing
  EXPECT_EQ(GroupsOf("alice", "correct horse"), all);
  settings.group_search = GroupSearch::kMemberOf;
  EXPECT_EQ(GroupsOf("alice", "correct horse"), all);
  settings.group_name_attribute = "cn";
  EXPECT_EQ(GroupsOf("alice", "correct horse"), (Strings{"ml", "engineering", "staff"}));
  settings.group_search = GroupSearch::kNone;
  EXPECT_EQ(GroupsOf("alice", "correct horse"), Strings());
  settings.group_search = GroupSearch::kSearch;
  EXPECT_EQ(GroupsOf("bob", "battery staple"), Strings());
}

TEST_F(LdapVerifierTest, GroupsHaveBounds) {
  settings.max_group_depth = 2;
  EXPECT_EQ(GroupsOf("alice", "correct horse"), (Strings{Group("ml"), Group("engineering")}));
  settings.max_group_depth = 10;
  settings.max_groups = 1;
  EXPECT_EQ(GroupsOf("alice", "correct horse"), Strings{Group("ml")});
}

TEST_F(LdapVerifierTest, RulesGiveRolesByGroup) {
  settings.mapping.rules = {{.claim = "groups", .value = Group("staff"), .roles = {"operator"}}};
  settings.mapping.others = Mapping::Others::kRefused;
  const auto alice = Try("alice", "correct horse");
  ASSERT_TRUE(alice.ok());
  EXPECT_EQ(alice.value().roles, Strings{"operator"});
  const auto bob = Try("bob", "battery staple");
  ASSERT_FALSE(bob.ok());
  EXPECT_EQ(bob.error().code, base::ErrorCode::kDenied);
}

TEST_F(LdapVerifierTest, NoPasswordLeavesBeforeTheServerIsVerified) {
  settings.ca_file = TestDirectory::Shared().File("other-ca.pem");
  ExpectUnavailable(Try("alice", "correct horse"), "StartTLS");
  settings.servers = {TestDirectory::Shared().tls_url()};
  ExpectUnavailable(Try("alice", "correct horse"), "bind");
  settings.ca_file = TestDirectory::Shared().File("ca.pem");
  EXPECT_TRUE(Try("alice", "correct horse").ok());
  // The certificate is for the address, and not for the name.
  settings.servers = {"ldaps://localhost:" + std::to_string(TestDirectory::Shared().tls_port())};
  ExpectUnavailable(Try("alice", "correct horse"), "bind");
  settings.servers = {"ldap://localhost:" + std::to_string(TestDirectory::Shared().plain_port())};
  ExpectUnavailable(Try("alice", "correct horse"), "StartTLS");
  settings.ca_file = "/nowhere/ca.pem";
  EXPECT_FALSE(Try("alice", "correct horse").ok());
}

TEST_F(LdapVerifierTest, TheServerRefusesPasswordsInTheClear) {
  settings.security = LdapSettings::Security::kPlaintextOnLoopback;
  ExpectUnavailable(Try("alice", "correct horse"), "Confidentiality required");
}

TEST_F(LdapVerifierTest, AWrongServiceAccountIsTheOperatorsTrouble) {
  settings.bind_password = base::Secret("wrong");
  ExpectUnavailable(Try("alice", "correct horse"), "bind_dn");
}

TEST_F(LdapVerifierTest, ADirectoryThatComesBackIsFoundAgain) {
  TestDirectory server;
  settings.servers = {server.url()};
  settings.ca_file = server.File("ca.pem");
  LdapVerifier verifier(settings, base::SystemClock());
  EXPECT_TRUE(Try(verifier, "alice", "correct horse").ok());
  server.Stop();
  ExpectUnavailable(Try(verifier, "alice", "correct horse"), "Can't contact LDAP server");
  server.Start();
  EXPECT_TRUE(Try(verifier, "alice", "correct horse").ok());
  server.Stop();
  server.Start();  // the connection that was kept is dead
  EXPECT_TRUE(Try(verifier, "alice", "correct horse").ok());
}

TEST_F(LdapVerifierTest, ADirectoryThatHangsCostsABoundedTime) {
  TestDirectory server;
  settings.servers = {server.url()};
  settings.ca_file = server.File("ca.pem");
  settings.timeout = milliseconds(300);
  settings.max_waiting = 2;
  LdapVerifier verifier(settings, base::SystemClock());
  EXPECT_TRUE(Try(verifier, "alice", "correct horse").ok());
  server.Pause();
  const auto began = base::SystemClock().Now();
  ExpectUnavailable(Try(verifier, "alice", "correct horse"), "");
  EXPECT_LT(base::SystemClock().Now() - began, seconds(5));
  // One is under way, two wait, and no more than that.
  const auto ask = [](LdapVerifier& asked, net::Loop& own, int& refused_at_once) -> net::Task<> {
    const auto outcome = co_await asked.Verify(own, "alice", base::Secret("x"), own.In(milliseconds(200)));
    refused_at_once += outcome.error().detail.find("too many") != std::string::npos ? 1 : 0;
  };
  int refused_at_once = 0;
  net::TaskGroup group(loop);
  for (int i = 0; i < 10; ++i) group.Spawn(ask(verifier, loop, refused_at_once));
  net::BlockOn(loop, group.Drained(loop.In(seconds(10))));
  EXPECT_GE(refused_at_once, 7);
  server.Resume();
  bool again = false;  // it first has to see through what it was asked meanwhile
  for (const auto until = base::SystemClock().Now() + seconds(15); !again && base::SystemClock().Now() < until;) {
    again = Try(verifier, "alice", "correct horse").ok();
    if (!again) net::BlockOn(loop, loop.Sleep(milliseconds(50)));
  }
  EXPECT_TRUE(again);
}

Entry Account(const std::string& attribute, const std::string& value) {
  return {.dn = "cn=a", .attributes = {{attribute, {value}}}};
}

TEST(WhyClosed, KnowsTheFlagsOfDirectories) {
  const base::WallTime now{seconds(1'700'000'000)};
  const auto closed = [&](const std::string& attribute, const std::string& value) {
    return WhyClosed(Account(attribute, value), now).value_or("");
  };
  EXPECT_EQ(closed("useraccountcontrol", "512"), "");
  EXPECT_EQ(closed("useraccountcontrol", "514"), "Your account is disabled.");
  EXPECT_EQ(closed("msds-user-account-control-computed", "16"), "Your account is locked.");
  EXPECT_EQ(closed("msds-user-account-control-computed", "8388608"), "Your password has expired.");
  EXPECT_EQ(closed("nsaccountlock", "TRUE"), "Your account is disabled.");
  EXPECT_EQ(closed("pwdaccountlockedtime", "000001010000Z"), "Your account is locked.");
  EXPECT_EQ(closed("accountexpires", "0"), "");
  EXPECT_EQ(closed("accountexpires", "9223372036854775807"), "");
  EXPECT_EQ(closed("accountexpires", "133444736000000000"), "Your account has expired.");  // this very second
  EXPECT_EQ(closed("accountexpires", "133444736010000000"), "");                           // the next
}

}  // namespace
}  // namespace gatehouse::features::identity::ldap
