#include "admin/alerts_api.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "admin/test_exchange.h"
#include "codec/json/document.h"
#include "features/alerts/fake_receiver.h"
#include "features/alerts/schema.h"
#include "features/identity/tenancy_rig.h"

namespace gatehouse::admin {
namespace {

namespace alerts = features::alerts;

using features::identity::NodeId;
using features::identity::NodeKind;
using features::identity::Role;
using features::identity::RoleBinding;

class AlertsApiTest : public ::testing::Test {
 protected:
  AlertsApiTest() {
    EXPECT_TRUE(gateway_.Await(store::Migrate(database_.get(), loop_, alerts::AlertSchema(), gateway_.Soon())).ok());
    dispatcher_.Use({.channels = {{.name = "ops"}}}, {{"ops", channel_}});
  }
  AdminActor ActorWith(Role role, NodeId at) {
    return AdminActor({.id = alice_, .name = "acme/search/user:alice"},
                      {RoleBinding{.id = 1, .node = at, .subject = alice_, .role = role}});
  }
  base::Result<ApiReply> Send(const AdminActor& actor, std::string method, const std::string& path) {
    TestExchange exchange(loop_, std::move(method), "/admin/v1/" + path, "");
    return gateway_.Await(api_.Answer(exchange, actor));
  }
  // The body of an answer, or the message of a refusal.
  std::string Text(const AdminActor& actor, std::string method, const std::string& path) {
    const auto reply = Send(actor, std::move(method), path);
    return reply.ok() ? reply.value().body : reply.error().public_message;
  }
  std::uint16_t Status(const AdminActor& actor, std::string method, const std::string& path) {
    const auto reply = Send(actor, std::move(method), path);
    return reply.ok() ? reply.value().status : ReplyOf(reply.error()).status;
  }
  void Tell(std::int64_t id, std::int64_t at_ms, std::vector<NodeId> chain, std::string path) {
    alerts::Alert alert{.id = id, .at_ms = at_ms, .notice = alerts::NoticeFor("event-" + std::to_string(id))};
    alert.notice.chain = std::move(chain);
    alert.notice.path = std::move(path);
    const auto added = gateway_.Await(dispatcher_.outbox().Add(std::move(alert), {"mail"}, gateway_.Soon()));
    ASSERT_TRUE(added.ok()) << added.error().detail;
  }
  // The ids of a list, in its order.
  std::string Ids(const AdminActor& actor, const std::string& path) {
    codec::json::Document document;
    const std::string text = Text(actor, "GET", path);
    if (!document.Parse(text).ok()) return text;
    std::string ids;
    for (const auto item : document.root()["items"]) ids.append(item.value["id"].string()).append(" ");
    return ids;
  }

  net::EpollLoop loop_{base::SystemClock()};
  features::identity::SqliteTestDatabase database_;
  features::identity::TestGateway gateway_{loop_, database_.get()};
  base::LogWriter lines_{2};
  base::Log log_{lines_, base::SystemClock(), base::LogLevel::kError};
  std::shared_ptr<alerts::FakeChannel> channel_ = std::make_shared<alerts::FakeChannel>();
  alerts::Dispatcher dispatcher_{{.loop = loop_, .database = database_.get(), .log = log_}};
  AlertsApi api_{AlertServices{dispatcher_}, gateway_.directory};
  const NodeId acme_ = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId search_ = gateway_.Make(NodeKind::kTeam, acme_, "search");
  const NodeId other_ = gateway_.Make(NodeKind::kTeam, acme_, "other");
  const NodeId alice_ = gateway_.Make(NodeKind::kUser, search_, "alice");
};

TEST_F(AlertsApiTest, EveryRoleAtEveryEndpoint) {
  const struct {
    std::string method;
    std::string path;
    // owner admin team_admin operator approver auditor member, at the team
    std::array<std::uint16_t, features::identity::kRoles> at_team;
    std::array<std::uint16_t, features::identity::kRoles> everywhere;
  } calls[] = {
      {"GET", "alerts?node=acme%2Fsearch", {200, 200, 200, 200, 200, 200, 404}, {200, 200, 200, 200, 200, 200, 404}},
      {"GET", "alerts?node=acme%2Fother", {404, 404, 404, 404, 404, 404, 404}, {200, 200, 200, 200, 200, 200, 404}},
      {"GET", "alerts", {400, 400, 400, 400, 400, 400, 400}, {200, 200, 200, 200, 200, 200, 400}},
      {"GET", "alerts/channels", {403, 403, 403, 403, 403, 403, 403}, {200, 200, 403, 200, 403, 403, 403}},
      {"POST", "alerts/channels/ops/test", {403, 403, 403, 403, 403, 403, 403}, {200, 200, 403, 200, 403, 403, 403}},
  };
  for (const auto& call : calls) {
    for (int i = 0; i < features::identity::kRoles; ++i) {
      const auto role = static_cast<Role>(i);
      const auto at = static_cast<std::size_t>(i);
      EXPECT_EQ(Status(ActorWith(role, search_), call.method, call.path), call.at_team.at(at))
          << ToString(role) << " at the team: " << call.method << " " << call.path;
      EXPECT_EQ(Status(ActorWith(role, {}), call.method, call.path), call.everywhere.at(at))
          << ToString(role) << " everywhere: " << call.method << " " << call.path;
    }
  }
}

TEST_F(AlertsApiTest, AListIsNewestFirstOfWhatIsAtOrBelowANode) {
  Tell(1, 1'000'000, {acme_}, "acme");
  Tell(2, 2'000'000, {acme_, search_}, "acme/search");
  Tell(3, 3'000'000, {acme_, other_}, "acme/other");
  Tell(4, 4'000'000, {}, "");
  const AdminActor owner = AdminActor::Owner();
  EXPECT_EQ(Ids(owner, "alerts"), "alert_4 alert_3 alert_2 alert_1 ");
  EXPECT_EQ(Ids(owner, "alerts?node=acme"), "alert_3 alert_2 alert_1 ");
  EXPECT_EQ(Ids(owner, "alerts?node=acme%2Fsearch"), "alert_2 ");
  EXPECT_EQ(Ids(owner, "alerts?limit=2"), "alert_4 alert_3 ");
  EXPECT_EQ(Ids(owner, "alerts?before=1970-01-01T00:50:00Z"), "alert_2 alert_1 ");
  EXPECT_EQ(Ids(ActorWith(Role::kAuditor, search_), "alerts?node=acme%2Fsearch"), "alert_2 ");
}

TEST_F(AlertsApiTest, AnAlertSaysWhatBecameOfIt) {
  Tell(1, 1'000'000, {acme_}, "acme");
  auto due = gateway_.Await(dispatcher_.outbox().DueAt("mail", 2'000'000, 10, gateway_.Soon())).value();
  ASSERT_EQ(due.size(), 1U);
  ASSERT_TRUE(gateway_.Await(dispatcher_.outbox().Claim(due[0], 3'000'000, gateway_.Soon())).ok());
  ASSERT_TRUE(
      gateway_
          .Await(dispatcher_.outbox().Note(
              due[0],
              {.state = alerts::Outbox::State::kFailed, .at_ms = 2'500'000, .next_ms = 0, .said = "554 5.6.0 \"no\""},
              gateway_.Soon()))
          .ok());
  const std::string text = Text(AdminActor::Owner(), "GET", "alerts");
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(text).ok()) << text;
  const auto alert = document.root()["items"].at(0);
  EXPECT_EQ(alert["at"].string(), "1970-01-01T00:16:40Z");
  EXPECT_EQ(alert["kind"].string(), "budget.threshold");
  EXPECT_EQ(alert["severity"].string(), "warning");
  EXPECT_EQ(alert["facts"]["spent"].string(), "80");
  const auto delivery = alert["deliveries"].at(0);
  EXPECT_EQ(delivery["channel"].string(), "mail");
  EXPECT_EQ(delivery["state"].string(), "failed");
  EXPECT_EQ(delivery["said"].string(), "554 5.6.0 \"no\"");
  EXPECT_EQ(delivery["changed"].string(), "1970-01-01T00:41:40Z");
}

TEST_F(AlertsApiTest, ATestIsSentAndSaysWhatWasSaid) {
  const AdminActor owner = AdminActor::Owner();
  EXPECT_EQ(Text(owner, "POST", "alerts/channels/ops/test"), R"({"delivered":true,"said":"200"})");
  ASSERT_EQ(channel_->sent.size(), 1U);
  EXPECT_EQ(channel_->sent.front().notice.kind, features::common::kTestNotice);
  EXPECT_NE(channel_->sent.front().notice.text.find("asked for by owner"), std::string::npos);
  channel_->answers = {{.outcome = alerts::Attempted::Outcome::kRefused, .said = "550 no", .retry_after = {}}};
  EXPECT_EQ(Text(owner, "POST", "alerts/channels/ops/test"), R"({"delivered":false,"said":"550 no"})");
  EXPECT_EQ(Status(owner, "POST", "alerts/channels/nobody/test"), 404);
  EXPECT_EQ(channel_->sent.size(), 2U);
}

TEST_F(AlertsApiTest, ChannelsAreShownWithoutTheirSecrets) {
  EXPECT_EQ(Text(AdminActor::Owner(), "GET", "alerts/channels"),
            R"({"items":[{"channel":"ops","kind":"fake","target":"nowhere","delivered":0,"failed_attempts":0,)"
            R"("given_up":0,"problem":""}]})");
}

TEST_F(AlertsApiTest, BadInputIsRefusedByName) {
  const AdminActor owner = AdminActor::Owner();
  const struct {
    std::string method;
    std::string path;
    std::uint16_t status;
    std::string message;
  } cases[] = {
      {"GET", "alerts?limit=0", 400, "`limit` must be from 1 to 1000."},
      {"GET", "alerts?limit=1001", 400, "`limit` must be from 1 to 1000."},
      {"GET", "alerts?limit=x", 400, "limit"},
      {"GET", "alerts?before=yesterday", 400, "`before` must be a date or a time"},
      {"GET", "alerts?kind=x", 400, "Unknown parameter `kind`."},
      {"GET", "alerts?node=nowhere", 404, ""},
      {"POST", "alerts", 405, "Use GET here."},
      {"POST", "alerts/channels", 405, "Use GET here."},
      {"GET", "alerts/channels/ops/test", 405, "Use POST here."},
      {"GET", "alerts/channels/ops", 404, ""},
      {"GET", "alerts/other", 404, ""},
      {"POST", "alerts/channels/ops/other", 404, ""},
      {"POST", "alerts/channels/ops/test/more", 404, ""},
      {"GET", "alerts/%zz", 404, ""},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Status(owner, one.method, one.path), one.status) << one.method << " " << one.path;
    EXPECT_NE(Text(owner, one.method, one.path).find(one.message), std::string::npos)
        << one.path << ": " << Text(owner, one.method, one.path);
  }
  EXPECT_TRUE(channel_->sent.empty());
}

}  // namespace
}  // namespace gatehouse::admin
