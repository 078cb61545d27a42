#include "features/identity/directory_feed.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace gatehouse::features::identity {
namespace {

using base::Status;
using store::Statement;

constexpr std::int64_t kPage = 10'000;
constexpr std::size_t kUsesOfAUnit = 500;
constexpr std::chrono::seconds kPatience(10);         // with one look for changes
constexpr std::chrono::seconds kBetweenLastUses(15);  // that they are written down

std::string SelectNodes(std::string_view where) {
  return std::string("SELECT ").append(kNodeColumns).append(" FROM ").append(kNodeTables).append(" ").append(where);
}

// As the table has them: a condition on `version` would have each row looked up through an index, which takes ten times
// as long.
constexpr std::string_view kNodes =
    "SELECT id, parent, kind, name, state, origin, version FROM gatehouse_node WHERE state <> 3";

NodeTerms NodeTermsOf(const store::RowView& row) {
  return {.id = {row.Integer(0)},
          .parent = {row.Integer(1)},
          .kind = static_cast<NodeKind>(row.Integer(2)),
          .name = row.Text(3),
          .state = static_cast<NodeState>(row.Integer(4)),
          .origin = static_cast<Origin>(row.Integer(5)),
          .version = row.Integer(6)};
}

constexpr std::string_view kKeys =
    "SELECT node, scope, digest_1, expires_1_ms, digest_2, expires_2_ms, expires_ms, models, surfaces, networks FROM "
    "gatehouse_key";

KeyTerms KeyTermsOf(const store::RowView& row) {
  return {.scope = row.Text(1),
          .secrets = {{{row.Bytes(2), row.Integer(3)}, {row.Bytes(4), row.Integer(5)}}},
          .expires_ms = row.Integer(6),
          .models = row.Text(7),
          .surfaces = row.Text(8),
          .networks = row.Text(9)};
}

constexpr std::string_view kSizes =
    "SELECT (SELECT last FROM gatehouse_change WHERE one = 1), (SELECT count(*) FROM gatehouse_node), (SELECT count(*) "
    "FROM gatehouse_key)";

Statement ChangesSince(std::int64_t version, std::int64_t id) {
  return {
      .sql = SelectNodes("WHERE n.version > $1 OR (n.version = $1 AND n.id > $2) ORDER BY n.version, n.id LIMIT $3"),
      .arguments = {version, id, kPage}};
}

std::vector<Node> NodesOf(const store::Rows& rows) {
  std::vector<Node> nodes;
  nodes.reserve(rows.size());
  for (const store::Row& row : rows) nodes.push_back(NodeOf(row));
  return nodes;
}

}  // namespace

net::Task<Status> DirectoryFeed::Load(net::Loop& loop, net::Deadline deadline) {
  const auto sizes = co_await database_.Query(loop, {.sql = std::string(kSizes)}, deadline);
  if (!sizes.ok()) co_return sizes.error();
  const store::Row& counted = sizes.value().at(0);
  const std::int64_t change = store::IntegerOf(counted.at(0));
  {
    Directory::Intake intake(directory_, static_cast<std::size_t>(store::IntegerOf(counted.at(1))),
                             static_cast<std::size_t>(store::IntegerOf(counted.at(2))));
    const auto take_key = [&intake](const store::RowView& row) {
      intake.Add(NodeId{row.Integer(0)}, KeyTermsOf(row));
      return store::Reading::kGoesOn;
    };
    GH_CO_CHECK_OK(co_await database_.Scan(loop, {.sql = std::string(kKeys)}, take_key, deadline));
    // What was changed meanwhile has a later version and comes with the changes.
    const auto take_node = [&intake, change](const store::RowView& row) {
      if (const NodeTerms node = NodeTermsOf(row); node.version <= change) intake.Add(node);
      return store::Reading::kGoesOn;
    };
    GH_CO_CHECK_OK(co_await database_.Scan(loop, {.sql = std::string(kNodes)}, take_node, deadline));
  }
  directory_.SetKnown(change);
  co_return co_await Refresh(loop, deadline);
}

net::Task<Status> DirectoryFeed::Refresh(net::Loop& loop, net::Deadline deadline) {
  std::int64_t version = directory_.known();
  // All of the version that is known was applied: it may only be read again.
  std::int64_t id = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    auto rows = co_await database_.Query(loop, ChangesSince(version, id), deadline);
    if (!rows.ok()) co_return std::move(rows).TakeError();
    if (rows.value().empty()) break;
    const std::vector<Node> nodes = NodesOf(rows.value());
    directory_.Apply(nodes);
    version = nodes.back().version;
    id = nodes.back().id.value;
  }
  directory_.SetKnown(version);
  co_return base::Ok();
}

net::Task<> DirectoryFeed::Follow(net::Loop& loop, base::Duration interval, LastUse& last_use, const base::Log& log) {
  enum class State : std::uint8_t { kWell, kFailing } state = State::kWell;
  base::TimePoint written = loop.Now();
  for (;;) {
    co_await loop.Sleep(interval);
    Status read = co_await Refresh(loop, loop.In(kPatience));
    if (read.ok() && loop.Now() - written >= kBetweenLastUses) {
      written = loop.Now();
      read = co_await WriteLastUse(loop, last_use.Take(), loop.In(kPatience));
    }
    const State now = read.ok() ? State::kWell : State::kFailing;
    if (now != state && read.ok()) log.Info("the database answers again");
    if (now != state && !read.ok()) {
      log.Warning("changes of keys and tenants cannot be read; those known stay in force",
                  {{"detail", read.error().detail}});
    }
    state = now;
  }
}

net::Task<Status> DirectoryFeed::WriteLastUse(net::Loop& loop, std::vector<LastUse::Use> uses, net::Deadline deadline) {
  for (std::size_t at = 0; at < uses.size(); at += kUsesOfAUnit) {
    std::vector<Statement> unit;
    for (std::size_t i = at; i < std::min(uses.size(), at + kUsesOfAUnit); ++i) {
      unit.push_back({.sql = "UPDATE gatehouse_key SET last_used_ms = $2 WHERE node = $1 AND last_used_ms < $2",
                      .arguments = {uses[i].key.value, uses[i].at_ms}});
    }
    auto written = co_await database_.Write(loop, std::move(unit), deadline);
    if (!written.ok()) co_return std::move(written).TakeError();
  }
  co_return base::Ok();
}

}  // namespace gatehouse::features::identity
