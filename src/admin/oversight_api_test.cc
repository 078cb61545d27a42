#include "admin/oversight_api.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "admin/test_exchange.h"
#include "codec/json/document.h"
#include "features/identity/tenancy_rig.h"
#include "features/oversight/schema.h"
#include "features/oversight/stop_book.h"
#include "features/oversight/witness.h"

namespace gatehouse::admin {
namespace {

namespace oversight = features::oversight;

using features::identity::NodeId;
using features::identity::NodeKind;
using features::identity::Role;
using features::identity::RoleBinding;

struct Silent final : oversight::Witness {
  void NoteStop(const oversight::Stop&, const oversight::Halted&) override {}
  void NoteLift(const oversight::Stop&) override {}
  void NoteRequest(const oversight::Approval&) override {}
  void NoteVote(const oversight::Approval&, const oversight::Vote&) override {}
  void NoteOutcome(const oversight::Approval&) override {}
};

class OversightApiTest : public ::testing::Test {
 protected:
  OversightApiTest() {
    const auto schema = oversight::OversightSchema();
    EXPECT_TRUE(gateway_.Await(store::Migrate(database_.get(), loop_, schema, gateway_.Soon())).ok());
  }
  AdminActor ActorWith(Role role, NodeId at) {
    return AdminActor({.id = alice_, .name = "acme/search/user:alice"},
                      {RoleBinding{.id = 1, .node = at, .subject = alice_, .role = role}});
  }
  base::Result<ApiReply> Send(const AdminActor& actor, std::string method, const std::string& path,
                              std::string body = {}) {
    TestExchange exchange(loop_, std::move(method), "/admin/v1/" + path, std::move(body));
    return gateway_.Await(api_.Answer(exchange, actor));
  }
  std::string Text(const AdminActor& actor, std::string method, const std::string& path, std::string body = {}) {
    const auto reply = Send(actor, std::move(method), path, std::move(body));
    return reply.ok() ? reply.value().body : reply.error().public_message;
  }
  std::uint16_t Status(const AdminActor& actor, std::string method, const std::string& path, std::string body = {}) {
    const auto reply = Send(actor, std::move(method), path, std::move(body));
    return reply.ok() ? reply.value().status : ReplyOf(reply.error()).status;
  }
  std::string IdOf(const std::string& json) {
    codec::json::Document document;
    return document.Parse(json).ok() ? std::string(document.root()["id"].string()) : "";
  }

  net::EpollLoop loop_{base::SystemClock()};
  features::identity::SqliteTestDatabase database_;
  features::identity::TestGateway gateway_{loop_, database_.get()};
  Silent witness_;
  oversight::KillSwitch switch_{{.loop = loop_, .database = database_.get(), .witness = witness_}};
  oversight::ApprovalQueue queue_{{.loop = loop_, .database = database_.get(), .witness = witness_}};
  const ReviewSettings settings_;
  OversightApi api_{OversightServices{.kill_switch = switch_, .approvals = queue_, .settings = settings_},
                    gateway_.directory};
  const NodeId acme_ = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId search_ = gateway_.Make(NodeKind::kTeam, acme_, "search");
  const NodeId other_ = gateway_.Make(NodeKind::kTeam, acme_, "other");
  const NodeId alice_ = gateway_.Make(NodeKind::kUser, search_, "alice");
};

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
        const std::string lift = "stops/" + IdOf(reply.value().body) + "/lift";
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
  EXPECT_EQ(Status(ActorWith(Role::kMember, search_), "POST", "stops/" + IdOf(all) + "/lift"), 404);
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
    const auto wall = loop_.clock().Wall().time_since_epoch();
    fresh.created_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
    fresh.decide_by_ms = fresh.created_ms + 600'000;
    fresh.use_within_ms = 60'000;
    const auto submitted =
        gateway_.Await(queue_.Submit({.loop = loop_, .deadline = gateway_.Soon()}, fresh, oversight::ApprovalBounds()));
    EXPECT_TRUE(submitted.ok()) << (submitted.ok() ? "" : submitted.error().detail);
    return submitted.ok() ? submitted.value().approval.Word() : "";
  }
  AdminActor Boss(Role role, NodeId at) {
    return AdminActor({.id = boss_, .name = "acme/user:boss"},
                      {RoleBinding{.id = 1, .node = at, .subject = boss_, .role = role}});
  }

  const NodeId boss_ = gateway_.Make(NodeKind::kUser, acme_, "boss");
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
