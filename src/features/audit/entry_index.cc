#include "features/audit/entry_index.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "codec/json/document.h"

namespace gatehouse::features::audit {
namespace {

using base::Result;
using base::Status;
using codec::json::Value;
using store::Statement;

constexpr std::size_t kBlocksAtOnce = 256;
constexpr std::size_t kMostBlocksOfStatement = 64;
constexpr std::chrono::minutes kPatience(30);  // making an index over millions of rows takes minutes

// `rare` is 1 for entries that are not about exchanges.
constexpr std::string_view kFirst[] = {
    "CREATE TABLE record_entry (idx INTEGER PRIMARY KEY, ts BIGINT NOT NULL, type BIGINT NOT NULL, rare BIGINT NOT "
    "NULL, id BIGINT NOT NULL, org BIGINT NOT NULL, team BIGINT NOT NULL, project BIGINT NOT NULL, sub BIGINT NOT "
    "NULL, cred BIGINT NOT NULL, model BIGINT NOT NULL, decision BIGINT NOT NULL, status BIGINT NOT NULL)",
    "CREATE TABLE record_org (org BIGINT PRIMARY KEY)",
    "CREATE TABLE record_log (one BIGINT PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL)",
};
// A model is looked for among a few hundred blocks of a thousand entries each, instead of in an index of its own over
// all entries, which would take 25 bytes for each of them.
constexpr std::int64_t kBlock = 1024;
constexpr std::string_view kSecond[] = {
    "CREATE TABLE record_model_block (model BIGINT NOT NULL, block BIGINT NOT NULL, first_ts BIGINT NOT NULL, last_ts "
    "BIGINT NOT NULL, PRIMARY KEY (model, block))",
    "INSERT INTO record_model_block SELECT model, idx / 1024, MIN(ts), MAX(ts) FROM record_entry WHERE model <> 0 "
    "GROUP "
    "BY model, idx / 1024",
};
// What entries of a block are like, as a set of bits (FactsOf): a block in which nobody was answered with that status
// is not looked at for it. The blocks of model 0 are about all entries.
constexpr std::string_view kThird[] = {
    "DROP TABLE record_model_block",
    "CREATE TABLE record_block (model BIGINT NOT NULL, block BIGINT NOT NULL, first_ts BIGINT NOT NULL, last_ts BIGINT "
    "NOT NULL, facts BIGINT NOT NULL, PRIMARY KEY (model, block))",
    "INSERT INTO record_block SELECT model, idx / 1024, MIN(ts), MAX(ts), SUM(DISTINCT 1 << decision) + SUM(DISTINCT 1 "
    "<< (5 + (status & 65535) % 24)) + SUM(DISTINCT 1 << (29 + (type & 15))) + SUM(DISTINCT 1 << (45 + ((type >> 4 & "
    "65535) + (status & 65535) * 7) % 18)) FROM record_entry WHERE model <> 0 GROUP BY model, idx / 1024",
    "INSERT INTO record_block SELECT 0, idx / 1024, MIN(ts), MAX(ts), SUM(DISTINCT 1 << decision) + SUM(DISTINCT 1 << "
    "(5 + (status & 65535) % 24)) + SUM(DISTINCT 1 << (29 + (type & 15))) + SUM(DISTINCT 1 << (45 + ((type >> 4 & "
    "65535) + (status & 65535) * 7) % 18)) FROM record_entry GROUP BY idx / 1024",
};
constexpr store::Migration kMigrations[] = {
    {.version = 1, .name = "entries by number", .statements = kFirst},
    {.version = 2, .name = "blocks of entries by model", .statements = kSecond},
    {.version = 3, .name = "what entries of a block are like", .statements = kThird},
};

// What many entries have in common (an organization, a model, that something was allowed) has no index. An organization
// is found by going back in time; the rest, of which there may be none for long, in the blocks that have it.
constexpr std::array<std::string_view, 9> kIndexes = {
    "CREATE INDEX IF NOT EXISTS record_entry_type ON record_entry (type, ts) WHERE rare = 1",
    "CREATE INDEX IF NOT EXISTS record_entry_status ON record_entry (status, ts) WHERE status >= 400",
    "CREATE INDEX IF NOT EXISTS record_entry_ts ON record_entry (ts)",
    "CREATE INDEX IF NOT EXISTS record_entry_id ON record_entry (id) WHERE id <> 0",
    "CREATE INDEX IF NOT EXISTS record_entry_sub ON record_entry (sub, ts) WHERE sub <> 0",
    "CREATE INDEX IF NOT EXISTS record_entry_cred ON record_entry (cred, ts) WHERE cred <> 0",
    "CREATE INDEX IF NOT EXISTS record_entry_project ON record_entry (project, ts) WHERE project <> 0",
    "CREATE INDEX IF NOT EXISTS record_entry_team ON record_entry (team, ts) WHERE team <> 0",
    "CREATE INDEX IF NOT EXISTS record_entry_decision ON record_entry (decision, ts) WHERE decision > 1",
};

// FNV-1a, 64 bits; 0 for no text. Two texts of one hash are told apart in the log.
std::int64_t HashOf(std::string_view text) {
  if (text.empty()) return 0;
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash == 0 ? 1 : static_cast<std::int64_t>(hash);
}

// 1 for allow and up; 0: nothing was decided.
std::int64_t NumberOf(pipeline::Effect effect) { return static_cast<std::int64_t>(effect) + 1; }
std::int64_t DecisionNumber(std::string_view word) {
  using enum pipeline::Effect;
  for (const pipeline::Effect effect : {kAllow, kRestrict, kChallenge, kDeny}) {
    if (word == pipeline::ToString(effect)) return NumberOf(effect);
  }
  return 0;
}

// What an entry is, or is to be, of a decision, a status and a type: a bit for the decision, one of 24 for the status,
// of 16 for the type, and of 18 for the two together, as in kThird. Of what has the bits of a question, something may
// be what is asked for; of what lacks one, nothing is.
struct Likeness {
  std::optional<std::int64_t> decision;  // its number
  std::optional<std::int64_t> status;
  std::optional<std::int64_t> type;  // its hash
};
std::int64_t FactsOf(const Likeness& like) {
  constexpr std::uint64_t kLowBits = 0xFFFF;
  const auto bit = [](std::uint64_t at) { return std::uint64_t{1} << at; };
  const auto status = static_cast<std::uint64_t>(like.status.value_or(0)) & kLowBits;
  const auto type = static_cast<std::uint64_t>(like.type.value_or(0));
  std::uint64_t facts = 0;
  if (like.decision) facts |= bit(static_cast<std::uint64_t>(*like.decision));
  if (like.status) facts |= bit(5 + status % 24);
  if (like.type) facts |= bit(29 + type % 16);
  if (like.status && like.type) facts |= bit(45 + ((type >> 4U & kLowBits) + status * 7) % 18);
  return static_cast<std::int64_t>(facts);
}

std::int64_t IsRare(std::string_view type) { return type.starts_with("req.") ? 0 : 1; }

std::vector<store::Value> RowOf(std::uint64_t index, std::string_view entry, codec::json::Document& document) {
  const bool is_read = document.Parse(entry).ok();
  const Value root = is_read ? document.root() : Value();
  const auto hash = [&](std::string_view name) { return HashOf(root[name].string()); };
  return {static_cast<std::int64_t>(index),
          root["ts"].AsInteger().value_or(0),
          hash("t"),
          IsRare(root["t"].string()),
          hash("id"),
          hash("org"),
          hash("team"),
          hash("project"),
          hash("sub"),
          hash("cred"),
          hash("model"),
          DecisionNumber(root["decision"].string()),
          root["status"].AsInteger().value_or(0)};
}

constexpr std::size_t kColumns = 13;
constexpr std::size_t kRowsOfStatement = 50;
constexpr std::size_t kTimeColumn = 1;
constexpr std::size_t kTypeColumn = 2;
constexpr std::size_t kOrganizationColumn = 5;
constexpr std::size_t kModelColumn = 10;
constexpr std::size_t kDecisionColumn = 11;
constexpr std::size_t kStatusColumn = 12;

std::string InsertOf(std::size_t rows) {
  std::string sql =
      "INSERT INTO record_entry (idx, ts, type, rare, id, org, team, project, sub, cred, model, decision, status) "
      "VALUES ";
  for (std::size_t argument = 1; argument <= rows * kColumns; ++argument) {
    const bool begins = argument % kColumns == 1;
    sql.append(begins && argument > 1 ? ", (" : begins ? "(" : ", ").append("$").append(std::to_string(argument));
    if (argument % kColumns == 0) sql += ")";
  }
  return sql;
}

// Of the entries of one model in one block, or of all of them: when they were, the first and the last, and what they
// are like.
struct BlockSummary {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t facts = 0;
};
using Blocks = std::map<std::pair<std::int64_t, std::int64_t>, BlockSummary>;
constexpr std::int64_t kAnyModel = 0;

void AddTo(Blocks& blocks, const std::vector<store::Value>& row) {
  const auto number = [&](std::size_t column) { return std::get<std::int64_t>(row.at(column)); };
  const std::int64_t at = number(kTimeColumn);
  const std::int64_t facts =
      FactsOf({.decision = number(kDecisionColumn), .status = number(kStatusColumn), .type = number(kTypeColumn)});
  for (const std::int64_t model : {kAnyModel, number(kModelColumn)}) {
    BlockSummary& block =
        blocks.try_emplace({model, number(0) / kBlock}, BlockSummary{.first = at, .last = at}).first->second;
    block.first = std::min(block.first, at);
    block.last = std::max(block.last, at);
    block.facts |= facts;
  }
}

Statement Widening(const Blocks::value_type& one) {
  const BlockSummary& block = one.second;
  return {.sql =
              "INSERT INTO record_block AS b (model, block, first_ts, last_ts, facts) VALUES ($1, $2, $3, $4, $5) ON "
              "CONFLICT (model, block) DO UPDATE SET first_ts = CASE WHEN excluded.first_ts < b.first_ts THEN "
              "excluded.first_ts ELSE b.first_ts END, last_ts = CASE WHEN excluded.last_ts > b.last_ts THEN "
              "excluded.last_ts ELSE b.last_ts END, facts = b.facts | excluded.facts",
          .arguments = {one.first.first, one.first.second, block.first, block.last, block.facts}};
}

// A question with its conditions.
class Question {
 public:
  // Looks at these blocks alone, whatever index there is for the times.
  void Within(std::span<const std::int64_t> blocks) {
    from_ = " FROM (VALUES ";
    for (const std::int64_t block : blocks)
      from_.append(from_.ends_with(')') ? ", (" : "(").append(Next(block)).append(")");
    from_ += ") AS b CROSS JOIN record_entry";
    Also("idx >= b.column1 * 1024 AND idx < b.column1 * 1024 + 1024");
    time_ = "+ts";
  }
  void Is(std::string_view column, std::int64_t value) { Also(std::string(column) + " = " + Next(value)); }
  void Between(std::int64_t from, std::int64_t until) {
    Also(time_ + " >= " + Next(from));
    Also(time_ + " < " + Next(until));
  }
  void Also(const std::string& condition) { sql_.append(sql_.empty() ? " WHERE " : " AND ").append(condition); }

  Statement Finish(std::uint32_t at_most) && {
    const std::string limit = Next(at_most);
    return {.sql = "SELECT ts, idx" + from_ + sql_ + " ORDER BY ts DESC, idx DESC LIMIT " + limit,
            .arguments = std::move(arguments_)};
  }

 private:
  std::string Next(std::int64_t value) {
    arguments_.emplace_back(value);
    return "$" + std::to_string(arguments_.size());
  }

  std::string from_ = " FROM record_entry";
  std::string time_ = "ts";
  std::string sql_;
  std::vector<store::Value> arguments_;
};

// All but who it was. The conditions of the indexes are repeated, for only then are they used.
Question QuestionOf(const EntryQuery& query, Question question = {}) {
  if (!query.id.empty()) {
    question.Is("id", HashOf(query.id));
    question.Also("id <> 0");
  }
  if (!query.type.empty()) {
    question.Is("type", HashOf(query.type));
    if (IsRare(query.type) == 1) question.Also("rare = 1");
  }
  if (!query.model.empty()) question.Is("model", HashOf(query.model));
  if (query.decision) {
    question.Is("decision", NumberOf(*query.decision));
    if (*query.decision != pipeline::Effect::kAllow) question.Also("decision > 1");
  }
  if (query.status) {
    question.Is("status", *query.status);
    constexpr std::uint16_t kRefused = 400;
    if (*query.status >= kRefused) question.Also("status >= 400");
  }
  question.Between(query.from_us, query.until_us);
  return question;
}

// Something is asked for, and nothing of it has an index of its own: blocks are what to go by.
bool GoesByBlock(const EntryQuery& query) {
  constexpr std::uint16_t kRefused = 400;
  const bool is_rare = (!query.type.empty() && IsRare(query.type) == 1) ||
                       (query.decision && *query.decision != pipeline::Effect::kAllow) ||
                       (query.status && *query.status >= kRefused);
  const bool is_asked = !query.model.empty() || !query.type.empty() || query.decision || query.status;
  return is_asked && query.id.empty() && query.principal.empty() && !is_rare;
}

std::int64_t FactsOf(const EntryQuery& query) {
  Likeness like;
  if (query.decision) like.decision = NumberOf(*query.decision);
  if (query.status) like.status = *query.status;
  if (!query.type.empty()) like.type = HashOf(query.type);
  return FactsOf(like);
}

// Newest first, and no more than are wanted.
void Arrange(std::vector<EntryIndex::Found>& found, std::size_t at_most) {
  using Found = EntryIndex::Found;
  std::ranges::sort(
      found, [](const Found& a, const Found& b) { return std::pair(a.at_us, a.index) > std::pair(b.at_us, b.index); });
  if (found.size() > at_most) found.resize(at_most);
}

bool IsEmptyOr(std::string_view wanted, std::string_view text) { return wanted.empty() || wanted == text; }

}  // namespace

bool Matches(const EntryQuery& query, std::string_view entry) {
  codec::json::Document document;
  if (!document.Parse(entry).ok()) return false;
  const Value root = document.root();
  const auto text = [&](std::string_view name) { return root[name].string(); };
  bool is_his = query.principal.empty();
  for (const std::string_view part : {"org", "team", "project", "sub", "cred", "actor"}) {
    is_his = is_his || query.principal == text(part);
  }
  const std::int64_t at = root["ts"].AsInteger().value_or(0);
  return is_his && IsEmptyOr(query.id, text("id")) && IsEmptyOr(query.type, text("t")) &&
         IsEmptyOr(query.model, text("model")) &&
         (!query.decision || text("decision") == pipeline::ToString(*query.decision)) &&
         (!query.status || root["status"].AsInteger() == *query.status) && at >= query.from_us && at < query.until_us;
}

store::Schema EntryIndex::Schema() { return {.component = "record_index", .migrations = kMigrations}; }

net::Task<Status> EntryIndex::Claim(std::string origin) const {
  std::vector<Statement> unit;
  unit.push_back(
      {.sql = "INSERT INTO record_log (one, origin) VALUES (1, $1) ON CONFLICT DO NOTHING", .arguments = {origin}});
  auto done = co_await database_.Write(loop_, std::move(unit), loop_.In(kPatience));
  if (!done.ok()) co_return std::move(done).TakeError();
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(loop_, {.sql = "SELECT origin FROM record_log"}, loop_.In(kPatience)));
  if (store::TextOf(rows.at(0).at(0)) == origin) co_return base::Ok();
  co_return base::Error{.code = base::ErrorCode::kConflict,
                        .source = base::ErrorSource::kStore,
                        .public_message = "The index is about another log; make it anew: gatehouse audit reindex."};
}

net::Task<Result<std::uint64_t>> EntryIndex::Size() const {
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(loop_, {.sql = "SELECT COALESCE(MAX(idx) + 1, 0) FROM record_entry"},
                                     loop_.In(kPatience)));
  co_return static_cast<std::uint64_t>(store::IntegerOf(rows.at(0).at(0)));
}

net::Task<Status> EntryIndex::Add(std::uint64_t first, const std::vector<std::string>& entries) const {
  std::vector<Statement> unit;
  codec::json::Document document;
  std::set<std::int64_t> organizations;
  Blocks blocks;
  for (std::size_t at = 0; at < entries.size(); at += kRowsOfStatement) {
    const std::size_t count = std::min(kRowsOfStatement, entries.size() - at);
    Statement& statement = unit.emplace_back(Statement{.sql = InsertOf(count), .arguments = {}});
    for (std::size_t i = at; i < at + count; ++i) {
      auto row = RowOf(first + i, entries[i], document);
      AddTo(blocks, row);
      organizations.insert(std::get<std::int64_t>(row.at(kOrganizationColumn)));
      std::ranges::move(row, std::back_inserter(statement.arguments));
    }
  }
  for (const std::int64_t organization : organizations) {
    unit.push_back(
        {.sql = "INSERT INTO record_org (org) VALUES ($1) ON CONFLICT DO NOTHING", .arguments = {organization}});
  }
  for (const auto& one : blocks) unit.push_back(Widening(one));
  auto done = co_await database_.Write(loop_, std::move(unit), loop_.In(kPatience));
  if (!done.ok()) co_return std::move(done).TakeError();
  co_return base::Ok();
}

net::Task<Status> EntryIndex::Prepare() const {
  for (const std::string_view sql : kIndexes) {
    std::vector<Statement> unit;
    unit.push_back({.sql = std::string(sql), .arguments = {}});
    auto done = co_await database_.Write(loop_, std::move(unit), loop_.In(kPatience));
    if (!done.ok()) co_return std::move(done).TakeError();
  }
  co_return base::Ok();
}

net::Task<Status> EntryIndex::Ask(Statement statement, std::vector<Found>& found) const {
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), loop_.In(kPatience)));
  for (const store::Row& row : rows) {
    found.push_back(
        {.at_us = store::IntegerOf(row.at(0)), .index = static_cast<std::uint64_t>(store::IntegerOf(row.at(1)))});
  }
  co_return base::Ok();
}

net::Task<Result<bool>> EntryIndex::IsOrganization(std::int64_t hash) const {
  Statement statement{.sql = "SELECT 1 FROM record_org WHERE org = $1", .arguments = {hash}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), loop_.In(kPatience)));
  co_return !rows.empty();
}

// Blocks that may have such entries in that time, by their last one, the newest first: those that follow `after`.
net::Task<Result<std::vector<EntryIndex::EntryBlock>>> EntryIndex::BlocksOf(const EntryQuery& query,
                                                                            std::optional<EntryBlock> after) const {
  Statement statement{
      .sql =
          "SELECT block, last_ts FROM record_block WHERE model = $1 AND last_ts >= $2 AND first_ts < $3 AND (last_ts < "
          "$4 OR (last_ts = $4 AND block < $5)) AND (facts & $7) = $7 ORDER BY last_ts DESC, block DESC LIMIT $6",
      .arguments = {HashOf(query.model), query.from_us, query.until_us, after ? after->last_us : INT64_MAX,
                    after ? after->block : INT64_MAX, static_cast<std::int64_t>(kBlocksAtOnce), FactsOf(query)}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop_, std::move(statement), loop_.In(kPatience)));
  std::vector<EntryBlock> blocks;
  blocks.reserve(rows.size());
  for (const store::Row& row : rows) {
    blocks.push_back({.block = store::IntegerOf(row.at(0)), .last_us = store::IntegerOf(row.at(1))});
  }
  co_return blocks;
}

// More blocks at a time, the less is found in them; until no block that is left has a newer entry.
net::Task<Result<std::vector<EntryIndex::Found>>> EntryIndex::FindByBlock(const EntryQuery& query) const {
  std::vector<Found> found;
  if (query.at_most == 0) co_return found;
  std::optional<EntryBlock> after;
  for (std::size_t step = 1;;) {
    GH_CO_TRY(const auto page, co_await BlocksOf(query, after));
    for (std::size_t at = 0; at < page.size();) {
      if (found.size() >= query.at_most && found.back().at_us > page[at].last_us) co_return found;
      std::vector<std::int64_t> blocks;
      for (; at < page.size() && blocks.size() < step; ++at) blocks.push_back(page[at].block);
      Question question;
      question.Within(blocks);
      GH_CO_CHECK_OK(co_await Ask(QuestionOf(query, std::move(question)).Finish(query.at_most), found));
      Arrange(found, query.at_most);
      step = std::min(4 * step, kMostBlocksOfStatement);
    }
    if (page.size() < kBlocksAtOnce) co_return found;
    after = page.back();
  }
}

// One question for each place that a principal can have, so that each goes by its own index.
net::Task<Result<std::vector<EntryIndex::Found>>> EntryIndex::Find(EntryQuery query) const {
  if (GoesByBlock(query)) co_return co_await FindByBlock(query);
  std::vector<Found> found;
  if (query.principal.empty()) {
    GH_CO_CHECK_OK(co_await Ask(QuestionOf(query).Finish(query.at_most), found));
    co_return found;
  }
  const std::int64_t hash = HashOf(query.principal);
  for (const std::string_view column : {"sub", "cred", "project", "team"}) {
    Question question = QuestionOf(query);
    question.Is(column, hash);
    question.Also(std::string(column) + " <> 0");
    GH_CO_CHECK_OK(co_await Ask(std::move(question).Finish(query.at_most), found));
  }
  GH_CO_TRY(const bool is_organization, co_await IsOrganization(hash));
  if (is_organization) {
    Question question = QuestionOf(query);
    question.Is("org", hash);
    GH_CO_CHECK_OK(co_await Ask(std::move(question).Finish(query.at_most), found));
  }
  Arrange(found, query.at_most);
  co_return found;
}

}  // namespace gatehouse::features::audit
