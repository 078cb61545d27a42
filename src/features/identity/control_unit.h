#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/identity/tenancy_node.h"
#include "net/loop.h"
#include "store/database.h"

namespace gatehouse::features::identity {

// Who does something to the tree, for the record of what was done.
struct Author {
  NodeId id;         // 0: nobody of the tree
  std::string name;  // "owner", "configuration", the path of a user
};

// One call of somebody: how long it may take, and on whose behalf.
struct Call {
  net::Loop& loop;  // outlives the call
  net::Deadline deadline;
  Author author;
  std::optional<std::int64_t> if_version;  // the change is made only to this version of the node

  std::int64_t NowMs() const;
};

// What was done or refused, a row of gatehouse_admin_event, which nobody changes or deletes.
struct AdminEvent {
  std::string action;  // "team.create"
  NodeId node;         // 0: none
  std::string path;    // of the node, as it was called then
  std::string result = "done";
  std::string detail;  // never a secret
};
store::Statement EventStatement(const Call& call, const AdminEvent& event);

// A change of the tree as one unit of work: the number of the change is taken first, which makes all other changes wait
// until this one is done, on every gateway; then the statements; then what became of the nodes that they concerned; and
// the record of it.
class ControlUnit {
 public:
  ControlUnit();

  // The number of this change, for statements.
  static constexpr std::string_view kVersion = "(SELECT last FROM gatehouse_change WHERE one = 1)";

  void Add(store::Statement statement) { statements_.push_back(std::move(statement)); }
  std::vector<store::Statement> Finish(const Call& call, const AdminEvent& event) &&;
  // The nodes of this change, from what the unit gave.
  static std::vector<Node> NodesOf(const std::vector<store::Rows>& answer);

 private:
  std::vector<store::Statement> statements_;
};

}  // namespace gatehouse::features::identity
