#include "admin/holds_api.h"

#include <chrono>
#include <optional>
#include <utility>

#include "admin/api_refusal.h"
#include "codec/json/writer.h"
#include "features/alerts/alert.h"
#include "net/handoff.h"

namespace gatehouse::admin {
namespace {

namespace audit = features::audit;
namespace vault = record::vault;

using base::Result;
using codec::json::Writer;
using features::alerts::TimeText;
using features::identity::NodeKind;
using features::identity::Permission;
using HoldTold = Result<audit::HoldStanding>;
using HoldsTold = Result<std::vector<audit::HoldStanding>>;

constexpr std::chrono::minutes kPatience(2);
constexpr std::size_t kMostBody = 8192;
constexpr std::size_t kLongestReason = 1000;

base::Error TooLate() { return NoAnswerInTime("The vault did not answer in time. Look whether it was done."); }

Result<vault::Day> DayIn(ApiBody& body, std::string_view name, vault::Day otherwise) {
  const auto text = body.Text(name);
  if (!text || text->empty()) return otherwise;
  const auto day = vault::ParseDay(*text);
  if (day) return *day;
  return base::InvalidRequest("`" + std::string(name) + "` must be a date such as 2026-11-23.", std::string(name));
}

Result<std::string> ReasonIn(ApiBody& body) {
  std::string reason = body.Text("reason").value_or("");
  if (!reason.empty() && reason.size() <= kLongestReason) return reason;
  return base::InvalidRequest("`reason` must say why, in 1000 bytes at most.", "reason");
}

void WriteHold(Writer& writer, const audit::HoldStanding& standing) {
  const auto& [hold, placed, lifted] = standing.hold;
  const bool is_placed = standing.origin == audit::HoldStanding::Origin::kPlaced;
  writer.BeginObject().Field("hold", hold.id).Field("state", lifted ? "lifted" : "in_force");
  writer.Field("origin", is_placed ? "placed" : "configuration");
  if (hold.key) writer.Field("key", hold.key->Hex());
  if (hold.retention_class) writer.Field("class", *hold.retention_class);
  if (hold.from != 0) writer.Field("from", vault::DayName(hold.from));
  if (hold.until != INT32_MAX) writer.Field("until", vault::DayName(hold.until));
  if (is_placed) {
    writer.Field("placed_by", placed.actor).Field("placed_at", TimeText(placed.at_ms)).Field("reason", placed.reason);
  }
  if (lifted) {
    writer.Field("lifted_by", lifted->actor).Field("lifted_at", TimeText(lifted->at_ms));
    writer.Field("lifted_because", lifted->reason);
  }
  writer.EndObject();
}

}  // namespace

net::Task<Result<ApiReply>> HoldsApi::Answer(http::ServerExchange& exchange, const AdminActor& actor,
                                             std::vector<std::string> parts) {
  const std::string& method = exchange.head().method;
  if (!actor.May(Permission::kChangeRoles, {}, directory_)) co_return Denied();
  if (archive_ == nullptr) co_return base::InvalidRequest("No payloads are kept here.");
  if (parts.size() == 1) {
    if (method == "GET") co_return co_await List(exchange);
    if (method == "POST") co_return co_await Place(exchange, actor);
    co_return WrongMethod("GET or POST");
  }
  if (parts.size() != 3 || parts[2] != "lift") co_return NoSuch("thing");
  if (method != "POST") co_return WrongMethod("POST");
  co_return co_await Lift(exchange, actor, std::move(parts[1]));
}

net::Task<Result<ApiReply>> HoldsApi::List(http::ServerExchange& exchange) {
  GH_CO_CHECK_OK(CheckQuery(exchange.head(), {"all"}));
  using Which = audit::LegalHolds::Which;
  const Which which = QueryParameter(exchange.head(), "all") == "1" ? Which::kAll : Which::kInForce;
  net::Handoff<HoldsTold> handoff(exchange.loop());
  archive_->ListHolds(which, [sender = handoff.sender()](HoldsTold told) mutable { sender.Send(std::move(told)); });
  const auto told = co_await handoff.Receive(exchange.loop().In(kPatience));
  if (!told) co_return TooLate();
  GH_CO_TRY(const auto holds, HoldsTold(*told));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const auto& hold : holds) WriteHold(writer, hold);
  writer.EndArray().EndObject();
  co_return reply;
}

// Payloads are kept under users, applications and agents, and under keys of nobody else.
Result<std::string> HoldsApi::SubjectOf(const std::string& node, const std::string& key) const {
  if (!node.empty() && !key.empty()) return base::InvalidRequest("Name one `node` or one `key`, or neither.", "node");
  if (node.empty()) return key;
  const auto place = directory_.FindPath(node);
  if (!place) return NoSuch("node");
  if (place->kind == NodeKind::kUser || place->kind == NodeKind::kApplication || place->kind == NodeKind::kAgent) {
    return std::to_string(place->id.value);
  }
  return base::InvalidRequest("`node` must be a user, an application or an agent: payloads are kept under those.",
                              "node");
}

Result<audit::HoldOrder> HoldsApi::OrderIn(std::string text, const AdminActor& actor) const {
  GH_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  audit::HoldOrder order{.name = body.Text("hold").value_or(""), .actor = actor.word()};
  const std::string node = body.Text("node").value_or("");
  const std::string key = body.Text("key").value_or("");
  order.retention_class = body.Text("class");
  GH_TRY(order.from, DayIn(body, "from", order.from));
  GH_TRY(order.until, DayIn(body, "until", order.until));
  GH_TRY(order.reason, ReasonIn(body));
  GH_CHECK_OK(body.Finish());
  GH_TRY(order.subject, SubjectOf(node, key));
  if (!vault::IsHoldName(order.name)) {
    return base::InvalidRequest("`hold` must be a name of 1 to 64 of a-z, 0-9, - and ., such as case-2026-7.", "hold");
  }
  if (order.retention_class && !vault::IsRetentionClass(*order.retention_class)) {
    return base::InvalidRequest("`class` must be 1 to 32 of a-z, 0-9, - and _.", "class");
  }
  if (order.from >= order.until) return base::InvalidRequest("`until` must come after `from`.", "until");
  return order;
}

net::Task<Result<ApiReply>> HoldsApi::Place(http::ServerExchange& exchange, const AdminActor& actor) {
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMostBody));
  GH_CO_TRY(audit::HoldOrder order, OrderIn(std::move(text), actor));
  net::Handoff<HoldTold> handoff(exchange.loop());
  archive_->PlaceHold(std::move(order),
                      [sender = handoff.sender()](HoldTold told) mutable { sender.Send(std::move(told)); });
  const auto told = co_await handoff.Receive(exchange.loop().In(kPatience));
  if (!told) co_return TooLate();
  GH_CO_TRY(const auto hold, HoldTold(*told));
  ApiReply reply{.status = 201};
  Writer writer(reply.body);
  WriteHold(writer, hold);
  co_return reply;
}

net::Task<Result<ApiReply>> HoldsApi::Lift(http::ServerExchange& exchange, const AdminActor& actor, std::string name) {
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMostBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  GH_CO_TRY(std::string reason, ReasonIn(body));
  GH_CO_CHECK_OK(body.Finish());
  net::Handoff<HoldTold> handoff(exchange.loop());
  archive_->LiftHold({.name = std::move(name), .actor = actor.word(), .reason = std::move(reason)},
                     [sender = handoff.sender()](HoldTold told) mutable { sender.Send(std::move(told)); });
  const auto told = co_await handoff.Receive(exchange.loop().In(kPatience));
  if (!told) co_return TooLate();
  GH_CO_TRY(const auto hold, HoldTold(*told));
  ApiReply reply;
  Writer writer(reply.body);
  WriteHold(writer, hold);
  co_return reply;
}

}  // namespace gatehouse::admin
