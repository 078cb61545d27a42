#include "features/accounting/exchange_search.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "codec/cel/timestamp.h"
#include "features/accounting/block.h"

namespace gatehouse::features::accounting {
namespace {

using base::Result;

constexpr std::uint32_t kMostRows = 10'000;
constexpr std::int64_t kHeads = 500;        // blocks whose heads are read at once
constexpr std::size_t kMostHeads = 20'000;  // for one question
constexpr std::size_t kMostRead = 200;      // blocks that are read whole

struct Head {
  std::int64_t journal = 0;
  std::int64_t block = 0;
  std::int64_t first_ms = 0;
};

base::Status Check(const ExchangeQuery& query) {
  if (query.from_ms >= query.until_ms) return base::InvalidRequest("`from` must be before `until`.", "from");
  if (query.at_most == 0 || query.at_most > kMostRows) {
    return base::InvalidRequest("`limit` must be from 1 to " + std::to_string(kMostRows) + ".", "limit");
  }
  return base::Ok();
}

bool Matches(const ExchangeQuery& query, const Row& row) {
  if (row.admitted_ms < query.from_ms || row.admitted_ms >= query.until_ms) return false;
  if (!query.request_id.empty() && row.request_id != query.request_id) return false;
  if (query.which == ExchangeQuery::Which::kInDoubt && row.basis != pipeline::Charge::Basis::kWorstCase) return false;
  return !query.within || std::ranges::find(row.chain, *query.within, &pipeline::Link::id) != row.chain.end();
}

// The search of one question.
class Search {
 public:
  Search(store::Database& database, net::Loop& loop, ExchangeQuery query, net::Deadline deadline)
      : database_(database), loop_(loop), query_(std::move(query)), deadline_(deadline) {}

  net::Task<Result<ExchangeList>> Run() {
    std::int64_t before = query_.until_ms;
    std::size_t heads_seen = 0;
    std::size_t read = 0;
    for (;;) {
      GH_CO_TRY(const store::Rows heads, co_await Heads(before));
      for (const auto& head : heads) {
        if (!MayHaveRequest(store::BytesOf(head.at(3)), query_.request_id) && !query_.request_id.empty()) continue;
        if (++read > kMostRead) co_return Cut();
        GH_CO_CHECK_OK(co_await Read({store::IntegerOf(head.at(0)), store::IntegerOf(head.at(1))}));
        if (list_.rows.size() >= query_.at_most) co_return Cut();
      }
      heads_seen += heads.size();
      if (heads.size() < static_cast<std::size_t>(kHeads)) co_return std::move(list_);
      if (heads_seen >= kMostHeads) co_return Cut();
      before = store::IntegerOf(heads.at(heads.size() - 1).at(2));
    }
  }

 private:
  ExchangeList Cut() {
    list_.complete = false;
    list_.rows.resize(std::min<std::size_t>(list_.rows.size(), query_.at_most));
    list_.names.resize(list_.rows.size());
    return std::move(list_);
  }
  // Blocks that begin before that time, newest first. Several may begin in one millisecond; those beyond a page's end
  // are passed over, which at 500 blocks to the millisecond does not happen.
  net::Task<Result<store::Rows>> Heads(std::int64_t before) {
    const bool doubts = query_.which == ExchangeQuery::Which::kInDoubt;
    return database_.Query(loop_,
                           {.sql = std::string("SELECT journal, block, first_ms, requests FROM exchange_block WHERE"
                                               " first_ms < $1 AND last_ms >= $2") +
                                   (doubts ? " AND in_doubt > 0" : "") + " ORDER BY first_ms DESC LIMIT $3",
                            .arguments = {before, query_.from_ms, kHeads},
                            .expected_changes = {}},
                           deadline_);
  }
  net::Task<base::Status> Read(Head head) {
    GH_CO_TRY(const store::Rows rows,
              co_await database_.Query(loop_,
                                       {.sql = "SELECT content FROM exchange_block WHERE journal = $1 AND block = $2",
                                        .arguments = {head.journal, head.block},
                                        .expected_changes = {}},
                                       deadline_));
    if (rows.empty()) co_return base::Ok();
    co_return ReadBlock(store::BytesOf(rows.at(0).at(0)), [this, head](std::int64_t number, std::string_view bytes) {
      Links links;
      const auto row = DecodeRow(bytes, links);
      const RowName name{.journal = head.journal, .number = number};
      if (!row || !Matches(query_, *row) || std::ranges::binary_search(query_.except, name)) return Going::kOn;
      list_.rows.emplace_back(bytes);
      list_.names.push_back(name);
      return Going::kOn;
    });
  }

  store::Database& database_;
  net::Loop& loop_;
  const ExchangeQuery query_;
  const net::Deadline deadline_;
  ExchangeList list_;
};

}  // namespace

std::string ToString(RowName name) {
  return std::to_string(static_cast<std::uint64_t>(name.journal)) + "-" + std::to_string(name.number);
}

std::optional<RowName> ParseRowName(std::string_view text) {
  std::uint64_t journal = 0;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, journal);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return {};
  const auto second = std::from_chars(first.ptr + 1, end, number);
  if (second.ec != std::errc() || second.ptr != end || number < 0) return {};
  return RowName{.journal = static_cast<std::int64_t>(journal), .number = number};
}

net::Task<Result<ExchangeList>> SearchExchanges(store::Database& database, net::Loop& loop, ExchangeQuery query,
                                                net::Deadline deadline) {
  GH_CO_CHECK_OK(Check(query));
  Search search(database, loop, std::move(query), deadline);
  co_return co_await search.Run();
}

void WriteRow(codec::json::Writer& writer, const Row& row) {
  const auto nanos = static_cast<std::uint32_t>(row.admitted_ms % 1000) * 1'000'000;
  writer.Field("request_id", row.request_id)
      .Field("admitted", codec::cel::TimestampText({row.admitted_ms / 1000, nanos}))
      .Field("organization", row.organization)
      .Field("team", row.team)
      .Field("project", row.project)
      .Field("name", row.name)
      .Field("key", row.key_id)
      .Field("surface", row.surface)
      .Field("operation", row.operation)
      .Field("model", row.model)
      .Field("provider", row.provider)
      .Field("upstream_model", row.upstream_model)
      .Field("attempts", row.attempts)
      .Field("status", row.status)
      .Field("outcome", ToString(row.outcome))
      .Field("ending", row.ending)
      .Field("error", row.error)
      .Field("effect", pipeline::ToString(row.effect))
      .Field("rule", row.rule);
  writer.Key("tokens").BeginObject();
  writer.Field("input", row.usage.input)
      .Field("cache_read", row.usage.cache_read)
      .Field("cache_write", row.usage.CacheWrite())
      .Field("input_audio", row.usage.input_audio)
      .Field("tool_input", row.usage.tool_input)
      .Field("output", row.usage.output)
      .Field("reasoning", row.usage.reasoning)
      .Field("output_audio", row.usage.output_audio)
      .Field("server_tool_calls", row.usage.server_tool_calls)
      .EndObject();
  writer.Field("basis", pipeline::ToString(row.basis))
      .Field("usd", base::FormatUsd(row.cost))
      .Field("price", row.price)
      .Field("duration_us", row.duration_us)
      .Field("first_event_us", row.first_event_us)
      .Field("bytes_in", row.bytes_in)
      .Field("bytes_out", row.bytes_out);
}

}  // namespace gatehouse::features::accounting
