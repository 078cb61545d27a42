#include "features/accounting/usage_query.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using store::Value;

struct KeyName {
  UsageKey key;
  std::string_view name;
  std::string_view column;
};
constexpr std::array<KeyName, 11> kKeys = {{{UsageKey::kTime, "time", "begins_ms"},
                                            {UsageKey::kOrganization, "organization", "organization"},
                                            {UsageKey::kTeam, "team", "team"},
                                            {UsageKey::kProject, "project", "project"},
                                            {UsageKey::kActor, "actor", "actor"},
                                            {UsageKey::kKey, "key", "key"},
                                            {UsageKey::kSurface, "surface", "surface"},
                                            {UsageKey::kModel, "model", "model"},
                                            {UsageKey::kProvider, "provider", "provider"},
                                            {UsageKey::kUpstreamModel, "upstream_model", "upstream_model"},
                                            {UsageKey::kOutcome, "outcome", "outcome"}}};

constexpr std::array<std::string_view, 8> kSums = {"exchanges",   "estimated", "input",     "cache_read",
                                                   "cache_write", "output",    "reasoning", "cost_nano_usd"};
constexpr std::uint32_t kMostLines = 50'000;

const KeyName& NameOf(UsageKey key) { return *std::ranges::find(kKeys, key, &KeyName::key); }

base::Status Check(const UsageQuery& query) {
  if (query.from_ms >= query.until_ms) return base::InvalidRequest("`from` must be before `until`.", "from");
  if (query.at_most == 0 || query.at_most > kMostLines) {
    return base::InvalidRequest("`limit` must be from 1 to " + std::to_string(kMostLines) + ".", "limit");
  }
  for (auto key = query.by.begin(); key != query.by.end(); ++key) {
    if (std::find(query.by.begin(), key, *key) != key) {
      return base::InvalidRequest("`by` names " + std::string(ToString(*key)) + " twice.", "by");
    }
  }
  return base::Ok();
}

// Only names of ours become part of it.
store::Statement StatementOf(const UsageQuery& query) {
  std::string keys;
  for (const UsageKey key : query.by) keys.append(NameOf(key).column).append(", ");
  std::string sql = "SELECT " + keys;
  for (const std::string_view sum : kSums) {
    sql.append("CAST(SUM(").append(sum).append(") AS BIGINT) AS sum_").append(sum);
    if (sum != kSums.back()) sql.append(", ");
  }
  sql.append(" FROM ").append(TableOf(query.grain)).append(" WHERE begins_ms >= $1 AND begins_ms < $2");
  store::Statement statement{.sql = {}, .arguments = {BeginOf(query.grain, query.from_ms), query.until_ms}};
  if (query.within) {
    sql.append(" AND (organization = $3 OR team = $3 OR project = $3 OR actor = $3 OR key = $3)");
    statement.arguments.emplace_back(query.within->value);
  }
  if (!keys.empty()) sql.append(" GROUP BY ").append(keys.substr(0, keys.size() - 2));
  const bool by_time = std::ranges::find(query.by, UsageKey::kTime) != query.by.end();
  sql.append(by_time ? " ORDER BY begins_ms, sum_cost_nano_usd DESC" : " ORDER BY sum_cost_nano_usd DESC");
  sql.append(" LIMIT ").append(std::to_string(query.at_most + 1));
  statement.sql = std::move(sql);
  return statement;
}

UsageLine LineOf(const store::Row& row, std::size_t keys) {
  UsageLine line;
  line.keys.assign(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(keys));
  const std::array<std::int64_t*, kSums.size()> sums = {&line.exchanges,  &line.estimated,   &line.input,
                                                        &line.cache_read, &line.cache_write, &line.output,
                                                        &line.reasoning,  &line.cost.value};
  for (std::size_t i = 0; i < sums.size(); ++i) *sums.at(i) = store::IntegerOf(row.at(keys + i));
  return line;
}

}  // namespace

std::string_view ToString(UsageKey key) { return NameOf(key).name; }

std::optional<UsageKey> ParseUsageKey(std::string_view name) {
  const auto* found = std::ranges::find(kKeys, name, &KeyName::name);
  return found == kKeys.end() ? std::nullopt : std::optional(found->key);
}

bool IsNode(UsageKey key) {
  return key == UsageKey::kOrganization || key == UsageKey::kTeam || key == UsageKey::kProject ||
         key == UsageKey::kActor || key == UsageKey::kKey;
}

net::Task<Result<UsageReport>> QueryUsage(store::Database& database, net::Loop& loop, UsageQuery query,
                                          net::Deadline deadline) {
  GH_CO_CHECK_OK(Check(query));
  GH_CO_TRY(const store::Rows rows, co_await database.Query(loop, StatementOf(query), deadline));
  UsageReport report;
  for (const auto& row : rows) {
    if (report.lines.size() == query.at_most) {
      report.complete = false;
      break;
    }
    UsageLine line = LineOf(row, query.by.size());
    if (line.exchanges > 0) report.lines.push_back(std::move(line));
  }
  co_return report;
}

}  // namespace gatehouse::features::accounting
