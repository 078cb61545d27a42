#include "admin/alerts_api.h"

#include <chrono>
#include <utility>

#include "admin/api_refusal.h"
#include "codec/json/writer.h"

namespace gatehouse::admin {
namespace {

namespace alerts = features::alerts;

using base::Result;
using codec::json::Writer;
using features::identity::Permission;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::uint32_t kUsual = 100;
constexpr std::uint32_t kMost = 1000;

void WriteTime(Writer& writer, std::string_view name, std::int64_t milliseconds) {
  if (milliseconds > 0) writer.Field(name, alerts::TimeText(milliseconds));
}

void WriteAlert(Writer& writer, const alerts::Outbox::Told& told) {
  const auto& notice = told.alert.notice;
  writer.BeginObject()
      .Field("id", told.alert.name())
      .Field("at", alerts::TimeText(told.alert.at_ms))
      .Field("kind", notice.kind)
      .Field("severity", ToString(notice.severity))
      .Field("node", notice.path)
      .Field("title", notice.title)
      .Field("text", notice.text)
      .RawField("facts", alerts::FactsJson(notice));
  writer.Key("deliveries").BeginArray();
  for (const auto& delivery : told.deliveries) {
    writer.BeginObject().Field("channel", delivery.channel).Field("state", delivery.state);
    writer.Field("attempts", delivery.attempts).Field("said", delivery.said);
    WriteTime(writer, "changed", delivery.attempts > 0 ? delivery.changed_ms : 0);
    if (delivery.state == "waiting") WriteTime(writer, "next", delivery.next_ms);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
}

}  // namespace

bool AlertsApi::Serves(std::string_view path) { return path.substr(0, path.find_first_of("/?")) == "alerts"; }

net::Task<Result<ApiReply>> AlertsApi::Answer(http::ServerExchange& exchange, const AdminActor& actor) {
  constexpr std::string_view kPrefix = "/admin/v1/";
  const auto parts = PathParts(exchange.head().path().substr(kPrefix.size()));
  if (!parts || parts->empty()) co_return NoSuch("thing");
  const std::string& method = exchange.head().method;
  if (parts->size() == 1) {
    if (method != "GET") co_return WrongMethod("GET");
    co_return co_await Alerts(exchange, actor);
  }
  if (parts->at(1) != "channels" || parts->size() == 3 || parts->size() > 4) co_return NoSuch("thing");
  if (parts->size() == 4 && parts->at(3) != "test") co_return NoSuch("thing");
  if (!actor.May(Permission::kOperate, {}, directory_)) co_return Denied();
  if (parts->size() == 4) {
    if (method != "POST") co_return WrongMethod("POST");
    co_return co_await Test(actor, parts->at(2));
  }
  if (method != "GET") co_return WrongMethod("GET");
  co_return Channels();
}

AlertsApi::Answered AlertsApi::Alerts(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"node", "before", "limit"}));
  GH_CO_TRY(const auto node, NodeAskedFor(head, actor, directory_));
  GH_CO_TRY(const std::uint32_t limit, LimitParameter(head, kUsual));
  GH_CO_TRY(const std::int64_t before, TimeParameter(head, "before", 0));
  if (limit == 0 || limit > kMost) co_return base::InvalidRequest("`limit` must be from 1 to 1000.", "limit");
  alerts::Outbox::Query query{.within = {}, .before_ms = before, .at_most = limit};
  if (node.value != 0) query.within = node;
  GH_CO_TRY(const auto told, co_await services_.dispatcher.outbox().List(query, exchange.loop().In(kTimeout)));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const auto& one : told) WriteAlert(writer, one);
  writer.EndArray().EndObject();
  co_return reply;
}

Result<ApiReply> AlertsApi::Channels() const {
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const auto& channel : services_.dispatcher.standings()) {
    writer.BeginObject()
        .Field("channel", channel.name)
        .Field("kind", channel.kind)
        .Field("target", channel.target)
        .Field("delivered", channel.delivered)
        .Field("failed_attempts", channel.attempts_failed)
        .Field("given_up", channel.given_up)
        .Field("problem", channel.problem);
    WriteTime(writer, "last_delivered", channel.delivered_ms);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return reply;
}

AlertsApi::Answered AlertsApi::Test(const AdminActor& actor, std::string channel) {
  GH_CO_TRY(const alerts::Attempted attempted,
            co_await services_.dispatcher.Test(std::move(channel), actor.author().name));
  const bool delivered = attempted.outcome == alerts::Attempted::Outcome::kDelivered;
  ApiReply reply;
  Writer(reply.body).BeginObject().Field("delivered", delivered).Field("said", attempted.said).EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
