#include "admin/gateways_api.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "admin/test_exchange.h"
#include "features/accounting/test_cluster.h"
#include "features/identity/tenancy_rig.h"

namespace gatehouse::admin {
namespace {

namespace accounting = features::accounting;

using features::identity::NodeId;
using features::identity::Role;
using features::identity::RoleBinding;
using std::chrono::seconds;
using State = accounting::GatewayRecord::State;

class GatewaysApiTest : public ::testing::Test {
 protected:
  // Begins or begins again.
  accounting::FakeGateway& Start(std::int64_t journal) {
    auto& gateway = gateways_[journal];
    gateway.reset();
    gateway = std::make_unique<accounting::FakeGateway>(loop_, values_, records_, log_, journal, limits_);
    const auto started = loop_.AwaitFor(gateway->lessor->Start(loop_.In(seconds(30))), seconds(60));
    EXPECT_TRUE(started && started->ok());
    return *gateway;
  }
  AccountingServices Services(accounting::FakeGateway& of) {
    return {.limits = book_,
            .treasury = of.treasury,
            .adjustments = adjustments_,
            .zones = zones_,
            .database = database_.get(),
            .lessor = of.lessor.get(),
            .gateways = &records_};
  }
  std::string Text(net::Task<base::Result<ApiReply>> task) {
    const auto reply = loop_.AwaitFor(std::move(task), seconds(120));
    if (!reply) return "unanswered";
    return reply->ok() ? reply->value().body : reply->error().public_message;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::LogWriter writer_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  base::Log log_{writer_, clock_, base::LogLevel::kError};
  store::memory::SharedValues values_{clock_};
  accounting::FakeRecords records_;
  accounting::Treasury::Limits limits_;
  features::identity::SqliteTestDatabase database_;
  features::common::ZoneFiles zones_;
  accounting::Treasury treasury_;
  accounting::LimitBook book_{database_.get(), treasury_, zones_};
  accounting::Adjustments adjustments_{database_.get(), treasury_};
  std::map<std::int64_t, std::unique_ptr<accounting::FakeGateway>> gateways_;
};

TEST_F(GatewaysApiTest, AGatewayThatIsAloneSaysSo) {
  const AccountingServices alone{.limits = book_,
                                 .treasury = treasury_,
                                 .adjustments = adjustments_,
                                 .zones = zones_,
                                 .database = database_.get()};
  EXPECT_EQ(Text(ListGateways(alone, loop_)), "This gateway is alone: it shares its budgets with no other.");
  EXPECT_EQ(Text(ReleaseGateway(alone, "gateway-1", loop_)),
            "This gateway is alone: it shares its budgets with no other.");
}

TEST_F(GatewaysApiTest, AllAreListedWithHowTheyAre) {
  accounting::FakeGateway& here = Start(101);
  records_.gateways[7] = {.journal = 7, .name = "old", .state = State::kClosed, .incarnation = 3, .seen_ms = 5000};
  EXPECT_EQ(Text(ListGateways(Services(here), loop_)),
            R"({"items":[{"name":"old","id":"7","state":"closed","starts":3,"changed":"1970-01-01T00:00:05Z"},)"
            R"({"name":"gateway-101","id":"101","state":"open","starts":1,"changed":"1970-01-01T00:00:00Z"}]})");
}

TEST_F(GatewaysApiTest, OnlyTheDeadAreReleased) {
  accounting::FakeGateway& here = Start(101);
  Start(102);
  const std::string refused = Text(ReleaseGateway(Services(here), "gateway-102", loop_));
  EXPECT_EQ(refused.find("released"), std::string::npos) << refused;
  EXPECT_NE(refused, "");
  EXPECT_EQ(records_.gateways.at(102).state, State::kOpen);
  gateways_.erase(102);
  loop_.Advance(seconds(20));
  EXPECT_EQ(Text(ReleaseGateway(Services(here), "gateway-102", loop_)), R"({"released":1})");
  EXPECT_EQ(records_.gateways.at(102).state, State::kReleased);
  EXPECT_EQ(Text(ReleaseGateway(Services(here), "gateway-102", loop_)), R"({"released":0})") << "it has nothing more";
}

TEST_F(GatewaysApiTest, OneThatNobodyKnowsIsNotThere) {
  EXPECT_EQ(Text(ReleaseGateway(Services(Start(101)), "gateway-9", loop_)), "There is no gateway of that name.");
}

// Who may ask at all, before it is looked whether there is anything to tell.
TEST(GatewaysApi, IsForOperators) {
  net::EpollLoop loop(base::SystemClock());
  features::identity::SqliteTestDatabase database;
  features::identity::TestGateway gateway(loop, database.get());
  const features::common::ZoneFiles zones;
  accounting::Treasury treasury;
  accounting::LimitBook book(database.get(), treasury, zones);
  accounting::Adjustments adjustments(database.get(), treasury);
  AccountingApi api(
      {.limits = book, .treasury = treasury, .adjustments = adjustments, .zones = zones, .database = database.get()},
      gateway.directory);
  const NodeId user{5};
  const auto status = [&](Role role, std::string method, std::string path) {
    const AdminActor actor({.id = user, .name = "acme/user:bo"},
                           {RoleBinding{.id = 1, .node = {}, .subject = user, .role = role}});
    TestExchange exchange(loop, std::move(method), "/admin/v1/" + path, "");
    const auto reply = gateway.Await(api.Answer(exchange, actor));
    return reply.ok() ? reply.value().status : ReplyOf(reply.error()).status;
  };
  // owner admin team_admin operator approver auditor member; nobody else is there: 404
  const std::array<std::uint16_t, features::identity::kRoles> expected = {404, 404, 403, 404, 403, 403, 403};
  for (int i = 0; i < features::identity::kRoles; ++i) {
    EXPECT_EQ(status(static_cast<Role>(i), "GET", "gateways"), expected.at(static_cast<std::size_t>(i))) << i;
    EXPECT_EQ(status(static_cast<Role>(i), "DELETE", "gateways/a"), expected.at(static_cast<std::size_t>(i))) << i;
  }
  EXPECT_EQ(status(Role::kOwner, "POST", "gateways"), 405);
  EXPECT_EQ(status(Role::kOwner, "GET", "gateways/a"), 405);
}

}  // namespace
}  // namespace gatehouse::admin
