#include "admin/oversight_api.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "admin/oversight_rig.h"

namespace gatehouse::admin {
namespace {

namespace oversight = features::oversight;

using features::identity::NodeId;
using features::identity::Role;

// The first id in a list.
std::string IdIn(const std::string& json) {
  const auto begin = json.find("\"id\":\"") + 6;
  return json.substr(begin, json.find('"', begin) - begin);
}

TEST_F(OversightApiTest, WhoMayStopWhat) {
  const struct {
    std::string body;
    // owner admin team_admin operator approver auditor member, at the team
    std::array<std::uint16_t, features::identity::kRoles> at_team;
    std::array<std::uint16_t, features::identity::kRoles> everywhere;
  } cases[] = {
      {R"({"scope":"node","node":"acme/search","reason":"r"})",
       {201, 201, 403, 201, 201, 403, 403},
       {201, 201, 403, 201, 201, 403, 403}},
      {R"({"scope":"node","node":"acme/other","reason":"r"})",
       {403, 403, 403, 403, 403, 403, 403},
       {201, 201, 403, 201, 201, 403, 403}},
      {R"({"scope":"all","reason":"r"})", {403, 403, 403, 403, 403, 403, 403}, {201, 201, 403, 201, 201, 403, 403}},
      {R"({"scope":"model","name":"m","reason":"r"})",
       {403, 403, 403, 403, 403, 403, 403},
       {201, 201, 403, 201, 201, 403, 403}},
  };
  const AdminActor owner = AdminActor::Owner();
  const AdminActor admin = AdminActor({.id = {}, .name = "directory:eve"}, {{.role = Role::kAdmin}});
  for (const auto& one : cases) {
    for (int i = 0; i < features::identity::kRoles; ++i) {
      for (const bool everywhere : {false, true}) {
        const auto reply =
            Send(ActorWith(static_cast<Role>(i), everywhere ? NodeId() : search_), "POST", "stops", one.body);
        const auto& expected = everywhere ? one.everywhere : one.at_team;
        EXPECT_EQ(reply.ok() ? reply.value().status : ReplyOf(reply.error()).status,
                  expected.at(static_cast<std::size_t>(i)))
            << ToString(static_cast<Role>(i)) << " " << everywhere << " " << one.body;
        if (!reply.ok()) continue;
        const std::string lift = "stops/" + Field(reply.value().body, "id") + "/lift";
        EXPECT_EQ(Status(owner, "POST", lift), 200);
        EXPECT_EQ(Status(owner, "POST", lift), 409);
        EXPECT_EQ(Status(admin, "POST", lift), 200);
        EXPECT_EQ(Status(admin, "POST", lift), 409);
      }
    }
  }
}

TEST_F(OversightApiTest, AListShowsWhatOneMaySee) {
  const AdminActor owner = AdminActor::Owner();
  ASSERT_EQ(Status(owner, "POST", "stops", R"({"scope":"node","node":"acme/search","reason":"r1"})"), 201);
  ASSERT_EQ(Status(owner, "POST", "stops", R"({"scope":"tool","name":"shell","reason":"r2"})"), 201);
  const std::string all = Text(owner, "GET", "stops");
  EXPECT_NE(all.find("\"reason\":\"r1\""), std::string::npos) << all;
  EXPECT_NE(all.find("\"scope\":\"tool\",\"name\":\"shell\",\"state\":\"in_force\""), std::string::npos) << all;
  const std::string part = Text(ActorWith(Role::kAuditor, search_), "GET", "stops");
  EXPECT_NE(part.find("r1"), std::string::npos) << part;
  EXPECT_EQ(part.find("r2"), std::string::npos) << part;
  EXPECT_EQ(Text(ActorWith(Role::kMember, search_), "GET", "stops"), R"({"items":[]})");
  EXPECT_EQ(Status(ActorWith(Role::kMember, search_), "POST", "stops/" + IdIn(all) + "/lift"), 404);
}

TEST_F(OversightApiTest, BadInputIsRefusedByName) {
  const AdminActor owner = AdminActor::Owner();
  const struct {
    std::string method;
    std::string path;
    std::string body;
    std::uint16_t status;
    std::string message;
  } cases[] = {
      {"POST", "stops", R"({"scope":"some","reason":"r"})", 400, "`scope`"},
      {"POST", "stops", R"({"scope":"model","reason":"r"})", 400, "`name`"},
      {"POST", "stops", R"({"scope":"all","name":"m","reason":"r"})", 400, "`name`"},
      {"POST", "stops", R"({"scope":"node","reason":"r"})", 400, "`node`"},
      {"POST", "stops", R"({"scope":"node","node":"acme/nowhere","reason":"r"})", 404, ""},
      {"POST", "stops", R"({"scope":"all"})", 400, "`reason`"},
      {"POST", "stops", R"({"scope":"all","reason":"r","force":"yes"})", 400, "force"},
      {"POST", "stops", R"({"scope":"all","reason":")" + std::string(1001, 'x') + "\"}", 400, "`reason`"},
      {"POST", "stops", "[", 400, ""},
      {"PUT", "stops", "", 405, "GET or POST"},
      {"GET", "stops?limit=0", "", 400, "`limit`"},
      {"GET", "stops?what=x", "", 400, "what"},
      {"GET", "stops/stop_1", "", 404, ""},
      {"GET", "stops/stop_1/lift", "", 405, "POST"},
      {"POST", "stops/stop_1/lift", "", 404, ""},
      {"POST", "stops/1/lift", "", 404, ""},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Status(owner, one.method, one.path, one.body), one.status) << one.method << " " << one.path << one.body;
    EXPECT_NE(Text(owner, one.method, one.path, one.body).find(one.message), std::string::npos) << one.path << one.body;
  }
  EXPECT_EQ(switch_.size(), 0U);
}

class ApprovalsApiTest : public OversightApiTest {
 protected:
  // A request of alice's for approval.
  std::string Ask(std::string binding, std::int64_t quorum = 1) {
    oversight::Approval fresh{.id = oversight::NewId(), .binding = std::move(binding), .quorum = quorum};
    fresh.chain = {acme_, search_, alice_};
    fresh.path = "acme/search/alice";
    fresh.rule = "ask-first";
    fresh.created_ms = NowMs();
    fresh.decide_by_ms = fresh.created_ms + 600'000;
    fresh.use_within_ms = 60'000;
    const auto submitted =
        gateway_.Await(queue_.Submit({.loop = loop_, .deadline = gateway_.Soon()}, fresh, oversight::ApprovalBounds()));
    EXPECT_TRUE(submitted.ok()) << (submitted.ok() ? "" : submitted.error().detail);
    return submitted.ok() ? submitted.value().approval.Word() : "";
  }
};

TEST_F(ApprovalsApiTest, WhoMayDecide) {
  // owner admin team_admin operator approver auditor member
  constexpr std::array<std::uint16_t, features::identity::kRoles> kAtTeam = {200, 200, 404, 404, 200, 403, 404};
  for (int i = 0; i < features::identity::kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    const std::string id = Ask("b" + std::to_string(i));
    EXPECT_EQ(Status(Boss(role, other_), "POST", "approvals/" + id + "/approve"), 404) << ToString(role);
    EXPECT_EQ(Status(Boss(role, search_), "POST", "approvals/" + id + "/approve"),
              kAtTeam.at(static_cast<std::size_t>(i)))
        << ToString(role);
  }
}

TEST_F(ApprovalsApiTest, NobodyApprovesHisOwnAndASecondDecisionIsAConflict) {
  const std::string id = Ask("b", 2);
  EXPECT_EQ(Status(ActorWith(Role::kApprover, search_), "POST", "approvals/" + id + "/approve"), 403);
  EXPECT_EQ(Status(Boss(Role::kApprover, acme_), "POST", "approvals/" + id + "/approve"), 200);
  EXPECT_EQ(Status(Boss(Role::kApprover, acme_), "POST", "approvals/" + id + "/approve"), 409);
  const AdminActor owner = AdminActor::Owner();
  const std::string approved = Text(owner, "POST", "approvals/" + id + "/approve", R"({"reason":"fine"})");
  EXPECT_NE(approved.find("\"state\":\"approved\""), std::string::npos) << approved;
  EXPECT_NE(approved.find("\"by\":\"acme/user:boss\",\"says\":\"approve\""), std::string::npos) << approved;
  EXPECT_EQ(Status(owner, "POST", "approvals/" + id + "/deny", R"({"reason":"no"})"), 409);
  EXPECT_EQ(Status(owner, "POST", "approvals/" + id + "/revoke", R"({"reason":"no"})"), 200);
  EXPECT_EQ(Status(owner, "POST", "approvals/" + id + "/revoke", R"({"reason":"no"})"), 409);
  const std::string review = Text(owner, "GET", "approvals/reviewers");
  EXPECT_NE(review.find("\"reviewer\":\"owner\""), std::string::npos) << review;
}

TEST_F(ApprovalsApiTest, BadInputIsRefusedByName) {
  const AdminActor owner = AdminActor::Owner();
  const std::string id = Ask("b");
  const struct {
    std::string method;
    std::string path;
    std::string body;
    std::uint16_t status;
    std::string message;
  } cases[] = {
      {"GET", "approvals?state=odd", "", 400, "odd"},
      {"GET", "approvals?limit=0", "", 400, "`limit`"},
      {"GET", "approvals?node=nowhere", "", 404, ""},
      {"GET", "approvals/apr_1", "", 404, ""},
      {"GET", "approvals/1", "", 404, ""},
      {"PUT", "approvals", "", 405, "GET"},
      {"GET", "approvals/" + id + "/approve", "", 405, "POST"},
      {"POST", "approvals/" + id + "/bless", "", 404, ""},
      {"POST", "approvals/" + id + "/deny", "", 400, "`reason`"},
      {"POST", "approvals/" + id + "/approve", R"({"why":"x"})", 400, "why"},
      {"POST", "approvals/" + id + "/approve/now", "", 404, ""},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Status(owner, one.method, one.path, one.body), one.status) << one.method << " " << one.path << one.body;
    EXPECT_NE(Text(owner, one.method, one.path, one.body).find(one.message), std::string::npos) << one.path << one.body;
  }
  EXPECT_NE(Text(owner, "GET", "approvals/" + id).find("\"state\":\"pending\""), std::string::npos);
  EXPECT_EQ(Text(Boss(Role::kMember, acme_), "GET", "approvals"), R"({"items":[]})");
}

}  // namespace
}  // namespace gatehouse::admin
