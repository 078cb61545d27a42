#include "features/accounting/block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <span>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

using pipeline::Charge;
using pipeline::NodeKind;
using store::Statement;

constexpr std::size_t kUsualBytesPerRow = 48;
constexpr std::size_t kFilterBytesPerRow = 2;
constexpr unsigned kProbes = 6;
constexpr char kVersion = 3;
// Read, and not written any more.
constexpr char kUnpackedVersion = 1;
constexpr char kPlainFiguresVersion = 2;

// Databases know signed numbers only.
std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}
std::int64_t Sum(std::int64_t a, std::int64_t b) { return (base::NanoUsd{a} + base::NanoUsd{b}).value; }

void PutNumber(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
std::uint64_t TakeNumber(std::string_view& bytes, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(count);
  return value;
}

// Of eight bytes at a time, least first.
static_assert(std::endian::native == std::endian::little);
std::uint64_t Mixed(std::uint64_t hash, std::uint64_t eight) {
  constexpr std::uint64_t kGoldenRatio = 0x9E37'79B9'7F4A'7C15;
  hash = (hash ^ eight) * kGoldenRatio;
  return hash ^ (hash >> 32U);
}
std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = text.size();
  std::uint64_t eight = 0;
  for (; text.size() >= sizeof(eight); text.remove_prefix(sizeof(eight))) {
    std::memcpy(&eight, text.data(), sizeof(eight));
    hash = Mixed(hash, eight);
  }
  eight = 0;
  for (std::size_t i = text.size(); i-- > 0;) eight = eight << 8U | static_cast<unsigned char>(text[i]);
  return text.empty() ? hash : Mixed(hash, eight);
}
// FNV-1a.
std::uint64_t OldHashOf(std::string_view text) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
  return hash ^ (hash >> 29U);
}

// The halves of a hash make all probes of a Bloom filter (Kirsch and Mitzenmacher 2006).
template <class Visit>
void ForEachProbe(std::uint64_t hash, Visit visit) {
  const auto step = static_cast<std::uint32_t>(hash >> 32U) | 1U;
  auto probe = static_cast<std::uint32_t>(hash);
  for (unsigned i = 0; i < kProbes; ++i, probe += step) visit(probe);
}
std::size_t BitOf(std::uint32_t probe, std::size_t bits) { return std::uint64_t{probe} * bits >> 32U; }

// Behind the bits of a filter; one of the old hash has nothing there, and an even number of bytes.
constexpr char kFilterVersion = 2;

std::string FilterOf(std::span<const std::uint64_t> hashes) {
  std::string filter(hashes.size() * kFilterBytesPerRow + 1, '\0');
  filter.back() = kFilterVersion;
  const std::size_t bits = (filter.size() - 1) * 8;
  for (const std::uint64_t hash : hashes) {
    ForEachProbe(hash, [&](std::uint32_t probe) {
      const std::size_t bit = BitOf(probe, bits);
      filter[bit / 8] = static_cast<char>(static_cast<unsigned char>(filter[bit / 8]) | (1U << (bit % 8)));
    });
  }
  return filter;
}

bool HasBit(std::string_view bits, std::size_t bit) {
  return (static_cast<unsigned char>(bits[bit / 8]) >> (bit % 8) & 1U) != 0;
}

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
    sql.append(column == kSums.front() ? " " : ", ").append(name).append(" = ").append(table).append(".");
    sql.append(name).append(" + excluded.").append(name);
  }
  return sql;
}

base::Status ReadUnpacked(std::string_view content,
                          const std::function<Going(std::int64_t number, std::string_view bytes)>& visit) {
  constexpr std::size_t kHead = 10;
  while (!content.empty()) {
    if (content.size() < kHead) return base::Internal("a block of the ledger is cut short");
    const auto number = static_cast<std::int64_t>(TakeNumber(content, 8));
    const std::size_t size = TakeNumber(content, 2);
    if (size > content.size()) return base::Internal("a block of the ledger is cut short");
    if (visit(number, content.substr(0, size)) == Going::kStop) break;
    content.remove_prefix(size);
  }
  return base::Ok();
}

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
  return {.chain = row.chain,
          .model = row.model,
          .provider = row.provider,
          .used = {.usd = row.cost,
                   .tokens = Signed(row.usage.Total()),
                   .requests = row.basis == Charge::Basis::kNothing ? 0 : 1},
          .at = row.admitted_ms / 1000};
}

BlockBuilder::BlockBuilder(std::size_t rows) {
  content_.reserve(rows * kUsualBytesPerRow);
  requests_.reserve(rows);
}

BlockBuilder::Added BlockBuilder::Add(std::int64_t number, std::string_view bytes) {
  Links links;
  const auto sums = DecodeSums(bytes, links, {.key = key_, .figures = {}, .names = names_, .rest = {}});
  if (!sums) return Added::kNoRow;
  const Row& row = sums->row;
  if (sums->parts.names != names_) names_ = sums->parts.names;
  if (rows_ == 0) {
    content_.push_back(kVersion);
    least_ = most_ = number;
    first_ms_ = last_ms_ = row.admitted_ms;
  }
  ++rows_;
  packer_.Add(number, *sums, content_);
  requests_.push_back(HashOf(row.request_id));
  least_ = std::min(least_, number);
  most_ = std::max(most_, number);
  first_ms_ = std::min(first_ms_, row.admitted_ms);
  last_ms_ = std::max(last_ms_, row.admitted_ms);
  in_doubt_ += row.basis == Charge::Basis::kWorstCase ? 1 : 0;
  Add(GroupOf(sums->parts.key, row.admitted_ms / 1000, bytes).sums, row);
  return Added::kYes;
}

// Most rows belong where the one before did.
BlockBuilder::Group& BlockBuilder::GroupOf(std::string_view key, std::int64_t second, std::string_view bytes) {
  if (latest_ != nullptr && latest_->second == second && key_ == key) return *latest_;
  key_ = key;
  std::string with_second = key_;
  PutNumber(with_second, static_cast<std::uint64_t>(second), sizeof(second));
  latest_ =
      &groups_.try_emplace(std::move(with_second), Group{.sample = {}, .second = second, .sums = {}}).first->second;
  if (latest_->sample.empty()) latest_->sample.assign(bytes);
  return *latest_;
}

void BlockBuilder::Add(Sums& sums, const Row& row) {
  const llm::Usage& u = row.usage;
  const bool estimated = row.basis == Charge::Basis::kEstimated || row.basis == Charge::Basis::kWorstCase;
  Add(sums, Sums{.exchanges = 1,
                 .estimated = estimated ? 1 : 0,
                 .charged = row.basis == Charge::Basis::kNothing ? 0 : 1,
                 .input = Signed(u.input + u.input_audio + u.tool_input),
                 .cache_read = Signed(u.cache_read),
                 .cache_write = Signed(u.CacheWrite()),
                 .output = Signed(u.output + u.output_audio),
                 .reasoning = Signed(u.reasoning),
                 .tokens = Signed(u.Total()),
                 .cost = row.cost,
                 .duration_us = Signed(row.duration_us)});
}

void BlockBuilder::Add(Sums& sums, const Sums& more) {
  sums.exchanges += more.exchanges;
  sums.estimated += more.estimated;
  sums.charged += more.charged;
  sums.input = Sum(sums.input, more.input);
  sums.cache_read = Sum(sums.cache_read, more.cache_read);
  sums.cache_write = Sum(sums.cache_write, more.cache_write);
  sums.output = Sum(sums.output, more.output);
  sums.reasoning = Sum(sums.reasoning, more.reasoning);
  sums.tokens = Sum(sums.tokens, more.tokens);
  sums.cost += more.cost;
  sums.duration_us = Sum(sums.duration_us, more.duration_us);
}

void BlockBuilder::AddRollups(Grain grain, std::vector<Statement>& unit) const {
  struct Line {
    const Group* group;
    Sums sums;
  };
  std::map<std::pair<std::string_view, std::int64_t>, Line> lines;  // by key and begin
  for (const auto& [key, group] : groups_) {
    const std::string_view sum_key(key.data(), key.size() - sizeof(std::int64_t));
    auto& line = lines.try_emplace({sum_key, BeginOf(grain, group.second * 1000)}, Line{&group, {}}).first->second;
    Add(line.sums, group.sums);
  }
  const std::string sql = RollupSql(grain);
  for (const auto& [key, line] : lines) {
    Links links;
    const auto sample = DecodeSums(line.group->sample, links);
    if (!sample) continue;  // it was one when it was added
    const Row& row = sample->row;
    const Sums& s = line.sums;
    unit.push_back({.sql = sql,
                    .arguments = {key.second,
                                  row.NodeOf(NodeKind::kOrganization),
                                  row.NodeOf(NodeKind::kTeam),
                                  row.NodeOf(NodeKind::kProject),
                                  row.Actor(),
                                  row.NodeOf(NodeKind::kKey),
                                  std::string(row.surface),
                                  std::string(row.model),
                                  std::string(row.provider),
                                  std::string(row.upstream_model),
                                  std::string(ToString(row.outcome)),
                                  s.exchanges,
                                  s.estimated,
                                  s.input,
                                  s.cache_read,
                                  s.cache_write,
                                  s.output,
                                  s.reasoning,
                                  s.cost.value,
                                  s.duration_us},
                    .expected_changes = {}});
  }
}

void BlockBuilder::AddLimitUse(std::int64_t journal, const Treasury& treasury, std::vector<Statement>& unit) const {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> used;
  for (const auto& [key, group] : groups_) {
    Links links;
    const auto sample = DecodeSums(group.sample, links);
    if (!sample) continue;
    Treasury::Use use = UseOf(sample->row);
    use.used = {.usd = group.sums.cost, .tokens = group.sums.tokens, .requests = group.sums.charged};
    use.at = group.second;
    for (const Spent& spent : treasury.Attribute(use)) {
      auto& sum = used[{spent.limit, spent.piece_begin}];
      sum = Sum(sum, spent.used);
    }
  }
  for (const auto& [piece, amount] : used) {
    unit.push_back({.sql = "INSERT INTO limit_use (limit_id, journal, piece_begin_s, used) VALUES ($1, $2, $3, $4)"
                           " ON CONFLICT (limit_id, piece_begin_s, journal) DO UPDATE SET used = limit_use.used +"
                           " excluded.used",
                    .arguments = {piece.first, journal, piece.second, amount},
                    .expected_changes = {}});
  }
}

std::vector<Statement> BlockBuilder::Take(std::int64_t journal, std::int64_t block, const Treasury& treasury) {
  std::vector<Statement> unit;
  unit.push_back({.sql = "INSERT INTO exchange_block (journal, block, least, most, first_ms, last_ms, exchanges,"
                         " in_doubt, requests, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                  .arguments = {journal, block, least_, most_, first_ms_, last_ms_, static_cast<std::int64_t>(rows_),
                                in_doubt_, store::Blob{FilterOf(requests_)}, store::Blob{std::move(content_)}},
                  .expected_changes = 1});
  for (const Grain grain : {Grain::kMinute, Grain::kHour, Grain::kDay}) AddRollups(grain, unit);
  AddLimitUse(journal, treasury, unit);
  *this = BlockBuilder();
  return unit;
}

base::Status ReadBlock(std::string_view content,
                       const std::function<Going(std::int64_t number, std::string_view bytes)>& visit) {
  if (content.starts_with(kUnpackedVersion)) return ReadUnpacked(content.substr(1), visit);
  const bool plain = content.starts_with(kPlainFiguresVersion);
  if (!plain && !content.starts_with(kVersion)) return base::Internal("a block of the ledger has another form");
  RowUnpacker rows(content.substr(1), plain ? RowUnpacker::Figures::kPlain : RowUnpacker::Figures::kPacked);
  while (!rows.AtEnd()) {
    GH_TRY(const RowUnpacker::Packed row, rows.Next());
    if (visit(row.number, row.bytes) == Going::kStop) break;
  }
  return base::Ok();
}

bool MayHaveRequest(std::string_view requests, std::string_view request_id) {
  bool may = true;
  if (requests.size() % 2 == 0) {
    if (requests.empty()) return true;
    ForEachProbe(OldHashOf(request_id),
                 [&](std::uint32_t probe) { may = may && HasBit(requests, probe % (requests.size() * 8)); });
    return may;
  }
  if (requests.back() != kFilterVersion || requests.size() == 1) return true;
  const std::size_t bits = (requests.size() - 1) * 8;
  ForEachProbe(HashOf(request_id), [&](std::uint32_t probe) { may = may && HasBit(requests, BitOf(probe, bits)); });
  return may;
}

}  // namespace gatehouse::features::accounting
