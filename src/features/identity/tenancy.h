#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/identity/control_unit.h"
#include "features/identity/directory.h"
#include "features/identity/directory_feed.h"
#include "features/identity/tenancy_node.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::identity {

struct NewNode {
  NodeId parent;  // 0 for an organization
  NodeKind kind = NodeKind::kOrganization;
  std::string name;
  std::string display;
  std::string labels = "{}";
  Origin origin = Origin::kApi;
  std::optional<VirtualKey> key;  // of a key; its secrets are digests
};

// What is to be different; the rest stays.
struct NodePatch {
  std::optional<std::string> name;
  std::optional<std::string> display;
  std::optional<std::string> labels;
  std::optional<NodeId> parent;
  std::optional<NodeState> state;
  std::optional<std::int64_t> expires_ms;  // these four: of a key
  std::optional<std::vector<std::string>> models;
  std::optional<std::vector<std::string>> surfaces;
  std::optional<std::vector<std::string>> networks;
  std::optional<std::array<KeySecret, 2>> secrets;
};

// Which nodes to list: those of a kind, directly below a node, or anywhere below it.
struct Listing {
  std::optional<NodeKind> kind;
  NodeId parent;  // 0: the organizations, or with kWhole everything
  enum class Depth : std::uint8_t { kChildren, kWhole } depth = Depth::kChildren;
  std::string after;  // as a page said; "" from the beginning
  std::int64_t limit = 100;
};

struct NodePage {
  std::vector<Node> nodes;
  std::string after;  // of the next page; "" when there is none
};

// The operations on the tenancy tree. Each is one unit of work, recorded, and in force in this process when it answers;
// on other gateways when they look next. Belongs to the loop of its DirectoryFeed.
//
// Errors: kInvalidRequest with the parameter, kNotFound, kConflict in words that say what stands against it, and those
// of the database. Nothing was done then, but for kTimeout with Retry::kNever.
class Tenancy {
 public:
  // All outlive it.
  Tenancy(store::Database& database, Directory& directory, DirectoryFeed& feed)
      : database_(database), directory_(directory), feed_(feed) {}

  net::Task<base::Result<Node>> Create(Call call, NewNode node);
  // The node of that kind and name below that parent, made where it is not there; what is there is not changed.
  net::Task<base::Result<Node>> Ensure(Call call, NewNode node);
  // Renames, moves, suspends, resumes, describes. No change at all is none, and recorded as none.
  net::Task<base::Result<Node>> Change(Call call, NodeId id, NodePatch patch, std::string action);
  // Only of what has nothing below it. Its name may be used again; its id never is.
  net::Task<base::Status> Delete(Call call, NodeId id);

  net::Task<base::Result<Node>> Show(Call call, NodeId id);
  net::Task<base::Result<NodePage>> List(Call call, Listing listing);

  // Also sees what other gateways did.
  net::Task<base::Status> Refresh(const Call& call) { return feed_.Refresh(call.loop, call.deadline); }
  const Directory& directory() const { return directory_; }

 private:
  base::Status CheckPlace(NodeKind kind, NodeId parent) const;
  std::string PathBelow(NodeId parent, NodeKind kind, std::string_view name) const;
  net::Task<base::Result<std::vector<Node>>> Do(Call call, ControlUnit unit, AdminEvent event);
  net::Task<base::Result<Node>> Replace(Call call, Node before, Node after, std::string action);
  base::Error WhyNot(const Node& wanted, base::Error error) const;

  store::Database& database_;
  Directory& directory_;
  DirectoryFeed& feed_;
};

base::Error NoSuchNode();

}  // namespace gatehouse::features::identity
