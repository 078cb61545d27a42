#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pipeline/principal.h"
#include "store/value.h"

namespace gatehouse::features::identity {

using pipeline::NodeId;
using pipeline::NodeKind;

// The numbers are those of the database (docs/formats/tenancy_tables.md).
enum class NodeState : std::uint8_t {
  kActive = 0,
  kSuspended = 1,  // by a person; nothing at or below it may act
  kWithdrawn = 2,  // no longer in the configuration that made it; the same, until it is there again
  kArchived = 3,   // deleted: kept for the names in old records
};
std::string_view ToString(NodeState state);  // "active", ...

enum class Origin : std::uint8_t { kApi = 0, kConfiguration = 1 };
std::string_view ToString(Origin origin);  // "api", "configuration"

// One of the secrets that open a virtual key. Times are milliseconds since 1970; 0: never.
struct KeySecret {
  std::string digest;  // as KeyHash makes it; "" for none
  std::string hint;    // the secret's last characters, to know it by
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;

  bool IsLiveAt(std::int64_t now_ms) const { return !digest.empty() && (expires_ms == 0 || now_ms < expires_ms); }
};

// What a node of kind kKey has besides.
struct VirtualKey {
  std::string scope;                 // the word in its text: "app", "admin"
  std::array<KeySecret, 2> secrets;  // the newer one first
  std::int64_t expires_ms = 0;
  std::vector<std::string> models;    // empty: all
  std::vector<std::string> surfaces;  // the same
  std::vector<std::string> networks;  // "10.0.0.0/8"; the same
  std::int64_t last_used_ms = 0;      // within a minute or so
};

// The scope of keys that open the admin API and nothing else.
inline constexpr std::string_view kAdminScope = "admin";

// A place in the tenancy tree as the database has it.
struct Node {
  NodeId id;
  NodeId parent;  // 0: of an organization
  NodeKind kind = NodeKind::kOrganization;
  std::string name;
  std::string display;        // for people; "" = the name
  std::string labels = "{}";  // a JSON object of texts
  NodeState state = NodeState::kActive;
  Origin origin = Origin::kApi;
  std::int64_t version = 0;  // the change that it was last part of
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
  std::optional<VirtualKey> key;
};

// The columns that a Node is made of, of the tables "gatehouse_node n" and "gatehouse_key k", and where to find them.
inline constexpr std::string_view kNodeColumns =
    "n.id, n.parent, n.kind, n.name, n.display, n.labels, n.state, n.origin, n.version, n.created_at_ms, "
    "n.changed_at_ms, k.scope, k.digest_1, k.hint_1, k.created_1_ms, k.expires_1_ms, k.digest_2, k.hint_2, "
    "k.created_2_ms, k.expires_2_ms, k.expires_ms, k.models, k.surfaces, k.networks, k.last_used_ms";
inline constexpr std::string_view kNodeTables = "gatehouse_node n LEFT JOIN gatehouse_key k ON k.node = n.id";

Node NodeOf(const store::Row& row);

// JSON arrays of texts, as lists are kept.
std::string ListText(const std::vector<std::string>& list);
std::vector<std::string> ListOf(std::string_view text);

// A new node's name for ever: random, positive.
NodeId NewNodeId();

// Names: [a-z0-9][a-z0-9._-]{0,62}.
bool IsNodeName(std::string_view name);
// kInvalidRequest that says what a name may be.
base::Status CheckNodeName(std::string_view name);

// The word of a kind in paths and commands: "org", "team", "project", "user", "app", "agent", "key".
std::string_view WordOf(NodeKind kind);
std::optional<NodeKind> KindOfWord(std::string_view word);
// With its article, for sentences: "an organization".
std::string_view WithArticle(NodeKind kind);

// How a node is called among its siblings: "search" for a team, "app:checkout" for an application.
std::string SegmentOf(NodeKind kind, std::string_view name);
// "acme/search/app:checkout" in parts; each is what SegmentOf() can make. kInvalidRequest otherwise.
base::Result<std::vector<std::string_view>> SegmentsOf(std::string_view path);
// Whether a segment names an organization, a team or a project, or a leaf such as "app:checkout".
inline bool IsLeafSegment(std::string_view segment) { return segment.find(':') != std::string_view::npos; }

// Whether nodes of this kind may be below one of that kind; organizations are below nothing.
bool MayBeBelow(NodeKind child, NodeKind parent);
// "an organization or a team": what MayBeBelow() allows, for messages.
std::string ParentsOf(NodeKind child);

}  // namespace gatehouse::features::identity
