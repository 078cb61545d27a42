#include "app/config_login.h"

#include <chrono>
#include <cstdint>

#include "features/identity/tenancy_node.h"
#include "http/url.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;

constexpr base::Duration kLongest = std::chrono::minutes(15);
constexpr std::int64_t kMostFailures = 1000;

admin::GroupRole ReadGroupRole(const Node& node) {
  admin::GroupRole given{.group = node.Required("group").AsString().value_or(""),
                         .node = node["node"].AsString().value_or("")};
  const auto role = features::identity::RoleOf(node.Required("role").AsString().value_or(""));
  if (!role) {
    node["role"].AddProblem("must be one of owner, admin, team_admin, operator, approver, auditor, member");
  }
  given.role = role.value_or(features::identity::Role::kMember);
  if (!given.node.empty() && !features::identity::SegmentsOf(given.node).ok()) {
    node["node"].AddProblem("must be a path of the tree, such as acme/search");
  }
  return given;
}

}  // namespace

std::optional<admin::DirectoryLoginSettings> ReadLogin(const Node& node, const std::string& address) {
  if (!node.IsPresent()) return std::nullopt;
  if (!http::IsLoopback(address)) {
    node.AddProblem("would let passwords travel in the clear: people log in where `admin.address` is a loopback one");
  }
  admin::DirectoryLoginSettings login;
  auto& passwords = login.passwords;
  if (const auto remember = node["remember"].AsDuration({.min = 0, .max = kLongest.count()})) {
    passwords.remember = *remember;
  }
  if (const auto failures = node["failures"].AsInteger({.min = 1, .max = kMostFailures})) {
    passwords.failures = static_cast<std::uint32_t>(*failures);
  }
  if (const auto window = node["window"].AsDuration({.min = 1'000'000'000, .max = kLongest.count()})) {
    passwords.window = *window;
  }
  for (const Node& one : node["roles"].Elements()) login.roles.push_back(ReadGroupRole(one));
  return login;
}

}  // namespace gatehouse::app
