#include "admin/accounting_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "admin/api_refusal.h"
#include "admin/gateways_api.h"
#include "codec/cel/timestamp.h"
#include "codec/config/tree.h"
#include "codec/json/writer.h"
#include "features/accounting/exchange_search.h"
#include "features/accounting/limit_reader.h"
#include "features/accounting/usage_format.h"

namespace gatehouse::admin {
namespace {

namespace accounting = features::accounting;

using base::Result;
using codec::json::Writer;
using features::identity::Permission;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::size_t kMaxBody = 64 << 10;
constexpr std::int64_t kDayMs = 86'400'000;

Result<accounting::Grain> GrainParameter(const http::RequestHead& head) {
  const std::string text = QueryParameter(head, "grain");
  if (text.empty() || text == "day") return accounting::Grain::kDay;
  if (text == "hour") return accounting::Grain::kHour;
  if (text == "minute") return accounting::Grain::kMinute;
  return base::InvalidRequest("`grain` must be minute, hour or day.", "grain");
}

Result<std::vector<accounting::UsageKey>> KeysParameter(const http::RequestHead& head) {
  std::vector<accounting::UsageKey> keys;
  const std::string text = QueryParameter(head, "by");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const auto key = accounting::ParseUsageKey(std::string_view(text).substr(at, comma - at));
    if (!key) {
      return base::InvalidRequest(
          "`by` is a list of time, organization, team, project, actor, key, surface, model, "
          "provider, upstream_model and outcome.",
          "by");
    }
    keys.push_back(*key);
    at = comma + 1;
  }
  return keys;
}

void WriteAmount(Writer& writer, std::string_view name, accounting::Dimension dimension, std::int64_t amount) {
  if (dimension == accounting::Dimension::kUsd) {
    writer.Field(name, base::FormatUsd({amount}));
  } else {
    writer.Field(name, amount);
  }
}

void WriteBudget(Writer& writer, const accounting::Treasury::Standing& standing, std::string_view path,
                 std::string_view managed_by) {
  const accounting::Limit& limit = *standing.limit;
  const bool rolling = limit.window.kind == accounting::WindowSpec::Kind::kRolling;
  writer.BeginObject().Field("id", std::to_string(limit.id)).Field("node", path).Field("name", limit.name);
  WriteAmount(writer, accounting::ToString(limit.dimension), limit.dimension, limit.amount);
  writer.Field("per", accounting::ToString(limit.window.unit)).Field("window", rolling ? "rolling" : "calendar");
  writer.Field("zone", limit.zone).Field("models", limit.model).Field("provider", limit.provider);
  writer.RawField("steps", accounting::StepsText(limit.steps)).Field("managed_by", managed_by);
  WriteAmount(writer, "spent", limit.dimension, standing.spent);
  WriteAmount(writer, "held", limit.dimension, standing.held);
  const std::int64_t left = std::max<std::int64_t>(0, limit.amount - standing.spent - standing.held);
  WriteAmount(writer, "left", limit.dimension, left);
  if (standing.allotted) WriteAmount(writer, "allotted_here", limit.dimension, *standing.allotted);
  if (limit.window.unit != accounting::WindowSpec::Unit::kTotal && !rolling) {
    writer.Field("ends", codec::cel::TimestampText({standing.ends, 0}));
  }
  writer.EndObject();
}

void WriteAdjustment(Writer& writer, const accounting::Adjustment& adjustment) {
  writer.BeginObject()
      .Field("row", ToString(adjustment.row))
      .Field("request_id", adjustment.request_id)
      .Field("usd", base::FormatUsd(adjustment.after))
      .Field("was", base::FormatUsd(adjustment.before))
      .Field("difference", base::FormatUsd(adjustment.difference()))
      .Field("at", codec::cel::TimestampText(
                       {adjustment.at_ms / 1000, static_cast<std::uint32_t>(adjustment.at_ms % 1000) * 1'000'000}))
      .Field("by", adjustment.author)
      .Field("note", adjustment.note)
      .EndObject();
}

struct SettleBody {
  base::NanoUsd cost;
  std::string note;
  std::optional<accounting::RowName> row;
};

Result<SettleBody> ReadSettleBody(std::string text) {
  GH_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const auto usd = body.Text("usd");
  const auto row = body.Text("row");
  SettleBody read{.cost = {}, .note = body.Text("note").value_or(""), .row = {}};
  GH_CHECK_OK(body.Finish());
  const auto cost = usd ? base::ParseUsd(*usd) : std::nullopt;
  if (!cost || cost->value < 0) {
    return base::InvalidRequest("`usd` must be a text of dollars with at most nine decimals, such as \"0.0123\".",
                                "usd");
  }
  read.cost = *cost;
  if (!row) return read;
  read.row = accounting::ParseRowName(*row);
  if (!read.row) return base::InvalidRequest("`row` must be as a list of exchanges shows it.", "row");
  return read;
}

}  // namespace

bool AccountingApi::Serves(std::string_view path) {
  const std::string_view first = path.substr(0, path.find_first_of("/?"));
  return first == "budgets" || first == "usage" || first == "exchanges" || first == "gateways";
}

net::Task<Result<ApiReply>> AccountingApi::Answer(http::ServerExchange& exchange, const AdminActor& actor) {
  constexpr std::string_view kPrefix = "/admin/v1/";
  const auto parts = PathParts(exchange.head().path().substr(kPrefix.size()));
  if (!parts || parts->empty() || parts->size() > 3) co_return NoSuch("thing");
  const std::string& method = exchange.head().method;
  const std::string& first = parts->front();
  if (first == "gateways") {
    if (!actor.May(Permission::kOperate, {}, directory_)) co_return Denied();
    if (parts->size() == 1 && method == "GET") co_return co_await ListGateways(services_, exchange.loop());
    if (parts->size() == 1) co_return WrongMethod("GET");
    if (method == "DELETE") co_return co_await ReleaseGateway(services_, parts->at(1), exchange.loop());
    co_return WrongMethod("DELETE");
  }
  if (first == "budgets" && parts->size() == 2) {
    if (method == "DELETE") co_return co_await RemoveBudget(exchange, actor, parts->at(1));
    co_return WrongMethod("DELETE");
  }
  if (first == "exchanges" && parts->size() == 3 && parts->at(2) == "settle") {
    if (method != "POST") co_return WrongMethod("POST");
    co_return co_await Settle(exchange, actor, parts->at(1));
  }
  if (parts->size() > 1) co_return NoSuch("thing");
  if (first == "budgets" && method == "PUT") co_return co_await PutBudget(exchange, actor);
  if (method != "GET") co_return WrongMethod(first == "budgets" ? "GET or PUT" : "GET");
  if (first == "budgets") co_return co_await Budgets(exchange, actor);
  if (first == "usage") co_return co_await Usage(exchange, actor);
  co_return co_await Exchanges(exchange, actor);
}

AccountingApi::Answered AccountingApi::Budgets(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"node"}));
  GH_CO_TRY(const NodeId node, NodeAskedFor(head, actor, directory_));
  if (node.value == 0) co_return base::InvalidRequest("Say with `node` whose budgets.", "node");
  const auto chain = directory_.ChainOf(node);
  const std::int64_t now = NowMs(exchange.loop()) / 1000;
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const auto& standing : services_.treasury.Standings(chain.front().id, now)) {
    // Those of the node, and of all that is below it.
    const auto of = directory_.ChainOf(standing.limit->node);
    if (std::ranges::find(of, node, &pipeline::Link::id) == of.end()) continue;
    const bool declared = services_.limits.IsDeclared(standing.limit->id);
    WriteBudget(writer, standing, directory_.PathOf(standing.limit->node), declared ? "configuration" : "api");
  }
  writer.EndArray().EndObject();
  co_return reply;
}

AccountingApi::Answered AccountingApi::PutBudget(http::ServerExchange& exchange, const AdminActor& actor) {
  GH_CO_CHECK_OK(CheckQuery(exchange.head(), {}));
  GH_CO_TRY(const std::string text, co_await exchange.CollectBody(kMaxBody));
  // JSON is YAML: one reader for what a configuration and a person may state.
  GH_CO_TRY(const codec::config::Tree tree, codec::config::Tree::Parse("budgets: [" + text + "]"));
  auto stated = accounting::ReadLimits(tree.root()["budgets"], services_.zones);
  GH_CO_CHECK_OK(tree.Finish());
  if (stated.size() != 1) co_return base::InvalidRequest("State one budget.");
  const auto place = directory_.FindPath(stated.front().node);
  if (!place || !actor.Sees(place->id, directory_)) co_return NoSuch("node");
  if (!actor.May(Permission::kChangeTree, place->id, directory_)) co_return Denied();
  const accounting::NodePlace where{.organization = directory_.ChainOf(place->id).front().id, .node = place->id};
  GH_CO_TRY(const std::int64_t id, co_await services_.limits.Put(exchange.loop(), std::move(stated.front()), where,
                                                                 exchange.loop().In(kTimeout)));
  ApiReply reply;
  Writer(reply.body).BeginObject().Field("id", std::to_string(id)).EndObject();
  co_return reply;
}

AccountingApi::Answered AccountingApi::RemoveBudget(http::ServerExchange& exchange, const AdminActor& actor,
                                                    std::string_view id) {
  std::int64_t number = 0;
  static_cast<void>(std::from_chars(id.data(), id.data() + id.size(), number));
  const auto limit = services_.limits.Find(number);
  if (limit == nullptr || !actor.Sees(limit->node, directory_)) co_return NoSuch("budget");
  if (!actor.May(Permission::kChangeTree, limit->node, directory_)) co_return Denied();
  GH_CO_CHECK_OK(co_await services_.limits.Remove(exchange.loop(), number, exchange.loop().In(kTimeout)));
  co_return ApiReply{.status = 200, .body = R"({"deleted":true})"};
}

AccountingApi::Answered AccountingApi::Usage(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"node", "from", "until", "grain", "by", "limit", "format"}));
  GH_CO_TRY(const NodeId node, NodeAskedFor(head, actor, directory_));
  const std::int64_t now = NowMs(exchange.loop());
  accounting::UsageQuery query;
  GH_CO_TRY(query.from_ms, TimeParameter(head, "from", now - 30 * kDayMs));
  GH_CO_TRY(query.until_ms, TimeParameter(head, "until", now + 1));
  GH_CO_TRY(query.grain, GrainParameter(head));
  GH_CO_TRY(query.by, KeysParameter(head));
  GH_CO_TRY(query.at_most, LimitParameter(head, query.at_most));
  if (node.value != 0) query.within = node;
  const std::string format = QueryParameter(head, "format");
  if (format == "focus") query = accounting::FocusQuery(std::move(query));
  const net::Deadline deadline = exchange.loop().In(kTimeout);
  GH_CO_TRY(const accounting::UsageReport report,
            co_await accounting::QueryUsage(services_.database, exchange.loop(), query, deadline));
  const auto names = [this](NodeId id) { return directory_.PathOf(id); };
  if (format.empty() || format == "json") {
    co_return ApiReply{.status = 200, .body = accounting::UsageAsJson(query, report, names)};
  }
  if (!report.complete) {
    co_return base::InvalidRequest(
        "There are more lines than `limit`: raise it, or ask for less, so that no table is "
        "taken for a whole one.",
        "limit");
  }
  ApiReply reply{.status = 200, .body = {}, .content_type = "text/csv; charset=utf-8"};
  if (format == "csv") {
    reply.body = accounting::UsageAsCsv(query, report, names);
  } else if (format == "focus") {
    reply.body = accounting::UsageAsFocus(report, names);
  } else {
    co_return base::InvalidRequest("`format` must be json, csv or focus.", "format");
  }
  co_return reply;
}

AccountingApi::Answered AccountingApi::Exchanges(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"node", "from", "until", "request_id", "in_doubt", "limit"}));
  GH_CO_TRY(const NodeId node, NodeAskedFor(head, actor, directory_));
  const std::int64_t now = NowMs(exchange.loop());
  accounting::ExchangeQuery query{.request_id = QueryParameter(head, "request_id")};
  GH_CO_TRY(query.from_ms, TimeParameter(head, "from", now - 30 * kDayMs));
  GH_CO_TRY(query.until_ms, TimeParameter(head, "until", now + 1));
  GH_CO_TRY(query.at_most, LimitParameter(head, query.at_most));
  if (node.value != 0) query.within = node;
  const net::Deadline deadline = exchange.loop().In(kTimeout);
  GH_CO_TRY(const auto settled,
            co_await services_.adjustments.Between(exchange.loop(), query.from_ms, query.until_ms, deadline));
  if (QueryParameter(head, "in_doubt") == "1") {
    query.which = accounting::ExchangeQuery::Which::kInDoubt;
    for (const auto& [name, adjustment] : settled) query.except.push_back(name);
  }
  GH_CO_TRY(const accounting::ExchangeList list,
            co_await accounting::SearchExchanges(services_.database, exchange.loop(), std::move(query), deadline));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (std::size_t i = 0; i < list.rows.size(); ++i) {
    accounting::Links links;
    const auto row = accounting::DecodeRow(list.rows[i], links);
    if (!row) continue;
    writer.BeginObject().Field("row", ToString(list.names[i]));
    WriteRow(writer, *row);
    if (const auto found = settled.find(list.names[i]); found != settled.end()) {
      writer.Key("settled");
      WriteAdjustment(writer, found->second);
    }
    writer.EndObject();
  }
  writer.EndArray().Key("complete").Bool(list.complete).EndObject();
  co_return reply;
}

AccountingApi::Answered AccountingApi::Settle(http::ServerExchange& exchange, const AdminActor& actor,
                                              std::string request_id) {
  GH_CO_CHECK_OK(CheckQuery(exchange.head(), {}));
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMaxBody));
  GH_CO_TRY(SettleBody body, ReadSettleBody(std::move(text)));
  net::Loop& loop = exchange.loop();
  const net::Deadline deadline = loop.In(kTimeout);
  accounting::ExchangeQuery query{.from_ms = 0, .until_ms = NowMs(loop) + 1, .request_id = request_id, .within = {}};
  GH_CO_TRY(const accounting::ExchangeList list,
            co_await accounting::SearchExchanges(services_.database, loop, std::move(query), deadline));
  std::vector<std::size_t> meant;
  accounting::Links links;
  for (std::size_t i = 0; i < list.rows.size(); ++i) {
    const auto row = accounting::DecodeRow(list.rows[i], links);
    const bool seen = row && std::ranges::any_of(row->chain, [&](const pipeline::Link& link) {
                        return actor.May(Permission::kSeeTree, link.id, directory_);
                      });
    const bool owner_sees = row && actor.May(Permission::kSeeTree, {}, directory_);
    if ((seen || owner_sees) && (!body.row || list.names[i] == *body.row)) meant.push_back(i);
  }
  if (meant.empty()) co_return NoSuch("exchange");
  if (meant.size() > 1) {
    co_return base::InvalidRequest("Several exchanges have this id: name one by its `row`.", "row");
  }
  const auto row = accounting::DecodeRow(list.rows[meant.front()], links);
  const bool may = actor.May(Permission::kOperate, {}, directory_) ||
                   std::ranges::any_of(row->chain, [&](const pipeline::Link& link) {
                     return actor.May(Permission::kOperate, link.id, directory_);
                   });
  if (!may) co_return Denied();
  const features::identity::Call call{.loop = loop, .deadline = deadline, .author = actor.author(), .if_version = {}};
  std::vector<store::Statement> event;
  event.push_back(features::identity::EventStatement(
      call, {.action = "exchange.settle",
             .node = row->chain.empty() ? NodeId() : row->chain.back().id,
             .path = request_id,
             .result = "done",
             .detail = base::FormatUsd(row->cost) + " -> " + base::FormatUsd(body.cost) + " USD: " + body.note}));
  accounting::SettleRequest request{.row_bytes = list.rows[meant.front()],
                                    .row = list.names[meant.front()],
                                    .cost = body.cost,
                                    .author_id = actor.author().id.value,
                                    .author = actor.author().name,
                                    .note = body.note};
  GH_CO_TRY(const accounting::Adjustment adjustment,
            co_await services_.adjustments.Settle(loop, std::move(request), std::move(event), deadline));
  ApiReply reply;
  Writer writer(reply.body);
  WriteAdjustment(writer, adjustment);
  co_return reply;
}

}  // namespace gatehouse::admin
