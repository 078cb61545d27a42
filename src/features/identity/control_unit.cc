#include "features/identity/control_unit.h"

#include <chrono>
#include <utility>

namespace gatehouse::features::identity {

std::int64_t Call::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(loop.clock().Wall().time_since_epoch()).count();
}

store::Statement EventStatement(const Call& call, const AdminEvent& event) {
  return {.sql =
              "INSERT INTO gatehouse_admin_event (id, at_ms, actor, actor_name, action, node, path, result, detail) "
              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
          .arguments = {NewNodeId().value, call.NowMs(), call.author.id.value, call.author.name, event.action,
                        event.node.value, event.path, event.result, event.detail}};
}

ControlUnit::ControlUnit() {
  Add({.sql = "UPDATE gatehouse_change SET last = last + 1 WHERE one = 1", .expected_changes = 1});
}

std::vector<store::Statement> ControlUnit::Finish(const Call& call, const AdminEvent& event) && {
  Add(EventStatement(call, event));
  Add({.sql = std::string("SELECT ")
                  .append(kNodeColumns)
                  .append(" FROM ")
                  .append(kNodeTables)
                  .append(" WHERE n.version = ")
                  .append(kVersion)
                  .append(" ORDER BY n.id")});
  return std::move(statements_);
}

std::vector<Node> ControlUnit::NodesOf(const std::vector<store::Rows>& answer) {
  std::vector<Node> nodes;
  for (const store::Row& row : answer.back()) nodes.push_back(NodeOf(row));
  return nodes;
}

}  // namespace gatehouse::features::identity
