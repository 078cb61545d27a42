#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/admin_actor.h"
#include "admin/api_request.h"
#include "base/result.h"
#include "features/identity/tenancy.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// What an endpoint answers.
struct ApiReply {
  std::uint16_t status = 200;
  std::string body;
  std::int64_t version = 0;                            // of what is shown, for the ETag; 0: none
  std::string_view content_type = "application/json";  // a constant
};

// The JSON of an error, and its status.
ApiReply ReplyOf(const base::Error& error);

// /admin/v1/orgs, teams, projects, users, apps, agents, keys, roles, events and me (docs/tenancy.md). Belongs to the
// admin loop. Every call is checked against the caller's roles and recorded; what the caller may not see is not there.
class TenancyApi {
 public:
  explicit TenancyApi(const TenancyServices& services) : services_(services) {}

  // Whether a path below /admin/v1/ is one of these.
  static bool Serves(std::string_view path);
  net::Task<ApiReply> Answer(http::ServerExchange& exchange, AdminActor actor);
  // Of a call that somebody else answers. `error` null: it was done.
  net::Task<> RecordCall(http::ServerExchange& exchange, const AdminActor& actor, const base::Error* error);

 private:
  // One request. Lives in the frame of Answer().
  struct Request {
    http::ServerExchange& exchange;
    const AdminActor& actor;
    features::identity::Call call;
    std::vector<std::string> parts;  // of the path: "keys", "acme/key:ci", "rotate"
  };
  using Node = features::identity::Node;
  using NodeId = features::identity::NodeId;
  using NodeKind = features::identity::NodeKind;
  using Permission = features::identity::Permission;
  using Answered = net::Task<base::Result<ApiReply>>;

  Answered Dispatch(Request& request);
  Answered OnCollection(Request& request, NodeKind kind);
  Answered OnNode(Request& request, NodeKind kind);
  Answered OnRoles(Request& request);
  Answered List(Request& request, NodeKind kind);
  Answered Create(Request& request, NodeKind kind);
  Answered CreateKey(Request& request, ApiBody body, NodeId parent);
  Answered Show(Request& request, NodeId id);
  Answered Change(Request& request, NodeId id);
  Answered Delete(Request& request, NodeId id);
  Answered Rotate(Request& request, NodeId id);
  Answered ListRoles(Request& request);
  Answered Grant(Request& request);
  Answered RevokeRole(Request& request);
  Answered Events(Request& request);
  base::Result<ApiReply> Me(const Request& request) const;

  const features::identity::Directory& directory() const { return services_.tenancy.directory(); }
  // A node that the caller sees, by its id or path; kNotFound for all others.
  base::Result<NodeId> Resolve(const Request& request, std::string_view reference) const;
  base::Result<NodeId> ResolveParent(const Request& request, std::string_view reference) const;
  base::Status Require(const Request& request, Permission permission, NodeId node) const;
  // Whoever changes a user, or what opens the admin API in a user's name, must be able to give what the user has.
  net::Task<base::Status> RequireAuthority(Request& request, NodeId node);
  net::Task<> Record(const Request& request, const base::Error* error);
  // `organization` 0: that of the key.
  void TellOfKey(const Request& request, std::string_view what, NodeId key, NodeId organization = {}) const;
  NodeId OrganizationOf(NodeId node) const;
  ApiReply Shown(std::uint16_t status, const Node& node, std::string_view secret = {}) const;

  const TenancyServices services_;
};

}  // namespace gatehouse::admin
