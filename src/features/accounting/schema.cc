#include "features/accounting/schema.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace gatehouse::features::accounting {
namespace {

// What sums by minute, hour and day have alike.
constexpr std::string_view kRollup =
    R"((
  begins_ms BIGINT NOT NULL, organization BIGINT NOT NULL, team BIGINT NOT NULL, project BIGINT NOT NULL,
  actor BIGINT NOT NULL, key BIGINT NOT NULL, surface TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL, outcome TEXT NOT NULL,
  exchanges BIGINT NOT NULL, estimated BIGINT NOT NULL, input BIGINT NOT NULL, cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL, output BIGINT NOT NULL, reasoning BIGINT NOT NULL, cost_nano_usd BIGINT NOT NULL,
  duration_us BIGINT NOT NULL,
  PRIMARY KEY (begins_ms, organization, team, project, actor, key, surface, model, provider, upstream_model, outcome)))";

// A text put together while compiling. Applied migrations are known by every byte of their statements.
template <std::size_t kSize>
struct Statement {
  std::array<char, kSize> text{};
  constexpr std::string_view view() const { return {text.data(), text.size()}; }
};
template <std::size_t kSize>
consteval auto RollupTable(const char (&name)[kSize]) {  // NOLINT(modernize-avoid-c-arrays): a literal is one
  constexpr std::string_view kCreate = "CREATE TABLE ";
  Statement<kCreate.size() + kSize + kRollup.size()> statement;
  auto* at = std::ranges::copy(kCreate, statement.text.begin()).out;
  at = std::copy_n(std::begin(name), kSize - 1, at);
  *at++ = ' ';
  std::ranges::copy(kRollup, at);
  return statement;
}
constexpr auto kMinutes = RollupTable("rollup_minute");
constexpr auto kHours = RollupTable("rollup_hour");
constexpr auto kDays = RollupTable("rollup_day");

constexpr std::array<std::string_view, 9> kFirst = {
    R"(CREATE TABLE exchange_block (
  journal BIGINT NOT NULL, block BIGINT NOT NULL, least BIGINT NOT NULL, most BIGINT NOT NULL,
  first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, exchanges BIGINT NOT NULL, in_doubt BIGINT NOT NULL,
  requests BYTEA NOT NULL, content BYTEA NOT NULL,
  PRIMARY KEY (journal, block)))",
    "CREATE INDEX exchange_block_by_time ON exchange_block (first_ms)",
    "CREATE INDEX exchange_block_by_number ON exchange_block (journal, most)",
    "CREATE INDEX exchange_block_in_doubt ON exchange_block (first_ms) WHERE in_doubt > 0",
    kMinutes.view(),
    kHours.view(),
    kDays.view(),
    R"(CREATE TABLE limit_use (limit_id BIGINT NOT NULL, piece_begin_s BIGINT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (limit_id, piece_begin_s)))",
    R"(CREATE TABLE usage_limit (
  id BIGINT NOT NULL PRIMARY KEY, organization BIGINT NOT NULL, node BIGINT NOT NULL, name TEXT NOT NULL,
  dimension TEXT NOT NULL, amount BIGINT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL, zone TEXT NOT NULL,
  model TEXT NOT NULL, provider TEXT NOT NULL, steps TEXT NOT NULL, managed_by TEXT NOT NULL, changed_ms BIGINT NOT NULL,
  UNIQUE (node, name)))",
};

// What was used of limits by the journal that it came from; 0 for what was there before.
constexpr std::array<std::string_view, 8> kByJournal = {
    R"(CREATE TABLE limit_use_by_journal (limit_id BIGINT NOT NULL, journal BIGINT NOT NULL,
  piece_begin_s BIGINT NOT NULL, used BIGINT NOT NULL, PRIMARY KEY (limit_id, piece_begin_s, journal)))",
    R"(INSERT INTO limit_use_by_journal (limit_id, journal, piece_begin_s, used)
  SELECT limit_id, 0, piece_begin_s, used FROM limit_use)",
    "DROP TABLE limit_use",
    "ALTER TABLE limit_use_by_journal RENAME TO limit_use",
    R"(CREATE TABLE gateway (journal BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL,
  incarnation BIGINT NOT NULL, seen_ms BIGINT NOT NULL))",
    "CREATE INDEX gateway_by_name ON gateway (name)",
    "CREATE TABLE limit_version (id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)",
    "INSERT INTO limit_version (id, version) VALUES (1, 1)",
};

constexpr std::array<store::Migration, 2> kMigrations = {
    {{.version = 1, .name = "exchanges, rollups and limits", .statements = kFirst},
     {.version = 2, .name = "what gateways share of limits", .statements = kByJournal}}};

}  // namespace

store::Schema LedgerSchema() { return {.component = "ledger", .migrations = kMigrations}; }

}  // namespace gatehouse::features::accounting
