#include "admin/directory_login.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "features/identity/refusal.h"

namespace gatehouse::admin {
namespace {

using base::Result;
using features::identity::Directory;
using features::identity::NodeId;
using features::identity::NodeKind;
using features::identity::RoleBinding;
using pipeline::Principal;

// Where the mapping places somebody: "acme/search/prod".
std::string PlaceOf(const Principal& principal) {
  std::string path = principal.organization;
  for (const std::string& part : {principal.team, principal.project}) {
    if (!part.empty()) path.append("/").append(part);
  }
  return path;
}

// For the record: what somebody sent, cut, and without signs that could be mistaken for others.
std::string Printable(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  std::string printable(name.substr(0, kLongest));
  std::ranges::replace_if(printable, [](char c) { return c < ' ' || c > '~'; }, '?');
  return printable;
}

std::string AuthorName(std::string_view user) { return "directory:" + Printable(user); }

}  // namespace

DirectoryLogin::DirectoryLogin(DirectoryLoginSettings settings, VerifierNow verifier, const base::Clock& clock)
    : settings_(std::move(settings)), verifier_(std::move(verifier)), passwords_(settings_.passwords, clock) {}

std::vector<RoleBinding> DirectoryLogin::RolesOf(const Principal& principal, NodeId subject,
                                                 const Directory& directory) const {
  std::vector<RoleBinding> bindings;
  for (const GroupRole& rule : settings_.roles) {
    const bool member = std::ranges::any_of(
        principal.groups, [&](const std::string& group) { return base::EqualIgnoringCase(group, rule.group); });
    const auto place = rule.node.empty() ? std::optional(NodeId()) : std::optional<NodeId>();
    const auto found = rule.node.empty() ? std::nullopt : directory.FindPath(rule.node);
    if (!member || (!place && !found)) continue;
    bindings.push_back({.id = 0, .node = place ? *place : found->id, .subject = subject, .role = rule.role});
  }
  const auto own = directory.FindPath(PlaceOf(principal));
  for (const std::string& word : principal.roles) {
    const auto role = features::identity::RoleOf(word);
    if (role && own) bindings.push_back({.id = 0, .node = own->id, .subject = subject, .role = *role});
  }
  return bindings;
}

net::Task<Result<AdminActor>> DirectoryLogin::TryIdentify(http::ServerExchange& exchange,
                                                          const TenancyServices& services, std::string user,
                                                          base::Secret password, net::Deadline deadline) {
  const auto verifier = verifier_();
  if (verifier == nullptr) {
    co_return features::identity::Refusal("The user name or the password is wrong.", "no directory is configured");
  }
  auto verified = co_await passwords_.Verify(
      verifier, exchange.loop(), {.user = user, .password = std::move(password), .address = exchange.peer().address},
      deadline);
  if (!verified.ok()) co_return std::move(verified).TakeError();
  const Principal& principal = *verified.value();
  const Directory& directory = services.tenancy.directory();
  features::identity::Author author{.id = {}, .name = AuthorName(principal.name)};
  std::vector<RoleBinding> own;
  const std::string path = PlaceOf(principal) + "/" + features::identity::SegmentOf(NodeKind::kUser, principal.name);
  if (const auto node = directory.FindPath(path)) {
    GH_CO_CHECK_OK(directory.PrincipalOf(node->id));
    author = {.id = node->id, .name = path};
    features::identity::Call call{.loop = exchange.loop(), .deadline = deadline, .author = author, .if_version = {}};
    GH_CO_TRY(own, co_await services.roles.RolesOf(std::move(call), node->id));
  }
  std::vector<RoleBinding> roles = RolesOf(principal, author.id, directory);
  roles.insert(roles.end(), own.begin(), own.end());
  if (roles.empty()) {
    co_return features::identity::Denial("You are known, but have no role here. Ask an owner for one.",
                                         "no group of " + principal.name + " has a role");
  }
  co_return AdminActor(std::move(author), std::move(roles));
}

net::Task<Result<AdminActor>> DirectoryLogin::Identify(http::ServerExchange& exchange, const TenancyServices& services,
                                                       std::string user, base::Secret password,
                                                       net::Deadline deadline) {
  auto actor = co_await TryIdentify(exchange, services, user, std::move(password), deadline);
  // Whoever is only told to wait has been recorded before, and is not to fill the record.
  if (actor.ok() || actor.error().code == base::ErrorCode::kRateLimited) co_return actor;
  const features::identity::Call call{
      .loop = exchange.loop(), .deadline = deadline, .author = {.id = {}, .name = AuthorName(user)}, .if_version = {}};
  const features::identity::AdminEvent event{.action = "login",
                                             .node = {},
                                             .path = {},
                                             .result = std::string(base::ToString(actor.error().code)),
                                             .detail = actor.error().public_message};
  std::vector<store::Statement> unit;
  unit.push_back(features::identity::EventStatement(call, event));
  static_cast<void>(co_await services.database.Write(call.loop, std::move(unit), call.deadline));
  co_return actor;
}

}  // namespace gatehouse::admin
