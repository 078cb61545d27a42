#include "store/migrations.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "store/errors.h"

namespace gatehouse::store {
namespace {

using base::Status;

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS gatehouse_schema (component TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT "
    "NULL, "
    "fingerprint BIGINT NOT NULL, applied_at_ms BIGINT NOT NULL, PRIMARY KEY (component, version))";
constexpr std::string_view kApplied =
    "SELECT version, fingerprint FROM gatehouse_schema WHERE component = $1 ORDER BY version";
constexpr std::string_view kRemember = "INSERT INTO gatehouse_schema VALUES ($1, $2, $3, $4, $5)";

// FNV-1a (draft-eastlake-fnv), 64 bits: tells a step that was edited from the one that was applied.
std::int64_t Fingerprint(const Migration& migration) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325ULL;
  for (const std::string_view statement : migration.statements) {
    for (const char c : statement) hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3ULL;
    hash = (hash ^ 0xFF) * 0x0000'0100'0000'01B3ULL;
  }
  return static_cast<std::int64_t>(hash);
}

base::Error Refusal(std::string message) {
  base::Error error = Conflict(message);
  error.public_message = std::move(message);
  return error;
}

std::string Name(const Schema& schema) { return "The database's part '" + std::string(schema.component) + "'"; }

// How many of the steps are applied, when they are ours.
base::Result<std::size_t> CountApplied(const Schema& schema, const Rows& applied) {
  if (applied.size() > schema.migrations.size()) {
    return Refusal(Name(schema) + " is at version " + std::to_string(applied.size()) +
                   ", made by a newer Gatehouse; this one knows versions up to " +
                   std::to_string(schema.migrations.size()) + ". Start the newer program, or restore a backup.");
  }
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const Migration& ours = schema.migrations[i];
    if (IntegerOf(applied.at(i).at(0)) != ours.version || IntegerOf(applied.at(i).at(1)) != Fingerprint(ours)) {
      return Refusal(Name(schema) + " was made by other steps than this program knows, from version " +
                     std::to_string(ours.version) + " on. Use the program that made it, or another database.");
    }
  }
  return applied.size();
}

std::vector<Statement> UnitOf(const Schema& schema, const Migration& migration, std::int64_t now_ms) {
  std::vector<Statement> unit;
  unit.push_back({.sql = std::string(kRemember),
                  .arguments = {std::string(schema.component), std::int64_t{migration.version},
                                std::string(migration.name), Fingerprint(migration), now_ms}});
  for (const std::string_view statement : migration.statements) unit.push_back({.sql = std::string(statement)});
  return unit;
}

net::Task<base::Result<std::size_t>> ReadApplied(Database& database, net::Loop& loop, const Schema& schema,
                                                 net::Deadline deadline) {
  auto rows = co_await database.Query(
      loop, {.sql = std::string(kApplied), .arguments = {std::string(schema.component)}}, deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  co_return CountApplied(schema, rows.value());
}

std::int64_t NowMillis(const net::Loop& loop) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(loop.clock().Wall().time_since_epoch()).count();
}

}  // namespace

net::Task<Status> Migrate(Database& database, net::Loop& loop, Schema schema, net::Deadline deadline) {
  std::vector<Statement> table;
  table.push_back({.sql = std::string(kTable)});
  GH_CO_CHECK_OK(co_await database.Write(loop, std::move(table), deadline));
  for (;;) {
    auto applied = co_await ReadApplied(database, loop, schema, deadline);
    if (!applied.ok()) co_return std::move(applied).TakeError();
    if (applied.value() == schema.migrations.size()) co_return base::Ok();
    const Migration& next = schema.migrations[applied.value()];
    auto done = co_await database.Write(loop, UnitOf(schema, next, NowMillis(loop)), deadline);
    if (done.ok()) continue;
    // Another node may have been faster: then there is more applied than there was.
    auto again = co_await ReadApplied(database, loop, schema, deadline);
    if (!again.ok()) co_return std::move(again).TakeError();
    if (again.value() <= applied.value()) co_return std::move(done).TakeError();
  }
}

}  // namespace gatehouse::store
