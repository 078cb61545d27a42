#include "admin/admin_actor.h"

#include <algorithm>
#include <utility>

#include "admin/api_refusal.h"
#include "admin/api_request.h"
#include "admin/directory_login.h"
#include "base/secret.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"

namespace gatehouse::admin {
namespace {

using features::identity::Directory;
using features::identity::NodeId;
using features::identity::Permission;
using features::identity::RoleBinding;

bool IsWithin(NodeId node, NodeId part, const Directory& directory) {
  if (part.value == 0) return true;
  return std::ranges::any_of(directory.ChainOf(node), [&](const auto& link) { return link.id == part; });
}

base::Error Stranger() {
  return {.code = base::ErrorCode::kUnauthenticated,
          .source = base::ErrorSource::kClient,
          .public_message =
              "Send the admin password by HTTP Basic authentication, or a token of the admin API "
              "(gh_admin_...) as bearer token."};
}

// What was shown: a bearer token, or name and password of Basic (RFC 7617).
struct Shown {
  std::string user;
  base::Secret secret;
};

Shown ShownBy(const http::RequestHead& head) {
  constexpr std::string_view kBasic = "Basic ";
  constexpr std::string_view kBearer = "Bearer ";
  const auto value = head.headers.Find("authorization").value_or("");
  if (value.starts_with(kBearer))
    return {.user = {}, .secret = base::Secret(std::string(value.substr(kBearer.size())))};
  if (!value.starts_with(kBasic)) return {};
  auto decoded = codec::crypto::Base64Decode(value.substr(kBasic.size()));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return {};
  const base::Secret both(*std::move(decoded));
  return {.user = std::string(both.Reveal().substr(0, colon)),
          .secret = base::Secret(std::string(both.Reveal().substr(colon + 1)))};
}

}  // namespace

AdminActor AdminActor::Owner() {
  return AdminActor({.id = {}, .name = "owner"}, {{.role = features::identity::Role::kOwner}});
}

std::string AdminActor::word() const {
  if (author_.id.value != 0) return std::to_string(author_.id.value);
  return author_.name == "owner" ? "owner" : "directory";
}

bool AdminActor::May(Permission permission, NodeId node, const Directory& directory) const {
  return std::ranges::any_of(roles_, [&](const RoleBinding& binding) {
    return features::identity::Permits(binding.role, permission) && IsWithin(node, binding.node, directory);
  });
}

bool AdminActor::Owns(NodeId node, const Directory& directory) const {
  return author_.id.value != 0 && IsWithin(node, author_.id, directory);
}

bool AdminActor::Sees(NodeId node, const Directory& directory) const {
  return May(Permission::kSeeTree, node, directory) || Owns(node, directory);
}

bool AdminActor::MayGrant(const RoleBinding& granted, const Directory& directory) const {
  return std::ranges::any_of(roles_, [&](const RoleBinding& binding) {
    return features::identity::MayGrant(binding.role, granted.role) && IsWithin(granted.node, binding.node, directory);
  });
}

base::Result<NodeId> NodeAskedFor(const http::RequestHead& head, const AdminActor& actor, const Directory& directory) {
  const std::string path = QueryParameter(head, "node");
  if (path.empty()) {
    if (actor.May(Permission::kSeeTree, {}, directory)) return NodeId{};
    return base::InvalidRequest("Say with `node` where to look: you see only a part of the tree.", "node");
  }
  const auto place = directory.FindPath(path);
  if (!place || !actor.May(Permission::kSeeTree, place->id, directory)) return NoSuch("node");
  return place->id;
}

net::Task<base::Result<AdminActor>> IdentifyActor(http::ServerExchange& exchange, const TenancyServices& services,
                                                  AdminDoor door, net::Deadline deadline) {
  constexpr std::string_view kOfKeys = "gh_";  // no key is ever shown to a directory
  Shown shown = ShownBy(exchange.head());
  if (shown.secret.empty()) co_return Stranger();
  const std::string_view secret = shown.secret.Reveal();
  const auto digest = codec::crypto::Sha256(secret);
  if (codec::crypto::ConstantTimeEquals(codec::crypto::AsText(digest), door.password_digest)) {
    co_return AdminActor::Owner();
  }
  const auto access = features::identity::IdentifyKey(
      services.keys, {.secret = secret, .client_address = exchange.peer().address}, exchange.loop().clock().Wall());
  if (!access.ok()) {
    if (access.error().code == base::ErrorCode::kDenied) co_return access.error();
    if (door.directory == nullptr || shown.user.empty() || secret.starts_with(kOfKeys)) co_return Stranger();
    co_return co_await door.directory->Identify(exchange, services, std::move(shown.user), std::move(shown.secret),
                                                deadline);
  }
  if (access.value().scope != features::identity::kAdminScope) co_return Stranger();
  const auto& chain = access.value().principal->chain;
  const NodeId user = chain.size() < 2 ? NodeId() : chain[chain.size() - 2].id;
  features::identity::Author author{.id = user, .name = services.tenancy.directory().PathOf(user)};
  features::identity::Call call{.loop = exchange.loop(), .deadline = deadline, .author = author, .if_version = {}};
  auto roles = co_await services.roles.RolesOf(std::move(call), user);
  if (!roles.ok()) co_return std::move(roles).TakeError();
  co_return AdminActor(std::move(author), std::move(roles).value());
}

}  // namespace gatehouse::admin
