#include "admin/accounting_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

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

using base::Error;
using base::Result;
using codec::json::Writer;
using features::identity::Permission;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::size_t kMaxBody = 64 << 10;
constexpr std::int64_t kDayMs = 86'400'000;

Error Denied() {
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kPolicy,
          .public_message = "Your roles do not allow this here."};
}

Error NoSuch(std::string_view what) {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kClient,
          .public_message = "There is no such " + std::string(what) + " here, or it is not yours to see."};
}

Error WrongMethod(std::string_view allowed) {
  return {.code = base::ErrorCode::kMethodNotAllowed,
          .source = base::ErrorSource::kClient,
          .public_message = "Use " + std::string(allowed) + " here."};
}

std::int64_t NowMs(net::Loop& loop) {
  return std::chrono::floor<std::chrono::milliseconds>(loop.clock().Wall()).time_since_epoch().count();
}

// RFC 3339 or a date, in milliseconds.
Result<std::int64_t> TimeParameter(const http::RequestHead& head, std::string_view name, std::int64_t otherwise) {
  std::string text = QueryParameter(head, name);
  if (text.empty()) return otherwise;
  constexpr std::size_t kDateLength = 10;
  if (text.size() == kDateLength) text += "T00:00:00Z";
  const auto time = codec::cel::ParseTimestamp(text);
  if (!time) {
    return base::InvalidRequest("`" + std::string(name) +
                                    "` must be a date or a time, such as 2026-11-01 or "
                                    "2026-11-01T08:00:00Z.",
                                std::string(name));
  }
  return time->seconds * 1000 + time->nanos / 1'000'000;
}

Result<std::uint32_t> LimitParameter(const http::RequestHead& head, std::uint32_t otherwise) {
  const std::string text = QueryParameter(head, "limit");
  if (text.empty()) return otherwise;
  std::uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) {
    return base::InvalidRequest("`limit` must be a number.", "limit");
  }
  return value;
}

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

}  // namespace

bool AccountingApi::Serves(std::string_view path) {
  const std::string_view first = path.substr(0, path.find_first_of("/?"));
  return first == "budgets" || first == "usage" || first == "exchanges" || first == "gateways";
}

net::Task<Result<ApiReply>> AccountingApi::Answer(http::ServerExchange& exchange, const AdminActor& actor) {
  constexpr std::string_view kPrefix = "/admin/v1/";
  const auto parts = PathParts(exchange.head().path().substr(kPrefix.size()));
  if (!parts || parts->empty() || parts->size() > 2) co_return NoSuch("thing");
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
  if (parts->size() == 2) co_return NoSuch("thing");
  if (first == "budgets" && method == "PUT") co_return co_await PutBudget(exchange, actor);
  if (method != "GET") co_return WrongMethod(first == "budgets" ? "GET or PUT" : "GET");
  if (first == "budgets") co_return co_await Budgets(exchange, actor);
  if (first == "usage") co_return co_await Usage(exchange, actor);
  co_return co_await Exchanges(exchange, actor);
}

Result<pipeline::NodeId> AccountingApi::NodeOf(const http::RequestHead& head, const AdminActor& actor) const {
  const std::string path = QueryParameter(head, "node");
  if (path.empty()) {
    if (actor.May(Permission::kSeeTree, {}, directory_)) return pipeline::NodeId{};
    return base::InvalidRequest("Say with `node` where to look: you see only a part of the tree.", "node");
  }
  const auto place = directory_.FindPath(path);
  if (!place || !actor.May(Permission::kSeeTree, place->id, directory_)) return NoSuch("node");
  return place->id;
}

AccountingApi::Answered AccountingApi::Budgets(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"node"}));
  GH_CO_TRY(const NodeId node, NodeOf(head, actor));
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
  GH_CO_TRY(const NodeId node, NodeOf(head, actor));
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
  GH_CO_TRY(const NodeId node, NodeOf(head, actor));
  const std::int64_t now = NowMs(exchange.loop());
  accounting::ExchangeQuery query{.request_id = QueryParameter(head, "request_id")};
  GH_CO_TRY(query.from_ms, TimeParameter(head, "from", now - 30 * kDayMs));
  GH_CO_TRY(query.until_ms, TimeParameter(head, "until", now + 1));
  GH_CO_TRY(query.at_most, LimitParameter(head, query.at_most));
  if (node.value != 0) query.within = node;
  if (QueryParameter(head, "in_doubt") == "1") query.which = accounting::ExchangeQuery::Which::kInDoubt;
  const net::Deadline deadline = exchange.loop().In(kTimeout);
  GH_CO_TRY(const accounting::ExchangeList list,
            co_await accounting::SearchExchanges(services_.database, exchange.loop(), std::move(query), deadline));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const std::string& bytes : list.rows) {
    accounting::Links links;
    if (const auto row = accounting::DecodeRow(bytes, links)) accounting::WriteRow(writer, *row);
  }
  writer.EndArray().Key("complete").Bool(list.complete).EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
