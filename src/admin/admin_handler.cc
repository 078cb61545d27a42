#include "admin/admin_handler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "admin/api_refusal.h"
#include "admin/seen_exchange.h"
#include "codec/json/writer.h"

namespace gatehouse::admin {
namespace {

using codec::json::Writer;

net::Task<> Send(http::ServerExchange& exchange, std::uint16_t status, std::string content_type, std::string body,
                 std::int64_t version = 0) {
  http::ResponseHead head{.status = status, .headers = {}};
  head.headers.Add("content-type", content_type);
  head.headers.Add("cache-control", "no-store");
  if (version != 0) head.headers.Add("etag", "\"" + std::to_string(version) + "\"");
  if (status == 401) head.headers.Add("www-authenticate", "Basic realm=\"gatehouse admin\"");
  static_cast<void>(co_await exchange.Respond(std::move(head), body));
}

std::string ErrorBody(std::string_view code, std::string_view message) {
  std::string out;
  Writer writer(out);
  writer.BeginObject().Key("error").BeginObject().Field("code", code).Field("message", message).EndObject().EndObject();
  return out;
}

net::Task<> SendError(http::ServerExchange& exchange, std::uint16_t status, std::string_view code,
                      std::string_view message) {
  return Send(exchange, status, "application/json", ErrorBody(code, message));
}

std::string_view Word(Readiness readiness) {
  switch (readiness) {
    case Readiness::kStarting: return "starting";
    case Readiness::kReady: return "ready";
    case Readiness::kDegraded: return "degraded";
    case Readiness::kFailing: return "failing";
    case Readiness::kDraining: return "draining";
  }
  return "unknown";
}

constexpr std::string_view kPrefix = "/admin/v1/";
constexpr std::string_view kStranger = "unknown";  // an actor whom nobody knows, or not yet

bool IsWord(std::string_view part) {
  constexpr std::size_t kLongest = 24;
  return !part.empty() && part.size() <= kLongest &&
         std::ranges::all_of(part, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; });
}

}  // namespace

// The second part of a path names an object, which may be a person; the others are words of this API.
std::string ResourceOf(std::string_view path) {
  std::string resource;
  for (std::size_t number = 0; !path.empty() && number < 4; ++number) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    resource.append(number == 0 ? "" : "/").append(number != 1 && IsWord(part) ? part : "*");
  }
  return resource;
}

net::Task<> AdminHandler::Serve(http::ServerExchange& exchange) {
  const std::string_view path = exchange.head().path();
  if (path == "/livez") return Send(exchange, 200, "text/plain", "ok\n");
  if (path == "/readyz") return Ready(exchange);
  if (path == "/metrics") return Metrics(exchange);
  if (!path.starts_with(kPrefix))
    return SendError(exchange, 404, "not_found", "The admin listener has /livez, /readyz, /metrics and /admin/v1/.");
  return ServeApi(exchange);
}

// Also a caller who has gone may have changed something.
net::Task<> AdminHandler::ServeApi(http::ServerExchange& exchange) {
  struct Telling {
    AdminHandler& handler;
    SeenExchange& seen;
    AdminCall call{.actor = std::string(kStranger), .resource = {}, .method = {}};
    ~Telling() {
      const http::RequestHead& head = seen.head();
      call.resource = ResourceOf(head.path().substr(kPrefix.size()));
      call.method = head.method;
      call.status = seen.status();
      handler.TellOf(call, seen);
    }
  };
  SeenExchange seen(exchange);
  Telling telling{.handler = *this, .seen = seen};
  co_await ServeKnown(seen, telling.call);
}

void AdminHandler::TellOf(const AdminCall& call, http::ServerExchange& exchange) {
  if (!context_.witness) return;
  if (call.actor != kStranger) return context_.witness(call);
  if (!strangers_) strangers_.emplace(exchange.loop(), context_.witness);
  strangers_->Note(exchange.peer().address, call);
}

void AdminHandler::Close() {
  if (strangers_) strangers_->Flush();
  strangers_.reset();
}

// Whoever is let in: everything is checked against roles from here on.
net::Task<> AdminHandler::ServeKnown(http::ServerExchange& exchange, AdminCall& call) {
  constexpr std::chrono::seconds kPatience(5);
  auto actor = co_await IdentifyActor(exchange, context_.tenancy,
                                      {.password_digest = password_digest_, .directory = context_.login},
                                      exchange.loop().In(kPatience));
  if (!actor.ok()) {
    if (actor.error().code == base::ErrorCode::kUnauthenticated) call.login = AdminCall::Login::kFailed;
    ApiReply refusal = ReplyOf(actor.error());
    co_return co_await Send(exchange, refusal.status, "application/json", std::move(refusal.body));
  }
  call.actor = actor.value().word();
  const auto known = logins_.Note(call.actor + "/" + actor.value().author().name, exchange.loop().Now());
  if (known == LoginWatch::Call::kFirst) call.login = AdminCall::Login::kGood;
  const std::string_view path = exchange.head().path();
  if (TenancyApi::Serves(path.substr(kPrefix.size()))) {
    ApiReply reply = co_await tenancy_.Answer(exchange, std::move(actor).value());
    co_return co_await Send(exchange, reply.status, "application/json", std::move(reply.body), reply.version);
  }
  const bool accounting = AccountingApi::Serves(path.substr(kPrefix.size()));
  const bool record = RecordApi::Serves(path.substr(kPrefix.size()));
  const bool oversight = OversightApi::Serves(path.substr(kPrefix.size()));
  if (accounting || record || oversight || AlertsApi::Serves(path.substr(kPrefix.size()))) {
    auto answered = co_await (accounting  ? accounting_.Answer(exchange, actor.value())
                              : record    ? record_.Answer(exchange, actor.value())
                              : oversight ? oversight_.Answer(exchange, actor.value())
                                          : alerts_.Answer(exchange, actor.value()));
    // An exchange that was settled is recorded together with its settlement.
    const bool recorded = accounting && answered.ok() && exchange.head().method == "POST";
    if (!recorded) co_await tenancy_.RecordCall(exchange, actor.value(), answered.ok() ? nullptr : &answered.error());
    ApiReply reply = answered.ok() ? std::move(answered).value() : ReplyOf(answered.error());
    co_return co_await Send(exchange, reply.status, std::string(reply.content_type), std::move(reply.body));
  }
  const bool targets = path == "/admin/v1/targets" && exchange.head().method == "GET";
  const bool reload = path == "/admin/v1/reload" && exchange.head().method == "POST";
  constexpr std::string_view kDecisions = "/admin/v1/policy/decisions/";
  const bool explain = path.starts_with(kDecisions) && exchange.head().method == "GET";
  if (!targets && !reload && !explain) {
    co_return co_await SendError(exchange, 404, "not_found",
                                 "Known below /admin/v1/: orgs, teams, projects, users, apps, agents, keys, roles, "
                                 "events, me, budgets, usage, exchanges, alerts, stops, approvals, reviews, POST "
                                 "erasures, POST payload-reads, record-keys, vault-master-key, holds, GET targets, "
                                 "POST reload, GET policy/decisions/REQUEST_ID.");
  }
  if (!actor.value().May(features::identity::Permission::kOperate, {}, context_.tenancy.tenancy.directory())) {
    const base::Error denied = Denied();
    co_await tenancy_.RecordCall(exchange, actor.value(), &denied);
    co_return co_await SendError(exchange, 403, "denied", denied.public_message);
  }
  co_await tenancy_.RecordCall(exchange, actor.value(), nullptr);
  if (explain) co_return co_await Explain(exchange, path.substr(kDecisions.size()));
  co_await (targets ? Targets(exchange) : Reload(exchange));
}

net::Task<> AdminHandler::Metrics(http::ServerExchange& exchange) {
  context_.measure();
  return Send(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", context_.metrics.Expose());
}

net::Task<> AdminHandler::Ready(http::ServerExchange& exchange) {
  const Readiness readiness = context_.readiness();
  std::string body;
  Writer writer(body);
  writer.BeginObject().Field("status", Word(readiness));
  if (const std::string problem = context_.problem(); !problem.empty()) writer.Field("problem", problem);
  writer.EndObject();
  body.push_back('\n');
  const bool serves = readiness == Readiness::kReady || readiness == Readiness::kDegraded;
  return Send(exchange, serves ? 200 : 503, "application/json", std::move(body));
}

net::Task<> AdminHandler::Targets(http::ServerExchange& exchange) {
  const base::TimePoint now = context_.clock.Now();
  std::string body;
  Writer writer(body);
  writer.BeginObject().Key("targets").BeginArray();
  for (const auto& row : context_.health.List()) {
    writer.BeginObject()
        .Field("provider", row.provider)
        .Field("model", row.model)
        .Field("breaker", features::routing::ToString(row.health->state(now)))
        .Field("in_flight", row.health->busy())
        .Field("available_in_ms",
               std::chrono::duration_cast<std::chrono::milliseconds>(row.health->AvailableAt(now) - now).count())
        .EndObject();
  }
  writer.EndArray().EndObject();
  return Send(exchange, 200, "application/json", std::move(body));
}

net::Task<> AdminHandler::Reload(http::ServerExchange& exchange) {
  const base::Status status = co_await context_.reload();
  if (status.ok()) {
    co_await Send(exchange, 200, "application/json", R"({"status":"reloaded"})");
  } else if (status.error().code == base::ErrorCode::kConflict && status.error().source == base::ErrorSource::kClient) {
    co_await SendError(exchange, 409, "conflict", status.error().public_message);
  } else {
    co_await SendError(exchange, 422, "invalid_configuration", status.error().public_message);
  }
}

net::Task<> AdminHandler::Explain(http::ServerExchange& exchange, std::string_view request_id) {
  auto explanation = context_.explain(request_id);
  if (explanation) return Send(exchange, 200, "application/json", *std::move(explanation));
  return SendError(
      exchange, 404, "not_found",
      "No decision about that request is remembered: only the latest are, and only where there are rules.");
}

std::string AdminHandler::RejectionBody(std::uint16_t, std::string_view reason) const {
  return ErrorBody("bad_request", reason);
}

}  // namespace gatehouse::admin
