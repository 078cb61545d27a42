#include "features/identity/tenancy.h"

#include <algorithm>
#include <utility>

#include "features/identity/network_list.h"

namespace gatehouse::features::identity {
namespace {

using base::Error;
using base::Result;
using base::Status;
using store::Statement;
using store::Value;

constexpr int kTries = 4;  // of a change that somebody else's is faster than
constexpr std::size_t kMaxDisplay = 200;

Error Conflict(std::string message, std::string param = {}) {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kClient,
          .public_message = std::move(message),
          .param = std::move(param)};
}

std::string Version() { return std::string(ControlUnit::kVersion); }

Value DigestValue(const KeySecret& secret) {
  return secret.digest.empty() ? Value() : Value(store::Blob{secret.digest});
}

void AppendSecrets(const VirtualKey& key, std::vector<Value>& arguments) {
  for (const KeySecret& secret : key.secrets) {
    arguments.insert(arguments.end(), {DigestValue(secret), secret.hint, secret.created_ms, secret.expires_ms});
  }
}

Statement InsertNode(const NewNode& node, NodeId id, std::int64_t now_ms) {
  return {
      .sql =
          "INSERT INTO gatehouse_node (id, parent, kind, segment, name, display, labels, state, origin, version, "
          "created_at_ms, changed_at_ms) SELECT $1, $2, $3, $4, $5, $6, $7, 0, $8, " +
          Version() +
          ", $9, $9 WHERE $2 = 0 OR EXISTS (SELECT 1 FROM gatehouse_node p WHERE p.id = $2 AND p.state <> 3)",
      .arguments = {id.value, node.parent.value, static_cast<std::int64_t>(node.kind), SegmentOf(node.kind, node.name),
                    node.name, node.display, node.labels, static_cast<std::int64_t>(node.origin), now_ms},
      .expected_changes = 1};
}

Statement InsertKey(const VirtualKey& key, NodeId id) {
  std::vector<Value> arguments = {id.value, key.scope};
  AppendSecrets(key, arguments);
  arguments.insert(arguments.end(),
                   {key.expires_ms, ListText(key.models), ListText(key.surfaces), ListText(key.networks)});
  return {.sql =
              "INSERT INTO gatehouse_key (node, scope, digest_1, hint_1, created_1_ms, expires_1_ms, digest_2, "
              "hint_2, created_2_ms, expires_2_ms, expires_ms, models, surfaces, networks, last_used_ms) VALUES "
              "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0)",
          .arguments = std::move(arguments)};
}

Statement UpdateNode(const Node& node, std::int64_t version, std::int64_t now_ms) {
  return {.sql =
              "UPDATE gatehouse_node SET parent = $2, segment = $3, name = $4, display = $5, labels = $6, state = $7, "
              "version = " +
              Version() +
              ", changed_at_ms = $8 WHERE id = $1 AND version = $9 AND state <> 3 AND ($2 = 0 OR EXISTS (SELECT 1 "
              "FROM gatehouse_node p WHERE p.id = $2 AND p.state <> 3))",
          .arguments = {node.id.value, node.parent.value, SegmentOf(node.kind, node.name), node.name, node.display,
                        node.labels, static_cast<std::int64_t>(node.state), now_ms, version},
          .expected_changes = 1};
}

Statement UpdateKey(const VirtualKey& key, NodeId id) {
  std::vector<Value> arguments = {id.value};
  AppendSecrets(key, arguments);
  arguments.insert(arguments.end(),
                   {key.expires_ms, ListText(key.models), ListText(key.surfaces), ListText(key.networks)});
  return {.sql =
              "UPDATE gatehouse_key SET digest_1 = $2, hint_1 = $3, created_1_ms = $4, expires_1_ms = $5, digest_2 = "
              "$6, hint_2 = $7, created_2_ms = $8, expires_2_ms = $9, expires_ms = $10, models = $11, surfaces = "
              "$12, networks = $13 WHERE node = $1",
          .arguments = std::move(arguments),
          .expected_changes = 1};
}

// The segment that no living node can have frees the name.
Statement ArchiveNode(const Node& node, std::int64_t now_ms) {
  return {.sql = "UPDATE gatehouse_node SET state = 3, segment = $2, version = " + Version() +
                 ", changed_at_ms = $3 WHERE id = $1 AND version = $4 AND state <> 3 AND NOT EXISTS (SELECT 1 FROM "
                 "gatehouse_node c WHERE c.parent = $1 AND c.state <> 3)",
          .arguments = {node.id.value, "~" + std::to_string(node.id.value), now_ms, node.version},
          .expected_changes = 1};
}

Status CheckLists(const VirtualKey& key) {
  for (const std::string& network : key.networks) {
    if (auto parsed = Network::Parse(network); !parsed.ok()) {
      return base::InvalidRequest(parsed.error().public_message, "networks");
    }
  }
  return base::Ok();
}

Node Patched(Node node, const NodePatch& patch) {
  node.name = patch.name.value_or(node.name);
  node.display = patch.display.value_or(node.display);
  node.labels = patch.labels.value_or(node.labels);
  node.parent = patch.parent.value_or(node.parent);
  node.state = patch.state.value_or(node.state);
  if (node.key) {
    node.key->expires_ms = patch.expires_ms.value_or(node.key->expires_ms);
    node.key->models = patch.models.value_or(node.key->models);
    node.key->surfaces = patch.surfaces.value_or(node.key->surfaces);
    node.key->networks = patch.networks.value_or(node.key->networks);
    node.key->secrets = patch.secrets.value_or(node.key->secrets);
  }
  return node;
}

bool SameKey(const VirtualKey& a, const VirtualKey& b) {
  return a.expires_ms == b.expires_ms && a.models == b.models && a.surfaces == b.surfaces && a.networks == b.networks &&
         std::ranges::equal(a.secrets, b.secrets, [](const KeySecret& one, const KeySecret& other) {
           return one.digest == other.digest && one.expires_ms == other.expires_ms && one.hint == other.hint;
         });
}

bool SameNode(const Node& a, const Node& b) {
  return a.name == b.name && a.display == b.display && a.labels == b.labels && a.parent == b.parent &&
         a.state == b.state && (!a.key || SameKey(*a.key, *b.key));
}

std::string SelectNodes(std::string_view rest) {
  return std::string("SELECT ").append(kNodeColumns).append(" FROM ").append(kNodeTables).append(" ").append(rest);
}

Statement ListStatement(const Listing& listing) {
  constexpr std::int64_t kAnyKind = -1;
  const std::int64_t kind = listing.kind ? static_cast<std::int64_t>(*listing.kind) : kAnyKind;
  if (listing.depth == Listing::Depth::kChildren) {
    return {.sql = SelectNodes("WHERE n.parent = $1 AND n.segment > $2 AND n.state <> 3 AND ($3 = -1 OR n.kind = $3) "
                               "ORDER BY n.segment LIMIT $4"),
            .arguments = {listing.parent.value, listing.after, kind, listing.limit + 1}};
  }
  std::int64_t after = 0;
  for (const char c : listing.after) after = c >= '0' && c <= '9' ? after * 10 + (c - '0') : after;
  if (listing.parent.value == 0) {
    return {.sql = SelectNodes("WHERE n.id > $1 AND n.state <> 3 AND ($2 = -1 OR n.kind = $2) ORDER BY n.id LIMIT $3"),
            .arguments = {after, kind, listing.limit + 1}};
  }
  return {.sql =
              "WITH RECURSIVE below (id) AS (SELECT c.id FROM gatehouse_node c WHERE c.parent = $1 AND c.state <> 3 "
              "UNION ALL SELECT c.id FROM gatehouse_node c JOIN below b ON c.parent = b.id WHERE c.state <> 3) " +
              SelectNodes("WHERE n.id IN (SELECT id FROM below) AND n.id > $2 AND ($3 = -1 OR n.kind = $3) ORDER BY "
                          "n.id LIMIT $4"),
          .arguments = {listing.parent.value, after, kind, listing.limit + 1}};
}

}  // namespace

Error NoSuchNode() {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kClient,
          .public_message = "There is no such thing here, or it is not yours to see."};
}

Status Tenancy::CheckPlace(NodeKind kind, NodeId parent) const {
  if (kind == NodeKind::kOrganization) {
    return parent.value == 0 ? base::Ok() : Status(base::InvalidRequest("An organization is below nothing.", "parent"));
  }
  const auto place = directory_.Find(parent);
  if (!place) {
    return base::InvalidRequest("There is no such parent. It must be " + ParentsOf(kind) + ".", "parent");
  }
  if (MayBeBelow(kind, place->kind)) return base::Ok();
  return base::InvalidRequest(std::string(WithArticle(kind)) + " cannot be below " +
                                  std::string(WithArticle(place->kind)) + ", only below " + ParentsOf(kind) + ".",
                              "parent");
}

std::string Tenancy::PathBelow(NodeId parent, NodeKind kind, std::string_view name) const {
  const std::string above = parent.value == 0 ? "" : directory_.PathOf(parent) + "/";
  return above + SegmentOf(kind, name);
}

// Why the database would not: it speaks of constraints.
Error Tenancy::WhyNot(const Node& wanted, Error error) const {
  if (error.code != base::ErrorCode::kConflict) return error;
  const auto taken = directory_.FindChild(wanted.parent, SegmentOf(wanted.kind, wanted.name));
  if (taken && taken->id != wanted.id) {
    return Conflict("`" + directory_.PathOf(taken->id) + "` is there already.", "name");
  }
  if (wanted.parent.value != 0 && !directory_.Find(wanted.parent)) return Conflict("The parent is gone.", "parent");
  if (wanted.key && !directory_.Find(wanted.id)) return Conflict("A key with this secret is there already.", "hash");
  return Conflict("It was changed meanwhile. Read it again and decide anew.");
}

net::Task<Result<std::vector<Node>>> Tenancy::Do(Call call, ControlUnit unit, AdminEvent event) {
  auto done = co_await database_.Write(call.loop, std::move(unit).Finish(call, event), call.deadline);
  if (!done.ok()) {
    // Also where it may yet have been done.
    static_cast<void>(co_await feed_.Refresh(call.loop, call.deadline));
    co_return std::move(done).TakeError();
  }
  std::vector<Node> nodes = ControlUnit::NodesOf(done.value());
  directory_.Apply(nodes);
  co_return nodes;
}

net::Task<Result<Node>> Tenancy::Create(Call call, NewNode node) {
  GH_CO_CHECK_OK(CheckNodeName(node.name));
  GH_CO_CHECK_OK(CheckPlace(node.kind, node.parent));
  if (node.display.size() > kMaxDisplay) co_return base::InvalidRequest("At most 200 bytes.", "display");
  if (node.key) GH_CO_CHECK_OK(CheckLists(*node.key));
  const NodeId id = NewNodeId();
  ControlUnit unit;
  unit.Add(InsertNode(node, id, call.NowMs()));
  if (node.key) unit.Add(InsertKey(*node.key, id));
  AdminEvent event{.action = std::string(WordOf(node.kind)) + ".create",
                   .node = id,
                   .path = PathBelow(node.parent, node.kind, node.name)};
  auto made = co_await Do(call, std::move(unit), std::move(event));
  if (made.ok() && !made.value().empty()) co_return std::move(made.value().front());
  const Node wanted{.id = id, .parent = node.parent, .kind = node.kind, .name = node.name, .key = node.key};
  co_return made.ok() ? base::Internal("a unit of work gave no node") : WhyNot(wanted, std::move(made).TakeError());
}

net::Task<Result<Node>> Tenancy::Ensure(Call call, NewNode node) {
  const NodeId parent = node.parent;
  const NodeKind kind = node.kind;
  const std::string segment = SegmentOf(kind, node.name);
  auto there = directory_.FindChild(parent, segment);
  if (!there) {
    auto made = co_await Create(call, std::move(node));
    if (made.ok() || made.error().code != base::ErrorCode::kConflict) co_return made;
    there = directory_.FindChild(parent, segment);  // somebody else was faster
    if (!there) co_return made;
  }
  if (there->kind == kind) co_return co_await Show(call, there->id);
  co_return Conflict(
      "`" + directory_.PathOf(there->id) + "` is there already, and " + std::string(WithArticle(there->kind)) + ".",
      "name");
}

net::Task<Result<Node>> Tenancy::Show(Call call, NodeId id) {
  auto rows = co_await database_.Query(
      call.loop, {.sql = SelectNodes("WHERE n.id = $1 AND n.state <> 3"), .arguments = {id.value}}, call.deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  if (rows.value().empty()) co_return NoSuchNode();
  co_return NodeOf(rows.value().at(0));
}

net::Task<Result<Node>> Tenancy::Change(Call call, NodeId id, NodePatch patch, std::string action) {
  if (patch.name) GH_CO_CHECK_OK(CheckNodeName(*patch.name));
  if (patch.display && patch.display->size() > kMaxDisplay) {
    co_return base::InvalidRequest("At most 200 bytes.", "display");
  }
  for (int tries = 1;; ++tries) {
    auto before = co_await Show(call, id);
    if (!before.ok()) co_return before;
    if (call.if_version && *call.if_version != before.value().version) {
      co_return Conflict("It was changed meanwhile: it is at version " + std::to_string(before.value().version) + ".");
    }
    Node after = Patched(before.value(), patch);
    if (SameNode(before.value(), after)) co_return before;
    if (after.parent != before.value().parent) GH_CO_CHECK_OK(CheckPlace(after.kind, after.parent));
    if (after.key) GH_CO_CHECK_OK(CheckLists(*after.key));
    auto changed = co_await Replace(call, before.value(), after, action);
    if (changed.ok()) co_return changed;
    Error why = WhyNot(after, std::move(changed).TakeError());
    if (why.code != base::ErrorCode::kConflict || !why.param.empty() || tries == kTries) co_return why;
  }
}

net::Task<Result<Node>> Tenancy::Replace(Call call, Node before, Node after, std::string action) {
  ControlUnit unit;
  unit.Add(UpdateNode(after, before.version, call.NowMs()));
  if (after.key && !SameKey(*before.key, *after.key)) unit.Add(UpdateKey(*after.key, after.id));
  const std::string path = PathBelow(after.parent, after.kind, after.name);
  const std::string old = PathBelow(before.parent, before.kind, before.name);
  AdminEvent event{.action = std::string(WordOf(after.kind)) + "." + action,
                   .node = after.id,
                   .path = path,
                   .detail = path == old ? "" : "was " + old};
  auto done = co_await Do(call, std::move(unit), std::move(event));
  if (!done.ok()) co_return std::move(done).TakeError();
  if (done.value().empty()) co_return base::Internal("a unit of work gave no node");
  co_return std::move(done.value().front());
}

net::Task<Status> Tenancy::Delete(Call call, NodeId id) {
  auto node = co_await Show(call, id);
  if (!node.ok()) co_return std::move(node).TakeError();
  if (call.if_version && *call.if_version != node.value().version) {
    co_return Conflict("It was changed meanwhile: it is at version " + std::to_string(node.value().version) + ".");
  }
  ControlUnit unit;
  unit.Add(ArchiveNode(node.value(), call.NowMs()));
  unit.Add(
      {.sql = "UPDATE gatehouse_key SET digest_1 = NULL, digest_2 = NULL WHERE node = $1", .arguments = {id.value}});
  unit.Add({.sql = "DELETE FROM gatehouse_role WHERE subject = $1 OR node = $1", .arguments = {id.value}});
  AdminEvent event{
      .action = std::string(WordOf(node.value().kind)) + ".delete", .node = id, .path = directory_.PathOf(id)};
  auto done = co_await Do(call, std::move(unit), std::move(event));
  if (done.ok()) co_return base::Ok();
  if (done.error().code != base::ErrorCode::kConflict) co_return std::move(done).TakeError();
  const auto below = co_await List(call, {.kind = {}, .parent = id, .limit = 1});
  if (!below.ok() || below.value().nodes.empty()) co_return Conflict("It was changed meanwhile. Try again.");
  const Node& first = below.value().nodes.front();
  co_return Conflict("It is not empty: `" + SegmentOf(first.kind, first.name) +
                     "` is below it. Delete or move what is there, or suspend it instead.");
}

net::Task<Result<NodePage>> Tenancy::List(Call call, Listing listing) {
  auto rows = co_await database_.Query(call.loop, ListStatement(listing), call.deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  NodePage page;
  for (const store::Row& row : rows.value()) page.nodes.push_back(NodeOf(row));
  if (static_cast<std::int64_t>(page.nodes.size()) > listing.limit) {
    page.nodes.pop_back();
    const Node& last = page.nodes.back();
    page.after =
        listing.depth == Listing::Depth::kChildren ? SegmentOf(last.kind, last.name) : std::to_string(last.id.value);
  }
  co_return page;
}

}  // namespace gatehouse::features::identity
