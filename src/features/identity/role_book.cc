#include "features/identity/role_book.h"

#include <utility>

#include "features/identity/tenancy.h"

namespace gatehouse::features::identity {
namespace {

using base::Result;

constexpr std::string_view kSelect = "SELECT id, node, subject, role FROM gatehouse_role WHERE ";

}  // namespace

net::Task<Result<std::vector<RoleBinding>>> RoleBook::Read(Call call, store::Statement statement) {
  auto rows = co_await database_.Query(call.loop, std::move(statement), call.deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  std::vector<RoleBinding> bindings;
  for (const store::Row& row : rows.value()) {
    const auto role = RoleOf(store::TextOf(row.at(3)));
    if (!role) continue;  // of a newer program: it gives nothing here
    bindings.push_back({.id = store::IntegerOf(row.at(0)),
                        .node = {store::IntegerOf(row.at(1))},
                        .subject = {store::IntegerOf(row.at(2))},
                        .role = *role});
  }
  co_return bindings;
}

net::Task<Result<std::vector<RoleBinding>>> RoleBook::RolesOf(Call call, NodeId subject) {
  return Read(std::move(call),
              {.sql = std::string(kSelect) + "subject = $1 ORDER BY id", .arguments = {subject.value}});
}

net::Task<Result<std::vector<RoleBinding>>> RoleBook::RolesAt(Call call, NodeId node) {
  return Read(std::move(call),
              {.sql = std::string(kSelect) + "node = $1 ORDER BY id LIMIT 1000", .arguments = {node.value}});
}

net::Task<Result<RoleBinding>> RoleBook::Show(Call call, std::int64_t id) {
  auto found = co_await Read(std::move(call), {.sql = std::string(kSelect) + "id = $1", .arguments = {id}});
  if (!found.ok()) co_return std::move(found).TakeError();
  if (found.value().empty()) co_return NoSuchNode();
  co_return found.value().front();
}

AdminEvent RoleBook::EventOf(std::string action, const RoleBinding& binding) const {
  const std::string at = binding.node.value == 0 ? "everywhere" : "at " + directory_.PathOf(binding.node);
  return {.action = std::move(action),
          .node = binding.subject,
          .path = directory_.PathOf(binding.subject),
          .detail = std::string(ToString(binding.role)) + " " + at};
}

net::Task<Result<RoleBinding>> RoleBook::Grant(Call call, RoleBinding binding) {
  binding.id = NewNodeId().value;
  std::vector<store::Statement> unit;
  unit.push_back({.sql = "INSERT INTO gatehouse_role (id, node, subject, role, origin, created_at_ms) VALUES ($1, $2, "
                         "$3, $4, 0, $5) ON CONFLICT (subject, node, role) DO NOTHING",
                  .arguments = {binding.id, binding.node.value, binding.subject.value,
                                std::string(ToString(binding.role)), call.NowMs()}});
  unit.push_back({.sql = std::string(kSelect) + "subject = $1 AND node = $2 AND role = $3",
                  .arguments = {binding.subject.value, binding.node.value, std::string(ToString(binding.role))}});
  unit.push_back(EventStatement(call, EventOf("role.grant", binding)));
  auto done = co_await database_.Write(call.loop, std::move(unit), call.deadline);
  if (!done.ok()) co_return std::move(done).TakeError();
  const store::Rows& kept = done.value().at(1);
  if (!kept.empty()) binding.id = store::IntegerOf(kept.at(0).at(0));
  co_return binding;
}

net::Task<base::Status> RoleBook::Revoke(Call call, RoleBinding binding) {
  std::vector<store::Statement> unit;
  unit.push_back({.sql = "DELETE FROM gatehouse_role WHERE id = $1", .arguments = {binding.id}});
  unit.push_back(EventStatement(call, EventOf("role.revoke", binding)));
  auto done = co_await database_.Write(call.loop, std::move(unit), call.deadline);
  co_return done.ok() ? base::Ok() : base::Status(std::move(done).TakeError());
}

}  // namespace gatehouse::features::identity
