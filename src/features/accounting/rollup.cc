#include "features/accounting/rollup.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using store::Statement;
using store::Value;

constexpr std::string_view kInsertExchange =
    "INSERT INTO exchange (journal, number, request_id, admitted_ms, duration_us, first_event_us, organization, team,"
    " project, actor, key, principal, key_id, surface, operation, model, provider, upstream_model, status, ending,"
    " error, attempts, attempt_count, effect, rule, input, cache_read, cache_write_5m, cache_write_30m, cache_write_1h,"
    " cache_write_12h, input_audio, tool_input, output, reasoning, output_audio, server_tool_calls, basis,"
    " cost_nano_usd, price, bytes_in, bytes_out) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
    " $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,"
    " $37, $38, $39, $40, $41, $42)";

// A rollup's statement but for the table's name.
constexpr std::string_view kRollupColumns =
    " (begins_ms, organization, team, project, actor, key, surface, model, provider, upstream_model, outcome,"
    " exchanges, estimated, input, cache_read, cache_write, output, reasoning, cost_nano_usd, duration_us)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    " ON CONFLICT (begins_ms, organization, team, project, actor, key, surface, model, provider, upstream_model,"
    " outcome) DO UPDATE SET";
constexpr std::array<std::string_view, 9> kSums = {"exchanges",  "estimated",     "input",
                                                   "cache_read", "cache_write",   "output",
                                                   "reasoning",  "cost_nano_usd", "duration_us"};

std::string RollupSql(Grain grain) {
  const std::string table(TableOf(grain));
  std::string sql = "INSERT INTO " + table + std::string(kRollupColumns);
  for (const std::string_view column : kSums) {
    const std::string name(column);
    sql += (column == kSums.front() ? " " : ", ") + name + " = " + table + "." + name + " + excluded." + name;
  }
  return sql;
}

// Databases know signed numbers only.
std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

std::string_view OutcomeOf(const Row& row) {
  if (row.ending == kInDoubt) return "in_doubt";
  if (row.effect == pipeline::Effect::kDeny || row.effect == pipeline::Effect::kChallenge) return "denied";
  return row.error.empty() ? "ok" : "failed";
}

Statement InsertOf(const Row& row) {
  using pipeline::NodeKind;
  const llm::Usage& u = row.usage;
  const auto number = [](std::uint64_t value) { return Value(Signed(value)); };
  return {.sql = std::string(kInsertExchange),
          .arguments = {row.journal,
                        row.number,
                        row.request_id,
                        row.admitted_ms,
                        number(row.duration_us),
                        number(row.first_event_us),
                        row.NodeOf(NodeKind::kOrganization),
                        row.NodeOf(NodeKind::kTeam),
                        row.NodeOf(NodeKind::kProject),
                        row.Actor(),
                        row.NodeOf(NodeKind::kKey),
                        row.principal,
                        row.key_id,
                        row.surface,
                        row.operation,
                        row.model,
                        row.provider,
                        row.upstream_model,
                        std::int64_t{row.status},
                        row.ending,
                        row.error,
                        row.attempts,
                        std::int64_t{row.attempt_count},
                        std::string(pipeline::ToString(row.effect)),
                        row.rule,
                        number(u.input),
                        number(u.cache_read),
                        number(u.cache_write_5m),
                        number(u.cache_write_30m),
                        number(u.cache_write_1h),
                        number(u.cache_write_12h),
                        number(u.input_audio),
                        number(u.tool_input),
                        number(u.output),
                        number(u.reasoning),
                        number(u.output_audio),
                        number(u.server_tool_calls),
                        std::string(pipeline::ToString(row.charge.basis)),
                        row.charge.cost.value,
                        row.charge.price,
                        number(row.bytes_in),
                        number(row.bytes_out)},
          .expected_changes = 1};
}

// What rows of one kind add up to.
struct Sums {
  std::array<std::int64_t, kSums.size()> values{};

  void Add(const Row& row) {
    const llm::Usage& u = row.usage;
    const bool estimated = row.charge.basis == pipeline::Charge::Basis::kEstimated ||
                           row.charge.basis == pipeline::Charge::Basis::kWorstCase;
    const std::array<std::uint64_t, kSums.size()> more = {1,
                                                          estimated ? 1U : 0U,
                                                          u.TotalInput() - u.cache_read - u.CacheWrite(),
                                                          u.cache_read,
                                                          u.CacheWrite(),
                                                          u.output + u.output_audio,
                                                          u.reasoning,
                                                          static_cast<std::uint64_t>(row.charge.cost.value),
                                                          row.duration_us};
    for (std::size_t i = 0; i < values.size(); ++i) {
      values.at(i) = (base::NanoUsd{values.at(i)} + base::NanoUsd{Signed(more.at(i))}).value;
    }
  }
};

using Kind = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                        std::string_view, std::string_view, std::string_view, std::string_view, std::string_view>;

void AddRollups(const std::vector<Row>& rows, Grain grain, std::vector<Statement>& unit) {
  using pipeline::NodeKind;
  std::map<Kind, Sums> sums;
  for (const Row& row : rows) {
    sums[Kind(BeginOf(grain, row.admitted_ms), row.NodeOf(NodeKind::kOrganization), row.NodeOf(NodeKind::kTeam),
              row.NodeOf(NodeKind::kProject), row.Actor(), row.NodeOf(NodeKind::kKey), row.surface, row.model,
              row.provider, row.upstream_model, OutcomeOf(row))]
        .Add(row);
  }
  const std::string sql = RollupSql(grain);
  for (const auto& [kind, sum] : sums) {
    Statement statement{.sql = sql, .arguments = {}, .expected_changes = {}};
    std::apply(
        [&](std::int64_t begin, std::int64_t organization, std::int64_t team, std::int64_t project, std::int64_t actor,
            std::int64_t key, auto... names) {
          statement.arguments = {begin, organization, team, project, actor, key, std::string(names)...};
        },
        kind);
    for (const std::int64_t value : sum.values) statement.arguments.emplace_back(value);
    unit.push_back(std::move(statement));
  }
}

void AddLimitUse(const std::vector<Row>& rows, const Treasury& treasury, std::vector<Statement>& unit) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> used;
  for (const Row& row : rows) {
    for (const Spent& spent : treasury.Attribute(UseOf(row))) used[{spent.limit, spent.piece_begin}] += spent.used;
  }
  for (const auto& [piece, amount] : used) {
    unit.push_back({.sql = "INSERT INTO limit_use (limit_id, piece_begin_s, used) VALUES ($1, $2, $3)"
                           " ON CONFLICT (limit_id, piece_begin_s) DO UPDATE SET used = limit_use.used + excluded.used",
                    .arguments = {piece.first, piece.second, amount},
                    .expected_changes = {}});
  }
}

// So many batches of a journal are remembered: more than can be in doubt at once.
constexpr std::int64_t kRememberedBatches = 100;

}  // namespace

std::string_view TableOf(Grain grain) {
  switch (grain) {
    case Grain::kMinute: return "rollup_minute";
    case Grain::kHour: return "rollup_hour";
    case Grain::kDay: return "rollup_day";
  }
  return "";
}

std::int64_t BeginOf(Grain grain, std::int64_t milliseconds) {
  std::int64_t length = 60'000;
  if (grain == Grain::kHour) length *= 60;
  if (grain == Grain::kDay) length *= std::int64_t{24} * 60;
  const std::int64_t rest = milliseconds % length;
  return milliseconds - (rest < 0 ? rest + length : rest);
}

Treasury::Use UseOf(const Row& row) {
  const bool called = row.charge.basis != pipeline::Charge::Basis::kNothing;
  return {.chain = row.chain,
          .model = row.model,
          .provider = row.provider,
          .used = {.usd = row.charge.cost, .tokens = Signed(row.usage.Total()), .requests = called ? 1 : 0},
          .at = row.admitted_ms / 1000};
}

std::vector<Statement> UnitOf(const Batch& batch, const Treasury& treasury) {
  std::vector<Statement> unit;
  unit.push_back({.sql = "INSERT INTO ledger_batch (journal, batch) VALUES ($1, $2)",
                  .arguments = {batch.journal, batch.number},
                  .expected_changes = 1});
  unit.push_back({.sql = "DELETE FROM ledger_batch WHERE journal = $1 AND batch < $2",
                  .arguments = {batch.journal, batch.number - kRememberedBatches},
                  .expected_changes = {}});
  for (const Row& row : batch.rows) unit.push_back(InsertOf(row));
  for (const Grain grain : {Grain::kMinute, Grain::kHour, Grain::kDay}) AddRollups(batch.rows, grain, unit);
  AddLimitUse(batch.rows, treasury, unit);
  return unit;
}

}  // namespace gatehouse::features::accounting
