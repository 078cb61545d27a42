#include "features/alerts/outbox.h"

#include <string_view>
#include <utility>

#include "codec/json/document.h"

namespace gatehouse::features::alerts {
namespace {

using base::Result;
using store::Statement;

constexpr std::string_view kWaiting = "waiting";
constexpr std::string_view kAlertColumns =
    "a.id, a.at_ms, a.kind, a.event, a.severity, a.chain, a.path, a.title, a.body, a.facts";
constexpr std::size_t kAlertColumnCount = 10;

std::string_view WordOf(Outbox::State state) {
  switch (state) {
    case Outbox::State::kWaiting: return kWaiting;
    case Outbox::State::kDelivered: return "delivered";
    case Outbox::State::kFailed: return "failed";
  }
  return "";
}

// "/1/4/": so that all that concerns a node is found by a part of it.
std::string ChainText(const std::vector<pipeline::NodeId>& chain) {
  std::string text = "/";
  for (const pipeline::NodeId node : chain) text.append(std::to_string(node.value)).append("/");
  return text;
}

Alert AlertOf(const store::Row& row) {
  Alert alert{.id = store::IntegerOf(row.at(0)), .at_ms = store::IntegerOf(row.at(1)), .notice = {}};
  alert.notice.kind = store::TextOf(row.at(2));
  alert.notice.key = store::TextOf(row.at(3));
  alert.notice.severity = static_cast<common::Severity>(store::IntegerOf(row.at(4)));
  alert.notice.path = store::TextOf(row.at(6));
  alert.notice.title = store::TextOf(row.at(7));
  alert.notice.text = store::TextOf(row.at(8));
  codec::json::Document facts;
  if (facts.Parse(store::TextOf(row.at(9))).ok()) {
    for (const auto member : facts.root()) {
      alert.notice.facts.emplace_back(std::string(member.key), std::string(member.value.string()));
    }
  }
  return alert;
}

}  // namespace

net::Task<Result<Outbox::Taken>> Outbox::Add(Alert alert, std::vector<std::string> channels, net::Deadline deadline) {
  const common::Notice& notice = alert.notice;
  std::vector<Statement> unit;
  unit.push_back(
      {.sql = "INSERT INTO alert (id, at_ms, kind, event, severity, chain, path, title, body, facts) VALUES "
              "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
       .arguments = {alert.id, alert.at_ms, notice.kind, notice.key, static_cast<std::int64_t>(notice.severity),
                     ChainText(notice.chain), notice.path, notice.title, notice.text, FactsJson(notice)},
       .expected_changes = 1});
  for (std::string& channel : channels) {
    unit.push_back({.sql = "INSERT INTO alert_delivery (alert, channel, state, attempts, next_ms, changed_ms, said) "
                           "VALUES ($1, $2, 'waiting', 0, $3, $3, '')",
                    .arguments = {alert.id, std::move(channel), alert.at_ms},
                    .expected_changes = 1});
  }
  auto written = co_await database_.Write(loop_, std::move(unit), deadline);
  if (written.ok()) co_return Taken::kNew;
  if (written.error().code == base::ErrorCode::kConflict) co_return Taken::kKnown;
  co_return std::move(written).TakeFailure();
}

net::Task<Result<std::optional<std::int64_t>>> Outbox::ToldAt(std::string event, net::Deadline deadline) {
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_,
                                                             {.sql = "SELECT at_ms FROM alert WHERE event = $1",
                                                              .arguments = {std::move(event)},
                                                              .expected_changes = {}},
                                                             deadline));
  if (rows.empty()) co_return std::optional<std::int64_t>();
  co_return std::optional(store::IntegerOf(rows.at(0).at(0)));
}

net::Task<Result<std::vector<Outbox::Due>>> Outbox::DueAt(std::string channel, std::int64_t now_ms,
                                                          std::int64_t at_most, net::Deadline deadline) {
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(loop_,
                                     {.sql = "SELECT " + std::string(kAlertColumns) +
                                             ", d.attempts, d.next_ms FROM alert_delivery d JOIN alert a ON a.id = "
                                             "d.alert WHERE d.state = 'waiting' AND d.channel = $1 AND d.next_ms <= $2 "
                                             "ORDER BY d.next_ms LIMIT $3",
                                      .arguments = {channel, now_ms, at_most},
                                      .expected_changes = {}},
                                     deadline));
  std::vector<Due> due;
  for (const store::Row& row : rows) {
    due.push_back({.alert = AlertOf(row),
                   .channel = channel,
                   .attempts = store::IntegerOf(row.at(kAlertColumnCount)),
                   .next_ms = store::IntegerOf(row.at(kAlertColumnCount + 1))});
  }
  co_return due;
}

net::Task<Result<Outbox::Claimed>> Outbox::Claim(Due due, std::int64_t until_ms, net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back({.sql = "UPDATE alert_delivery SET attempts = attempts + 1, next_ms = $1 WHERE alert = $2 AND channel "
                         "= $3 AND state = 'waiting' AND next_ms = $4 AND attempts = $5",
                  .arguments = {until_ms, due.alert.id, due.channel, due.next_ms, due.attempts},
                  .expected_changes = 1});
  auto written = co_await database_.Write(loop_, std::move(unit), deadline);
  if (written.ok()) co_return Claimed::kYes;
  if (written.error().code == base::ErrorCode::kConflict) co_return Claimed::kElsewhere;
  co_return std::move(written).TakeFailure();
}

// Of what another gateway has brought to an end meanwhile, nothing is changed.
net::Task<base::Status> Outbox::Note(Due due, Outcome outcome, net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back({.sql = "UPDATE alert_delivery SET state = $1, next_ms = $2, changed_ms = $3, said = $4 WHERE alert = "
                         "$5 AND channel = $6 AND state = 'waiting'",
                  .arguments = {std::string(WordOf(outcome.state)), outcome.next_ms, outcome.at_ms,
                                std::move(outcome.said), due.alert.id, due.channel},
                  .expected_changes = {}});
  auto written = co_await database_.Write(loop_, std::move(unit), deadline);
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return base::Ok();
}

net::Task<Result<std::uint64_t>> Outbox::GiveUp(std::string channel, std::int64_t before_ms, Outcome outcome,
                                                net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back({.sql =
                      "UPDATE alert_delivery SET state = 'failed', changed_ms = $1, said = $2 WHERE channel = $3 AND "
                      "state = 'waiting' AND alert IN (SELECT id FROM alert WHERE at_ms < $4)",
                  .arguments = {outcome.at_ms, std::move(outcome.said), std::move(channel), before_ms},
                  .expected_changes = {}});
  GH_CO_TRY(const std::vector<store::Rows> done, co_await database_.Write(loop_, std::move(unit), deadline));
  co_return done.front().changes();
}

net::Task<base::Status> Outbox::Forget(std::int64_t before_ms, net::Deadline deadline) {
  std::vector<Statement> unit;
  unit.push_back({.sql = "DELETE FROM alert_delivery WHERE alert IN (SELECT id FROM alert WHERE at_ms < $1)",
                  .arguments = {before_ms},
                  .expected_changes = {}});
  unit.push_back({.sql = "DELETE FROM alert WHERE at_ms < $1", .arguments = {before_ms}, .expected_changes = {}});
  auto written = co_await database_.Write(loop_, std::move(unit), deadline);
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return base::Ok();
}

net::Task<Result<std::vector<Outbox::Waiting>>> Outbox::WaitingNow(net::Deadline deadline) {
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(loop_,
                                     {.sql = "SELECT channel, COUNT(*) FROM alert_delivery WHERE state = 'waiting' "
                                             "GROUP BY channel ORDER BY channel",
                                      .arguments = {},
                                      .expected_changes = {}},
                                     deadline));
  std::vector<Waiting> waiting;
  for (const store::Row& row : rows) {
    waiting.push_back({.channel = std::string(store::TextOf(row.at(0))), .deliveries = store::IntegerOf(row.at(1))});
  }
  co_return waiting;
}

net::Task<Result<std::vector<Outbox::Told>>> Outbox::List(Query query, net::Deadline deadline) {
  // The alerts first, so that the bound is one of alerts; then what became of each of them.
  const std::string chosen =
      "SELECT a.id FROM alert a WHERE ($1 = 0 OR a.at_ms < $1) AND a.chain LIKE $2 ORDER BY a.at_ms DESC, a.id DESC "
      "LIMIT $3";
  const std::string like = query.within ? "%/" + std::to_string(query.within->value) + "/%" : "%";
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(
                loop_,
                {.sql = "SELECT " + std::string(kAlertColumns) +
                        ", COALESCE(d.channel, ''), COALESCE(d.state, ''), COALESCE(d.attempts, 0), "
                        "COALESCE(d.next_ms, 0), COALESCE(d.changed_ms, 0), COALESCE(d.said, '') FROM alert a LEFT "
                        "JOIN alert_delivery d ON d.alert = a.id WHERE a.id IN (" +
                        chosen + ") ORDER BY a.at_ms DESC, a.id DESC, d.channel",
                 .arguments = {query.before_ms, like, query.at_most},
                 .expected_changes = {}},
                deadline));
  std::vector<Told> told;
  for (const store::Row& row : rows) {
    if (told.empty() || told.back().alert.id != store::IntegerOf(row.at(0))) {
      told.push_back({.alert = AlertOf(row), .deliveries = {}});
    }
    constexpr std::size_t kFirst = kAlertColumnCount;
    if (store::TextOf(row.at(kFirst)).empty()) continue;
    told.back().deliveries.push_back({.channel = std::string(store::TextOf(row.at(kFirst))),
                                      .state = std::string(store::TextOf(row.at(kFirst + 1))),
                                      .attempts = store::IntegerOf(row.at(kFirst + 2)),
                                      .next_ms = store::IntegerOf(row.at(kFirst + 3)),
                                      .changed_ms = store::IntegerOf(row.at(kFirst + 4)),
                                      .said = std::string(store::TextOf(row.at(kFirst + 5)))});
  }
  co_return told;
}

}  // namespace gatehouse::features::alerts
