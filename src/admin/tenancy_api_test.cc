#include "admin/tenancy_api.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "admin/admin_rig.h"

namespace gatehouse::admin {
namespace {

using features::identity::IssuedKey;
using features::identity::KeyRequest;
using features::identity::Role;

class TenancyApiTest : public AdminApiTest {
 protected:
  ApiReply Send(const AdminActor& actor, std::string method, const std::string& path, std::string body = {},
                const std::string& if_match = {}) {
    return SendTo(api_, actor, std::move(method), path, std::move(body), if_match);
  }
  static std::string Field(const ApiReply& reply, std::string_view name) {
    return AdminApiTest::Field(reply.body, name);
  }

  features::identity::RoleBook roles_{database_.get(), gateway_.directory};
  TenancyApi api_{TenancyServices{.tenancy = gateway_.tenancy,
                                  .virtual_keys = gateway_.virtual_keys,
                                  .roles = roles_,
                                  .keys = gateway_.keys,
                                  .database = database_.get(),
                                  .key_witness = [this](const KeyChange& change) {
                                    told_.push_back(std::string(change.what) + " by " + change.actor + " in " +
                                                    std::to_string(change.organization.value - acme_.value));
                                    keys_.push_back(std::to_string(change.key.value));
                                  }}};
  std::vector<std::string> told_;
  std::vector<std::string> keys_;
};

// Every role, bound at the team, at every endpoint: what is in the team, and what is beside it.
TEST_F(TenancyApiTest, EveryRoleAtEveryEndpoint) {
  const struct {
    std::string method;
    std::string path;
    std::string body;
    // owner admin team_admin operator approver auditor member
    std::array<std::uint16_t, features::identity::kRoles> expected;
  } calls[] = {
      {"GET", "me", "", {200, 200, 200, 200, 200, 200, 200}},
      {"GET", "teams/acme%2Fsearch", "", {200, 200, 200, 200, 200, 200, 404}},
      {"GET", "teams/acme%2Fother", "", {404, 404, 404, 404, 404, 404, 404}},
      {"GET", "orgs/acme", "", {404, 404, 404, 404, 404, 404, 404}},
      {"GET", "users/acme%2Fsearch%2Fuser:alice", "", {200, 200, 200, 200, 200, 200, 200}},
      {"GET", "users?under=acme%2Fsearch", "", {200, 200, 200, 200, 200, 200, 404}},
      {"GET", "users?under=acme%2Fother", "", {404, 404, 404, 404, 404, 404, 404}},
      {"GET", "users", "", {400, 400, 400, 400, 400, 400, 400}},
      {"POST", "orgs", R"({"name":"mine"})", {403, 403, 403, 403, 403, 403, 403}},
      {"POST", "projects?ensure=1", R"({"name":"p","parent":"acme/search"})", {200, 200, 200, 403, 403, 403, 400}},
      {"POST", "projects?ensure=1", R"({"name":"p","parent":"acme/other"})", {400, 400, 400, 400, 400, 400, 400}},
      {"POST", "keys", R"({"name":"%","parent":"acme/search"})", {201, 201, 201, 403, 403, 403, 400}},
      {"PATCH", "teams/acme%2Fsearch", R"({"display":"%"})", {200, 200, 200, 403, 403, 403, 404}},
      {"PATCH", "teams/acme%2Fother", R"({"display":"%"})", {404, 404, 404, 404, 404, 404, 404}},
      {"DELETE", "teams/acme%2Fsearch", "", {409, 409, 409, 403, 403, 403, 404}},
      {"GET", "roles?node=acme%2Fsearch", "", {200, 200, 200, 200, 200, 200, 404}},
      {"GET", "roles?node=*", "", {403, 403, 403, 403, 403, 403, 403}},
      {"POST",
       "roles",
       R"({"user":"acme/search/user:alice","role":"member","node":"acme/search"})",
       {201, 201, 201, 403, 403, 403, 404}},
      {"POST",
       "roles",
       R"({"user":"acme/search/user:alice","role":"owner","node":"acme/search"})",
       {201, 403, 403, 403, 403, 403, 404}},
      {"POST",
       "roles",
       R"({"user":"acme/search/user:alice","role":"member","node":"*"})",
       {403, 403, 403, 403, 403, 403, 403}},
      {"GET", "events?node=acme%2Fsearch", "", {200, 200, 403, 403, 403, 200, 404}},
      {"GET", "events", "", {403, 403, 403, 403, 403, 403, 403}},
  };
  for (const auto& call : calls) {
    for (int i = 0; i < features::identity::kRoles; ++i) {
      const auto role = static_cast<Role>(i);
      std::string body = call.body;
      if (const auto at = body.find('%'); at != std::string::npos) body.replace(at, 1, "n" + std::to_string(i));
      const ApiReply reply = Send(ActorWith(role, search_), call.method, call.path, body);
      EXPECT_EQ(reply.status, call.expected.at(static_cast<std::size_t>(i)))
          << ToString(role) << " " << call.method << " " << call.path << " " << reply.body;
    }
  }
}

TEST_F(TenancyApiTest, WhatIsNotYoursIsAsIfItWereNotThere) {
  const AdminActor actor = ActorWith(Role::kTeamAdmin, search_);
  const ApiReply hidden = Send(actor, "GET", "teams/acme%2Fother");
  const ApiReply absent = Send(actor, "GET", "teams/acme%2Fnowhere");
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.body, absent.body);
  EXPECT_EQ(Send(actor, "GET", "teams/" + std::to_string(other_.value)).body, absent.body);
}

TEST_F(TenancyApiTest, BadInputIsRefusedByName) {
  const AdminActor owner = AdminActor::Owner();
  const struct {
    std::string method;
    std::string path;
    std::string body;
    std::uint16_t status;
    std::string param;
  } cases[] = {
      {"POST", "orgs", "", 400, "name"},
      {"POST", "orgs", "[]", 400, "null"},
      {"POST", "orgs", "{", 400, "null"},
      {"POST", "orgs", R"({"name":"x","nmae":"y"})", 400, "nmae"},
      {"POST", "orgs", R"({"name":7})", 400, "name"},
      {"POST", "orgs", R"({"name":"Not So"})", 400, "name"},
      {"POST", "orgs", R"({"name":"x","labels":{"a":1}})", 400, "labels"},
      {"POST", "orgs?enshure=1", R"({"name":"x"})", 400, "enshure"},
      {"POST", "orgs", R"({"name":"acme"})", 409, "name"},
      {"POST", "teams", R"({"name":"x"})", 400, "parent"},
      {"POST", "teams", R"({"name":"x","parent":"acme/search"})", 400, "parent"},
      {"POST", "keys", R"({"name":"k","parent":"acme","networks":["10.0.0.1/8"]})", 400, "networks"},
      {"POST", "keys", R"({"name":"k","parent":"acme","surfaces":["nosuch"]})", 400, "surfaces"},
      {"POST", "keys", R"({"name":"k","parent":"acme","expires":"tomorrow"})", 400, "expires"},
      {"POST", "keys", R"({"name":"k","parent":"acme","purpose":"both"})", 400, "purpose"},
      {"POST", "keys", R"({"name":"k","parent":"acme","purpose":"admin"})", 400, "parent"},
      {"POST", "keys", R"({"name":"k","parent":"acme","secret":"gh_mine"})", 400, "secret"},
      {"PATCH", "orgs/acme", R"({"state":"deleted"})", 400, "state"},
      {"PATCH", "orgs/acme", R"({"models":[]})", 400, "models"},
      {"PATCH", "orgs/acme", R"({"parent":"acme/search"})", 400, "parent"},
      {"GET", "orgs?limit=0", "", 400, "limit"},
      {"GET", "orgs?limit=1001", "", 400, "limit"},
      {"GET", "teams/acme", "", 404, "null"},
      {"GET", "orgs/99999999999999999999", "", 404, "null"},
      {"GET", "orgs/%zz", "", 404, "null"},
      {"GET", "orgs/acme/more/still", "", 404, "null"},
      {"PUT", "orgs/acme", "", 405, "null"},
      {"POST", "roles", R"({"user":"acme","role":"member","node":"*"})", 400, "user"},
      {"POST", "roles", R"({"user":"acme/search/user:alice","role":"king","node":"*"})", 400, "role"},
      {"DELETE", "roles/12", "", 404, "null"},
      {"POST", "orgs", "{\"name\":\"" + std::string(70'000, 'a') + "\"}", 413, "null"},
  };
  for (const auto& one : cases) {
    const ApiReply reply = Send(owner, one.method, one.path, one.body);
    EXPECT_EQ(reply.status, one.status) << one.method << " " << one.path << " " << one.body.substr(0, 80) << reply.body;
    EXPECT_EQ(Field(reply, "param"), one.param) << one.path << " " << one.body.substr(0, 80);
    EXPECT_FALSE(Field(reply, "message").empty());
  }
}

TEST_F(TenancyApiTest, AnOldEtagIsAConflict) {
  const AdminActor owner = AdminActor::Owner();
  const ApiReply shown = Send(owner, "GET", "orgs/acme");
  const std::string tag = "\"" + std::to_string(shown.version) + "\"";
  EXPECT_EQ(Send(owner, "PATCH", "orgs/acme", R"({"display":"A"})", tag).status, 200);
  EXPECT_EQ(Send(owner, "PATCH", "orgs/acme", R"({"display":"B"})", tag).status, 409);
  EXPECT_EQ(Send(owner, "PATCH", "orgs/acme", R"({"display":"B"})", "nonsense").status, 400);
}

TEST_F(TenancyApiTest, ASecretIsShownOnceAndNeverAgain) {
  const AdminActor owner = AdminActor::Owner();
  const ApiReply made = Send(owner, "POST", "keys", R"({"name":"k","parent":"acme/search"})");
  const std::string secret = Field(made, "secret");
  ASSERT_TRUE(secret.starts_with("gh_team_")) << made.body;
  std::string all;
  for (const char* path : {"keys", "keys?parent=acme%2Fsearch", "keys/acme%2Fsearch%2Fkey:k", "events?limit=1000"}) {
    const ApiReply reply = Send(owner, "GET", path);
    EXPECT_EQ(reply.status, 200) << path;
    all += reply.body;
  }
  EXPECT_EQ(all.find(secret), std::string::npos);
  EXPECT_EQ(all.find("digest"), std::string::npos);
  EXPECT_NE(all.find("\"hint\":\"" + secret.substr(secret.size() - 4)), std::string::npos);
}

TEST_F(TenancyApiTest, WhatBecomesOfAKeyIsTold) {
  const AdminActor owner = AdminActor::Owner();
  const ApiReply made = Send(ActorWith(Role::kAdmin, acme_), "POST", "keys", R"({"name":"k","parent":"acme/search"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = Field(made, "id");
  EXPECT_EQ(Send(owner, "POST", "keys/" + id + "/rotate").status, 200);
  EXPECT_EQ(Send(owner, "PATCH", "keys/" + id, R"({"models":["m"]})").status, 200);
  EXPECT_EQ(Send(owner, "PATCH", "keys/" + id, R"({"state":"suspended"})").status, 200);
  EXPECT_EQ(Send(owner, "PATCH", "keys/" + id, R"({"state":"active"})").status, 200);
  EXPECT_EQ(Send(owner, "PATCH", "teams/acme%2Fsearch", R"({"display":"x"})").status, 200) << "no key";
  EXPECT_EQ(Send(ActorWith(Role::kMember, acme_), "POST", "keys/" + id + "/rotate").status, 404) << "not let do it";
  EXPECT_EQ(Send(owner, "POST", "keys/" + id + "/revoke").status, 200);
  const std::string alice = std::to_string(alice_.value);
  const std::vector<std::string> expected = {"created by " + alice + " in 0", "rotated by owner in 0",
                                             "changed by owner in 0",         "suspended by owner in 0",
                                             "resumed by owner in 0",         "revoked by owner in 0"};
  EXPECT_EQ(told_, expected);
  EXPECT_EQ(keys_, std::vector<std::string>(6, id));
}

TEST_F(TenancyApiTest, EveryCallIsRecorded) {
  Send(AdminActor::Owner(), "POST", "orgs", R"({"name":"recorded"})");
  Send(ActorWith(Role::kMember, search_), "POST", "orgs", R"({"name":"mine"})");
  Send(ActorWith(Role::kAuditor, search_), "GET", "teams/acme%2Fsearch");
  const std::string events = Send(AdminActor::Owner(), "GET", "events?limit=1000").body;
  for (const char* part :
       {R"("actor":"owner","action":"org.create")", R"("actor":"acme/search/user:alice","action":"POST orgs")",
        R"("result":"denied")", R"("action":"GET teams")"}) {
    EXPECT_NE(events.find(part), std::string::npos) << part << events;
  }
}

}  // namespace
}  // namespace gatehouse::admin
