#include "features/accounting/adjustment.h"

#include <array>
#include <chrono>
#include <utility>

#include "codec/crypto/random.h"
#include "features/accounting/block.h"

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using pipeline::NodeKind;
using store::Statement;

constexpr std::int64_t kMostListed = 50'000;
constexpr std::size_t kMostNote = 1000;
constexpr std::int64_t kPage = 500;

constexpr std::array<std::string_view, 3> kFirst = {
    "CREATE TABLE exchange_adjustment (journal BIGINT NOT NULL, number BIGINT NOT NULL, id BIGINT NOT NULL UNIQUE, "
    "request_id TEXT NOT NULL, organization BIGINT NOT NULL, admitted_ms BIGINT NOT NULL, at_ms BIGINT NOT NULL, "
    "author "
    "BIGINT NOT NULL, author_name TEXT NOT NULL, note TEXT NOT NULL, before_nano_usd BIGINT NOT NULL, after_nano_usd "
    "BIGINT NOT NULL, PRIMARY KEY (journal, number))",
    "CREATE INDEX exchange_adjustment_admitted ON exchange_adjustment (admitted_ms)",
    "CREATE INDEX exchange_adjustment_at ON exchange_adjustment (at_ms)",
};

// In the order in which they were committed, each with its row, for gateways that follow what others settle.
constexpr std::array<std::string_view, 5> kSerial = {
    "ALTER TABLE exchange_adjustment ADD COLUMN serial BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE exchange_adjustment ADD COLUMN content BYTEA",
    "CREATE INDEX exchange_adjustment_serial ON exchange_adjustment (journal, serial)",
    "CREATE TABLE adjustment_count (id BIGINT NOT NULL PRIMARY KEY, last BIGINT NOT NULL)",
    "INSERT INTO adjustment_count (id, last) VALUES (1, 0)",
};

constexpr std::array<store::Migration, 2> kMigrations = {
    {{.version = 1, .name = "adjustments of exchanges in doubt", .statements = kFirst},
     {.version = 2, .name = "adjustments in their order", .statements = kSerial}}};

constexpr std::string_view kColumns =
    "SELECT id, journal, number, request_id, admitted_ms, at_ms, author_name, note, before_nano_usd, after_nano_usd "
    "FROM exchange_adjustment WHERE ";

Adjustment AdjustmentOf(const store::Row& row) {
  return {.id = store::IntegerOf(row.at(0)),
          .row = {.journal = store::IntegerOf(row.at(1)), .number = store::IntegerOf(row.at(2))},
          .request_id = std::string(store::TextOf(row.at(3))),
          .admitted_ms = store::IntegerOf(row.at(4)),
          .at_ms = store::IntegerOf(row.at(5)),
          .author = std::string(store::TextOf(row.at(6))),
          .note = std::string(store::TextOf(row.at(7))),
          .before = {store::IntegerOf(row.at(8))},
          .after = {store::IntegerOf(row.at(9))}};
}

std::int64_t NewId() {
  std::uint64_t id = 0;
  for (const char byte : codec::crypto::RandomBytes(sizeof id)) id = id << 8U | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(id >> 1U);
}

base::Error Refused(base::ErrorCode code, std::string message) {
  return {.code = code, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

// Its row stays locked until the unit of work is done: who has the next number is committed later.
Statement NextSerial() {
  return {.sql = "UPDATE adjustment_count SET last = last + 1 WHERE id = 1", .arguments = {}, .expected_changes = 1};
}

Statement InsertOf(const Adjustment& adjustment, const Row& row, std::int64_t author, std::string row_bytes) {
  return {
      .sql =
          "INSERT INTO exchange_adjustment (journal, number, id, request_id, organization, admitted_ms, at_ms, "
          "author, author_name, note, before_nano_usd, after_nano_usd, content, serial) VALUES ($1, $2, $3, $4, $5, "
          "$6, $7, $8, $9, $10, $11, $12, $13, (SELECT last FROM adjustment_count WHERE id = 1))",
      .arguments = {adjustment.row.journal, adjustment.row.number, adjustment.id, adjustment.request_id,
                    row.NodeOf(NodeKind::kOrganization), adjustment.admitted_ms, adjustment.at_ms, author,
                    adjustment.author, adjustment.note, adjustment.before.value, adjustment.after.value,
                    store::Blob{std::move(row_bytes)}},
      .expected_changes = 1};
}

// The line that the row was added to; it is known exactly from now on.
Statement RollupOf(Grain grain, const Row& row, base::NanoUsd difference) {
  return {.sql = "UPDATE " + std::string(TableOf(grain)) +
                 " SET cost_nano_usd = cost_nano_usd + $1, estimated = estimated - 1 WHERE begins_ms = $2 AND "
                 "organization = $3 AND team = $4 AND project = $5 AND actor = $6 AND key = $7 AND surface = $8 AND "
                 "model = $9 AND provider = $10 AND upstream_model = $11 AND outcome = $12",
          .arguments = {difference.value, BeginOf(grain, row.admitted_ms), row.NodeOf(NodeKind::kOrganization),
                        row.NodeOf(NodeKind::kTeam), row.NodeOf(NodeKind::kProject), row.Actor(),
                        row.NodeOf(NodeKind::kKey), std::string(row.surface), std::string(row.model),
                        std::string(row.provider), std::string(row.upstream_model), std::string(ToString(row.outcome))},
          .expected_changes = 1};
}

Treasury::Use DifferenceOf(const Row& row, base::NanoUsd difference) {
  Treasury::Use use = UseOf(row);
  use.used = {.usd = difference};
  return use;
}

}  // namespace

store::Schema AdjustmentSchema() { return {.component = "adjustments", .migrations = kMigrations}; }

net::Task<Result<Adjustment>> Adjustments::Find(net::Loop& loop, RowName row, net::Deadline deadline) const {
  Statement statement{.sql = std::string(kColumns) + "journal = $1 AND number = $2",
                      .arguments = {row.journal, row.number},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  if (rows.empty()) co_return Refused(base::ErrorCode::kNotFound, "Nobody has settled this exchange.");
  co_return AdjustmentOf(rows.at(0));
}

net::Task<Result<Adjustment>> Adjustments::Settle(net::Loop& loop, SettleRequest request, std::vector<Statement> also,
                                                  net::Deadline deadline) {
  Links links;
  const auto row = DecodeRow(request.row_bytes, links);
  if (!row) co_return base::Internal("a row of the ledger is damaged");
  if (row->basis != pipeline::Charge::Basis::kWorstCase) {
    co_return base::InvalidRequest("This exchange is not in doubt: what it cost is known.");
  }
  if (request.cost.value < 0) co_return base::InvalidRequest("A cost cannot be negative.", "usd");
  if (request.note.empty() || request.note.size() > kMostNote) {
    co_return base::InvalidRequest("Say with `note` how it is known, in at most 1000 bytes.", "note");
  }
  const base::WallTime now = loop.clock().Wall();
  const Adjustment adjustment{.id = NewId(),
                              .row = request.row,
                              .request_id = std::string(row->request_id),
                              .admitted_ms = row->admitted_ms,
                              .at_ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count(),
                              .author = request.author,
                              .note = request.note,
                              .before = row->cost,
                              .after = request.cost};
  const Treasury::Use use = DifferenceOf(*row, adjustment.difference());
  std::vector<Statement> unit;
  unit.push_back(NextSerial());
  unit.push_back(InsertOf(adjustment, *row, request.author_id, request.row_bytes));
  for (const Grain grain : {Grain::kMinute, Grain::kHour, Grain::kDay}) {
    unit.push_back(RollupOf(grain, *row, adjustment.difference()));
  }
  for (const Spent& spent : treasury_.Attribute(use)) {
    // Under the journal that used it, or under none where the limit is younger than the exchange.
    unit.push_back({.sql = "UPDATE limit_use SET used = used + $1 WHERE limit_id = $2 AND piece_begin_s = $3 AND"
                           " journal = (SELECT MAX(journal) FROM limit_use WHERE limit_id = $2 AND piece_begin_s = $3"
                           " AND journal IN (0, $4))",
                    .arguments = {spent.used, spent.limit, spent.piece_begin, request.row.journal},
                    .expected_changes = {}});
  }
  for (Statement& statement : also) unit.push_back(std::move(statement));
  auto written = co_await database_.Write(loop, std::move(unit), deadline);
  if (!written.ok()) {
    base::Error error = std::move(written).TakeError();
    const bool unknown = error.code == base::ErrorCode::kTimeout;
    if (!unknown && error.code != base::ErrorCode::kConflict) co_return error;
    const auto found = co_await Find(loop, request.row, deadline);
    if (!found.ok()) co_return error;
    if (found.value().id != adjustment.id) {
      co_return Refused(base::ErrorCode::kConflict, "This exchange was settled by " + found.value().author + " at " +
                                                        base::FormatUsd(found.value().after) +
                                                        " USD. That is done once.");
    }
  }
  if (!own_journal_) {
    treasury_.Charge(use, SecondsOf(now));
  } else if (*own_journal_ == request.row.journal) {
    static_cast<void>(co_await Follow(loop, deadline));  // or the next time that somebody does
  }
  co_return adjustment;
}

net::Task<base::Status> Adjustments::Begin(net::Loop& loop, net::Deadline deadline) {
  Statement statement{.sql = "SELECT last FROM adjustment_count WHERE id = 1", .arguments = {}, .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  if (rows.empty()) co_return base::Internal("the count of adjustments is gone from the database");
  followed_ = store::IntegerOf(rows.at(0).at(0));
  co_return base::Ok();
}

// Two at once read the same; each adjustment is told by the one that comes first.
net::Task<base::Status> Adjustments::Follow(net::Loop& loop, net::Deadline deadline) {
  for (;;) {
    Statement statement{.sql =
                            "SELECT serial, content, before_nano_usd, after_nano_usd FROM exchange_adjustment WHERE "
                            "journal = $1 AND serial > $2 ORDER BY serial LIMIT $3",
                        .arguments = {*own_journal_, followed_, kPage},
                        .expected_changes = {}};
    GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
    for (const store::Row& one : rows) {
      const std::int64_t serial = store::IntegerOf(one.at(0));
      if (serial <= followed_) continue;
      followed_ = serial;
      Links links;
      const auto row = DecodeRow(store::BytesOf(one.at(1)), links);
      if (!row) co_return base::Internal("an adjustment has a row that is damaged");
      const base::NanoUsd difference{store::IntegerOf(one.at(3)) - store::IntegerOf(one.at(2))};
      treasury_.Charge(DifferenceOf(*row, difference), SecondsOf(loop.clock().Wall()));
    }
    if (rows.size() < static_cast<std::size_t>(kPage)) co_return base::Ok();
  }
}

net::Task<Result<Adjustments::ByRow>> Adjustments::Between(net::Loop& loop, std::int64_t from_ms, std::int64_t until_ms,
                                                           net::Deadline deadline) const {
  Statement statement{.sql = std::string(kColumns) + "admitted_ms >= $1 AND admitted_ms < $2 LIMIT $3",
                      .arguments = {from_ms, until_ms, kMostListed + 1},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  if (rows.size() > static_cast<std::size_t>(kMostListed)) {
    co_return Refused(base::ErrorCode::kTooLarge, "Too many exchanges were settled in that time; ask for less of it.");
  }
  ByRow found;
  for (const store::Row& row : rows) {
    Adjustment adjustment = AdjustmentOf(row);
    const RowName name = adjustment.row;
    found.emplace(name, std::move(adjustment));
  }
  co_return found;
}

net::Task<Result<Adjustments::Doubts>> Adjustments::Open(net::Loop& loop, net::Deadline deadline) const {
  Statement statement{.sql =
                          "SELECT CAST(COALESCE(SUM(in_doubt), 0) AS BIGINT) - (SELECT COUNT(*) FROM "
                          "exchange_adjustment), COALESCE(MAX(last_ms), 0) FROM exchange_block WHERE in_doubt > 0",
                      .arguments = {},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  if (rows.empty()) co_return Doubts{};
  co_return Doubts{.exchanges = store::IntegerOf(rows.at(0).at(0)), .newest_ms = store::IntegerOf(rows.at(0).at(1))};
}

}  // namespace gatehouse::features::accounting
