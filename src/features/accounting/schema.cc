#include "features/accounting/schema.h"

#include <array>
#include <string_view>

namespace gatehouse::features::accounting {
namespace {

constexpr std::array<std::string_view, 10> kFirst = {
    R"(CREATE TABLE exchange (
  journal BIGINT NOT NULL, number BIGINT NOT NULL, request_id TEXT NOT NULL, admitted_ms BIGINT NOT NULL,
  duration_us BIGINT NOT NULL, first_event_us BIGINT NOT NULL,
  organization BIGINT NOT NULL, team BIGINT NOT NULL, project BIGINT NOT NULL, actor BIGINT NOT NULL,
  key BIGINT NOT NULL, principal TEXT NOT NULL, key_id TEXT NOT NULL,
  surface TEXT NOT NULL, operation TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL, status BIGINT NOT NULL, ending TEXT NOT NULL, error TEXT NOT NULL,
  attempts TEXT NOT NULL, attempt_count BIGINT NOT NULL, effect TEXT NOT NULL, rule TEXT NOT NULL,
  input BIGINT NOT NULL, cache_read BIGINT NOT NULL, cache_write_5m BIGINT NOT NULL, cache_write_30m BIGINT NOT NULL,
  cache_write_1h BIGINT NOT NULL, cache_write_12h BIGINT NOT NULL, input_audio BIGINT NOT NULL,
  tool_input BIGINT NOT NULL, output BIGINT NOT NULL, reasoning BIGINT NOT NULL, output_audio BIGINT NOT NULL,
  server_tool_calls BIGINT NOT NULL,
  basis TEXT NOT NULL, cost_nano_usd BIGINT NOT NULL, price TEXT NOT NULL,
  bytes_in BIGINT NOT NULL, bytes_out BIGINT NOT NULL,
  PRIMARY KEY (journal, number)))",
    "CREATE INDEX exchange_by_time ON exchange (admitted_ms)",
    "CREATE INDEX exchange_by_request ON exchange (request_id)",
    "CREATE INDEX exchange_in_doubt ON exchange (admitted_ms) WHERE basis = 'worst_case'",
    R"(CREATE TABLE rollup_minute (
  begins_ms BIGINT NOT NULL, organization BIGINT NOT NULL, team BIGINT NOT NULL, project BIGINT NOT NULL,
  actor BIGINT NOT NULL, key BIGINT NOT NULL, surface TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL, outcome TEXT NOT NULL,
  exchanges BIGINT NOT NULL, estimated BIGINT NOT NULL, input BIGINT NOT NULL, cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL, output BIGINT NOT NULL, reasoning BIGINT NOT NULL, cost_nano_usd BIGINT NOT NULL,
  duration_us BIGINT NOT NULL,
  PRIMARY KEY (begins_ms, organization, team, project, actor, key, surface, model, provider, upstream_model, outcome)))",
    R"(CREATE TABLE rollup_hour (
  begins_ms BIGINT NOT NULL, organization BIGINT NOT NULL, team BIGINT NOT NULL, project BIGINT NOT NULL,
  actor BIGINT NOT NULL, key BIGINT NOT NULL, surface TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL, outcome TEXT NOT NULL,
  exchanges BIGINT NOT NULL, estimated BIGINT NOT NULL, input BIGINT NOT NULL, cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL, output BIGINT NOT NULL, reasoning BIGINT NOT NULL, cost_nano_usd BIGINT NOT NULL,
  duration_us BIGINT NOT NULL,
  PRIMARY KEY (begins_ms, organization, team, project, actor, key, surface, model, provider, upstream_model, outcome)))",
    R"(CREATE TABLE rollup_day (
  begins_ms BIGINT NOT NULL, organization BIGINT NOT NULL, team BIGINT NOT NULL, project BIGINT NOT NULL,
  actor BIGINT NOT NULL, key BIGINT NOT NULL, surface TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL, outcome TEXT NOT NULL,
  exchanges BIGINT NOT NULL, estimated BIGINT NOT NULL, input BIGINT NOT NULL, cache_read BIGINT NOT NULL,
  cache_write BIGINT NOT NULL, output BIGINT NOT NULL, reasoning BIGINT NOT NULL, cost_nano_usd BIGINT NOT NULL,
  duration_us BIGINT NOT NULL,
  PRIMARY KEY (begins_ms, organization, team, project, actor, key, surface, model, provider, upstream_model, outcome)))",
    R"(CREATE TABLE ledger_batch (journal BIGINT NOT NULL, batch BIGINT NOT NULL, PRIMARY KEY (journal, batch)))",
    R"(CREATE TABLE limit_use (limit_id BIGINT NOT NULL, piece_begin_s BIGINT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (limit_id, piece_begin_s)))",
    R"(CREATE TABLE usage_limit (
  id BIGINT NOT NULL PRIMARY KEY, organization BIGINT NOT NULL, node BIGINT NOT NULL, name TEXT NOT NULL,
  dimension TEXT NOT NULL, amount BIGINT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL, zone TEXT NOT NULL,
  model TEXT NOT NULL, provider TEXT NOT NULL, steps TEXT NOT NULL, managed_by TEXT NOT NULL, changed_ms BIGINT NOT NULL,
  UNIQUE (node, name)))",
};

constexpr std::array<store::Migration, 1> kMigrations = {
    {{.version = 1, .name = "exchanges, rollups and limits", .statements = kFirst}}};

}  // namespace

store::Schema LedgerSchema() { return {.component = "ledger", .migrations = kMigrations}; }

}  // namespace gatehouse::features::accounting
