#include "features/oversight/stop_book.h"

#include <string_view>
#include <utility>

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using store::Statement;

// Each lifter of a stop makes a row of it.
constexpr std::string_view kColumns =
    "s.id, s.scope, s.node, s.name, s.path, s.reason, s.set_by, s.set_by_name, s.set_ms, s.lifted_ms, "
    "COALESCE(l.person, ''), COALESCE(l.person_name, '')";
constexpr std::string_view kFrom = " FROM oversight_stop s LEFT JOIN oversight_stop_lift l ON l.stop = s.id ";
constexpr std::string_view kOrder = " ORDER BY s.set_ms DESC, s.id DESC, l.at_ms, l.person";
constexpr std::size_t kLifter = 10;

std::string Select(std::string_view where) {
  return "SELECT " + std::string(kColumns) + std::string(kFrom) + std::string(where) + std::string(kOrder);
}

std::string Text(const store::Row& row, std::size_t column) { return std::string(store::TextOf(row.at(column))); }

Stop StopOf(const store::Row& row) {
  return {.id = store::IntegerOf(row.at(0)),
          .scope = ScopeOf(store::TextOf(row.at(1))).value_or(Stop::Scope::kAll),
          .node = {store::IntegerOf(row.at(2))},
          .name = Text(row, 3),
          .path = Text(row, 4),
          .reason = Text(row, 5),
          .set_by = {.key = Text(row, 6), .name = Text(row, 7)},
          .set_ms = store::IntegerOf(row.at(8)),
          .lifters = {},
          .lifted_ms = store::IntegerOf(row.at(9))};
}

// Its row stays locked until the unit of work is done: changes come one after the other, on every gateway.
Statement Change() {
  return {.sql = "UPDATE oversight_change SET last = last + 1 WHERE topic = 'stops'",
          .arguments = {},
          .expected_changes = 1};
}

base::Error Conflict(std::string message) {
  return {
      .code = base::ErrorCode::kConflict, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

}  // namespace

net::Task<base::Status> StopBook::Set(Stop stop, net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back(Change());
  unit.push_back({.sql = "INSERT INTO oversight_stop (id, scope, node, name, path, reason, state, set_by, set_by_name, "
                         "set_ms, lifted_ms) VALUES ($1, $2, $3, $4, $5, $6, 'in_force', $7, $8, $9, 0)",
                  .arguments = {stop.id, std::string(ToString(stop.scope)), stop.node.value, std::move(stop.name),
                                std::move(stop.path), std::move(stop.reason), std::move(stop.set_by.key),
                                std::move(stop.set_by.name), stop.set_ms},
                  .expected_changes = 1});
  auto written = co_await database_.Write(loop_, std::move(unit), deadline);
  if (written.ok()) co_return base::Ok();
  if (written.error().code == base::ErrorCode::kConflict) co_return Conflict("That is stopped already.");
  co_return std::move(written).TakeFailure();
}

net::Task<Result<Stop>> StopBook::Lift(std::int64_t id, Person by, std::int64_t now_ms, net::Deadline deadline) {
  GH_CO_TRY(const Stop before, co_await Show(id, deadline));
  if (before.lifted_ms != 0) co_return Conflict("It was lifted before.");
  std::vector<Statement> unit;
  unit.push_back(Change());
  unit.push_back({.sql = "INSERT INTO oversight_stop_lift (stop, person, person_name, at_ms) VALUES ($1, $2, $3, $4)",
                  .arguments = {id, std::move(by.key), std::move(by.name), now_ms},
                  .expected_changes = 1});
  unit.push_back({.sql = "UPDATE oversight_stop SET state = 'lifted', lifted_ms = $1 WHERE id = $2 AND state = "
                         "'in_force' AND (SELECT COUNT(*) FROM oversight_stop_lift WHERE stop = $2) >= $3",
                  .arguments = {now_ms, id, static_cast<std::int64_t>(kLifters)},
                  .expected_changes = {}});
  auto written = co_await database_.Write(loop_, std::move(unit), deadline);
  if (!written.ok() && written.error().code == base::ErrorCode::kConflict) {
    co_return Conflict("You have said so before. Another person must say so too.");
  }
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return co_await Show(id, deadline);
}

net::Task<Result<std::vector<Stop>>> StopBook::Read(Statement statement, net::Deadline deadline) {
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), deadline));
  std::vector<Stop> stops;
  for (const store::Row& row : rows) {
    if (stops.empty() || stops.back().id != store::IntegerOf(row.at(0))) stops.push_back(StopOf(row));
    if (std::string person = Text(row, kLifter); !person.empty()) {
      stops.back().lifters.push_back({.key = std::move(person), .name = Text(row, kLifter + 1)});
    }
  }
  co_return stops;
}

net::Task<Result<Stop>> StopBook::Show(std::int64_t id, net::Deadline deadline) {
  GH_CO_TRY(auto stops,
            co_await Read({.sql = Select("WHERE s.id = $1"), .arguments = {id}, .expected_changes = {}}, deadline));
  if (!stops.empty()) co_return std::move(stops.front());
  co_return base::Error{.code = base::ErrorCode::kNotFound,
                        .source = base::ErrorSource::kClient,
                        .public_message = "There is no such stop."};
}

net::Task<Result<std::vector<Stop>>> StopBook::List(Which which, std::int64_t at_most, net::Deadline deadline) {
  const std::string_view state = which == Which::kInForce ? "WHERE state = 'in_force' " : "";
  const std::string newest =
      "WHERE s.id IN (SELECT id FROM oversight_stop " + std::string(state) + "ORDER BY set_ms DESC, id DESC LIMIT $1)";
  return Read({.sql = Select(newest), .arguments = {at_most}, .expected_changes = {}}, deadline);
}

net::Task<Result<std::int64_t>> StopBook::LastChange(net::Deadline deadline) {
  GH_CO_TRY(
      const store::Rows rows,
      co_await database_.Query(
          loop_,
          {.sql = "SELECT last FROM oversight_change WHERE topic = 'stops'", .arguments = {}, .expected_changes = {}},
          deadline));
  co_return rows.empty() ? 0 : store::IntegerOf(rows.at(0).at(0));
}

}  // namespace gatehouse::features::oversight
