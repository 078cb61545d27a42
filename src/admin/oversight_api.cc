#include "admin/oversight_api.h"

#include <chrono>
#include <utility>

#include "admin/api_refusal.h"
#include "admin/review_json.h"
#include "codec/json/writer.h"
#include "features/alerts/alert.h"

namespace gatehouse::admin {
namespace {

namespace oversight = features::oversight;

using base::Result;
using codec::json::Writer;
using features::alerts::TimeText;
using features::identity::NodeId;
using features::identity::Permission;
using Scope = oversight::Stop::Scope;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::size_t kMaxBody = std::size_t{16} << 10U;
constexpr std::size_t kLongestText = 1000;
constexpr std::uint32_t kUsual = 100;
constexpr std::uint32_t kMost = 1000;

void WriteStop(Writer& writer, const oversight::Stop& stop) {
  writer.BeginObject().Field("id", stop.Word()).Field("scope", ToString(stop.scope));
  if (stop.scope == Scope::kNode) writer.Field("node", stop.path);
  if (!stop.name.empty()) writer.Field("name", stop.name);
  writer.Field("state", stop.lifted_ms == 0 ? "in_force" : "lifted").Field("reason", stop.reason);
  writer.Field("set_by", stop.set_by.name).Field("set_at", TimeText(stop.set_ms));
  if (stop.lifted_ms != 0) writer.Field("lifted_at", TimeText(stop.lifted_ms));
  writer.Key("lifted_by").BeginArray();
  for (const auto& person : stop.lifters) writer.String(person.name);
  writer.EndArray();
}

Result<std::string> ShortText(ApiBody& body, std::string_view name) {
  std::string text = body.Text(name).value_or("");
  if (text.size() <= kLongestText) return text;
  return base::InvalidRequest("`" + std::string(name) + "` must have 1000 bytes at most.", std::string(name));
}

}  // namespace

bool OversightApi::Serves(std::string_view path) {
  const std::string_view first = path.substr(0, path.find_first_of("/?"));
  return first == "stops" || first == "approvals" || first == "reviews";
}

// Whoever may decide about what is done there.
bool OversightApi::MayStop(const AdminActor& actor, NodeId node) const {
  return actor.May(Permission::kOperate, node, directory_) || actor.May(Permission::kApprove, node, directory_);
}

bool OversightApi::MaySee(const AdminActor& actor, NodeId node) const {
  return MayStop(actor, node) || actor.May(Permission::kSeeEvents, node, directory_);
}

net::Task<Result<ApiReply>> OversightApi::Answer(http::ServerExchange& exchange, const AdminActor& actor) {
  constexpr std::string_view kPrefix = "/admin/v1/";
  const auto parts = PathParts(exchange.head().path().substr(kPrefix.size()));
  if (!parts || parts->empty()) co_return NoSuch("thing");
  if (parts->front() == "approvals") co_return co_await approvals_.Answer(exchange, actor, *parts);
  if (parts->front() == "reviews") co_return co_await reviews_.Answer(exchange, actor, *parts);
  const std::string& method = exchange.head().method;
  if (parts->size() == 1) {
    if (method == "GET") co_return co_await Stops(exchange, actor);
    if (method == "POST") co_return co_await Stop(exchange, actor);
    co_return WrongMethod("GET or POST");
  }
  if (parts->size() != 3 || parts->at(2) != "lift") co_return NoSuch("thing");
  if (method != "POST") co_return WrongMethod("POST");
  co_return co_await Lift(exchange, actor, parts->at(1));
}

OversightApi::Answered OversightApi::Stops(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"all", "limit"}));
  GH_CO_TRY(const std::uint32_t limit, LimitParameter(head, kUsual));
  if (limit == 0 || limit > kMost) co_return base::InvalidRequest("`limit` must be from 1 to 1000.", "limit");
  using Which = oversight::StopBook::Which;
  const Which which = QueryParameter(head, "all") == "1" ? Which::kAll : Which::kInForce;
  GH_CO_TRY(const auto stops, co_await services_.kill_switch.book().List(which, limit, exchange.loop().In(kTimeout)));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const auto& stop : stops) {
    if (!MaySee(actor, stop.node)) continue;
    WriteStop(writer, stop);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  co_return reply;
}

// What is to be stopped, by the members of a body.
Result<oversight::Stop> OversightApi::StopAskedFor(ApiBody& body) const {
  const std::string word = body.Text("scope").value_or("");
  GH_TRY(std::string node, ShortText(body, "node"));
  GH_TRY(std::string name, ShortText(body, "name"));
  oversight::Stop stop;
  GH_TRY(stop.reason, ShortText(body, "reason"));
  GH_CHECK_OK(body.Finish());
  const auto scope = oversight::ScopeOf(word);
  if (!scope) return base::InvalidRequest("`scope` must be all, node, model or tool.", "scope");
  stop.scope = *scope;
  const bool named = stop.scope == Scope::kModel || stop.scope == Scope::kTool;
  if (named == name.empty())
    return base::InvalidRequest("`name` is of a model or a tool, and of nothing else.", "name");
  if ((stop.scope == Scope::kNode) == node.empty()) {
    return base::InvalidRequest("`node` is of the scope node, and of nothing else.", "node");
  }
  if (stop.reason.empty()) return base::InvalidRequest("`reason` must say why.", "reason");
  stop.name = std::move(name);
  if (stop.scope != Scope::kNode) return stop;
  const auto place = directory_.FindPath(node);
  if (!place) return NoSuch("node");
  stop.node = place->id;
  stop.path = directory_.PathOf(place->id);
  return stop;
}

OversightApi::Answered OversightApi::Stop(http::ServerExchange& exchange, const AdminActor& actor) {
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMaxBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  GH_CO_TRY(oversight::Stop stop, StopAskedFor(body));
  if (!MayStop(actor, stop.node)) co_return Denied();
  stop.set_by = PersonOf(actor);
  GH_CO_TRY(const auto set, co_await services_.kill_switch.Put(std::move(stop), exchange.loop().In(kTimeout)));
  ApiReply reply{.status = 201};
  Writer writer(reply.body);
  WriteStop(writer, set.stop);
  if (set.halted) {
    using std::chrono::milliseconds;
    writer.Field("exchanges_ended", set.halted->exchanges);
    writer.Field("halt_ms", std::chrono::duration_cast<milliseconds>(set.halted->took).count());
    writer.Field("all_ended", set.halted->whether == oversight::Halted::Whether::kAll);
  }
  writer.EndObject();
  co_return reply;
}

OversightApi::Answered OversightApi::Lift(http::ServerExchange& exchange, const AdminActor& actor, std::string word) {
  const auto id = oversight::StopIdOf(word);
  const net::Deadline deadline = exchange.loop().In(kTimeout);
  if (!id) co_return NoSuch("stop");
  GH_CO_TRY(const auto known, co_await services_.kill_switch.book().Show(*id, deadline));
  if (!MayStop(actor, known.node)) co_return MaySee(actor, known.node) ? Denied() : NoSuch("stop");
  GH_CO_TRY(const auto stop, co_await services_.kill_switch.Lift(*id, PersonOf(actor), deadline));
  ApiReply reply;
  Writer writer(reply.body);
  WriteStop(writer, stop);
  writer.EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
