#pragma once

// For tests; never included by product code.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "admin/admin_actor.h"
#include "admin/tenancy_api.h"
#include "admin/test_exchange.h"
#include "codec/json/document.h"
#include "features/identity/tenancy_rig.h"
#include "net/epoll_loop.h"

namespace gatehouse::admin {

// A gateway's control plane on a database of its own, for tests of endpoints: an organization `acme` with the teams
// `search` and `other`, and a user `alice` of the first.
class AdminApiTest : public ::testing::Test {
 protected:
  using NodeId = features::identity::NodeId;
  using NodeKind = features::identity::NodeKind;
  using Role = features::identity::Role;

  // Alice with that role there.
  AdminActor ActorWith(Role role, NodeId at) { return ActorOf(alice_, "acme/search/user:alice", role, at); }
  static AdminActor ActorOf(NodeId who, std::string name, Role role, NodeId at) {
    return AdminActor({.id = who, .name = std::move(name)},
                      {features::identity::RoleBinding{.id = 1, .node = at, .subject = who, .role = role}});
  }
  // What an endpoint answers to a request.
  template <class Api>
  auto SendTo(Api& api, const AdminActor& actor, std::string method, const std::string& path, std::string body = {},
              const std::string& if_match = {}) {
    TestExchange exchange(loop_, std::move(method), "/admin/v1/" + path, std::move(body));
    if (!if_match.empty()) exchange.request().headers.Add("if-match", if_match);
    return gateway_.Await(api.Answer(exchange, actor));
  }
  // A member of an answer, or of its error.
  static std::string Field(const std::string& json, std::string_view name) {
    codec::json::Document document;
    EXPECT_TRUE(document.Parse(json).ok()) << json;
    const auto root = document.root();
    const auto value = root["error"].IsObject() ? root["error"][name] : root[name];
    return std::string(value.IsString() ? value.string() : value.raw());
  }

  net::EpollLoop loop_{base::SystemClock()};
  features::identity::SqliteTestDatabase database_;
  features::identity::TestGateway gateway_{loop_, database_.get()};
  const NodeId acme_ = gateway_.Make(NodeKind::kOrganization, {}, "acme");
  const NodeId search_ = gateway_.Make(NodeKind::kTeam, acme_, "search");
  const NodeId other_ = gateway_.Make(NodeKind::kTeam, acme_, "other");
  const NodeId alice_ = gateway_.Make(NodeKind::kUser, search_, "alice");
};

}  // namespace gatehouse::admin
