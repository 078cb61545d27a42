#include "features/accounting/lease_records.h"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using store::Statement;
using State = GatewayRecord::State;

constexpr std::array<std::string_view, 4> kStates = {"starting", "open", "closed", "released"};

std::string TextOf(State state) { return std::string(kStates.at(static_cast<std::size_t>(state))); }

State StateOf(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates.at(i) == text) return static_cast<State>(i);
  }
  return State::kOpen;  // nobody may rely on that it holds nothing
}

}  // namespace

std::int64_t DatabaseLeaseRecords::NowMs() const {
  return std::chrono::floor<std::chrono::milliseconds>(loop_.clock().Wall()).time_since_epoch().count();
}

net::Task<Result<std::vector<LeaseRecords::Use>>> DatabaseLeaseRecords::UsesOf(std::int64_t limit,
                                                                               std::int64_t piece_begin,
                                                                               net::Deadline deadline) {
  Statement statement{.sql =
                          "SELECT journal, piece_begin_s, used FROM limit_use WHERE limit_id = $1 AND"
                          " piece_begin_s >= $2",
                      .arguments = {limit, piece_begin},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), deadline));
  std::vector<Use> uses;
  uses.reserve(rows.size());
  for (const auto& row : rows) {
    uses.push_back({.journal = store::IntegerOf(row.at(0)),
                    .piece_begin = store::IntegerOf(row.at(1)),
                    .used = store::IntegerOf(row.at(2))});
  }
  co_return uses;
}

net::Task<Result<std::vector<GatewayRecord>>> DatabaseLeaseRecords::Gateways(net::Deadline deadline) {
  Statement statement{.sql = "SELECT journal, name, state, incarnation, seen_ms FROM gateway ORDER BY name, journal",
                      .arguments = {},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), deadline));
  std::vector<GatewayRecord> gateways;
  gateways.reserve(rows.size());
  for (const auto& row : rows) {
    gateways.push_back({.journal = store::IntegerOf(row.at(0)),
                        .name = std::string(store::TextOf(row.at(1))),
                        .state = StateOf(store::TextOf(row.at(2))),
                        .incarnation = store::IntegerOf(row.at(3)),
                        .seen_ms = store::IntegerOf(row.at(4))});
  }
  co_return gateways;
}

// One that was not closed in order still holds what it held.
net::Task<Result<std::int64_t>> DatabaseLeaseRecords::Begin(std::int64_t journal, std::string name,
                                                            net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back({.sql =
                      "INSERT INTO gateway (journal, name, state, incarnation, seen_ms) VALUES ($1, $2, 'starting', 1,"
                      " $3) ON CONFLICT (journal) DO UPDATE SET name = excluded.name, incarnation ="
                      " gateway.incarnation + 1, seen_ms = excluded.seen_ms, state = CASE WHEN gateway.state = 'open'"
                      " THEN 'open' ELSE 'starting' END",
                  .arguments = {journal, std::move(name), NowMs()},
                  .expected_changes = 1});
  GH_CO_CHECK_OK(co_await database_.Write(loop_, std::move(unit), deadline));
  Statement statement{
      .sql = "SELECT incarnation FROM gateway WHERE journal = $1", .arguments = {journal}, .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), deadline));
  if (rows.empty()) co_return base::Internal("the gateway's own record is gone");
  co_return store::IntegerOf(rows.at(0).at(0));
}

net::Task<base::Status> DatabaseLeaseRecords::Mark(std::int64_t journal, State state, net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back({.sql = "UPDATE gateway SET state = $2, seen_ms = $3 WHERE journal = $1",
                  .arguments = {journal, TextOf(state), NowMs()},
                  .expected_changes = 1});
  GH_CO_CHECK_OK(co_await database_.Write(loop_, std::move(unit), deadline));
  co_return base::Ok();
}

}  // namespace gatehouse::features::accounting
