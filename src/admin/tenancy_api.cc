#include "admin/tenancy_api.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "admin/api_refusal.h"
#include "admin/node_json.h"
#include "codec/json/writer.h"
#include "pipeline/surface.h"

namespace gatehouse::admin {
namespace {

using base::Error;
using base::Result;
using base::Status;
using codec::json::Writer;
using features::identity::KeyRequest;
using features::identity::Listing;
using features::identity::NodePatch;
using features::identity::NodeState;
using features::identity::Origin;
using features::identity::RoleBinding;

constexpr std::chrono::seconds kTimeout(10);
constexpr std::size_t kMaxBody = 64 << 10;
constexpr std::int64_t kMaxPage = 1000;
constexpr std::int64_t kDefaultPage = 100;
constexpr std::string_view kPrefix = "/admin/v1/";
constexpr std::int64_t kMaxOverlap = 90 * 24 * 3600;

Error ManagedElsewhere() {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kClient,
          .public_message =
              "This is kept by the configuration: change it there. Here it may only be suspended and "
              "resumed."};
}

std::optional<features::identity::NodeKind> KindOfCollection(std::string_view word) {
  if (!word.ends_with('s')) return {};
  word.remove_suffix(1);
  return features::identity::KindOfWord(word);
}

std::optional<std::int64_t> ToNumber(std::string_view text) {
  if (text.empty() || text.size() > 18 + 1) return {};
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || __builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, c - '0', &number)) {
      return {};
    }
  }
  return number;
}

std::uint16_t StatusOf(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUnauthenticated: return 401;
    case base::ErrorCode::kDenied: return 403;
    case base::ErrorCode::kNotFound: return 404;
    case base::ErrorCode::kMethodNotAllowed: return 405;
    case base::ErrorCode::kConflict: return 409;
    case base::ErrorCode::kTooLarge: return 413;
    case base::ErrorCode::kTimeout: return 504;
    case base::ErrorCode::kUnavailable: return 503;
    case base::ErrorCode::kInvalidRequest: return 400;
    default: return 500;
  }
}

std::string_view MessageOf(const Error& error) {
  if (!error.public_message.empty()) return error.public_message;
  if (error.code == base::ErrorCode::kTimeout) {
    return "The database did not answer in time; it may have been done all the same. Look before you do it again.";
  }
  if (error.source == base::ErrorSource::kStore) return "The database does not answer. Nothing was changed.";
  return "Something is wrong in the gateway. Its log says what.";
}

// `"12"`, as the ETag was.
Result<std::optional<std::int64_t>> VersionWanted(const http::RequestHead& head) {
  const auto value = head.headers.Find("if-match");
  if (!value || *value == "*") return std::optional<std::int64_t>();
  std::string_view text = *value;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto version = ToNumber(text);
  if (!version) return base::InvalidRequest("If-Match must be the ETag that was given.", "If-Match");
  return version;
}

Status CheckSurfaces(const std::optional<std::vector<std::string>>& surfaces) {
  if (!surfaces) return base::Ok();
  for (const std::string& name : *surfaces) {
    if (!pipeline::SurfaceOf(name)) return base::InvalidRequest("There is no surface `" + name + "`.", "surfaces");
  }
  return base::Ok();
}

Result<NodeState> StateOf(std::string_view word) {
  if (word == "active") return NodeState::kActive;
  if (word == "suspended") return NodeState::kSuspended;
  return base::InvalidRequest("`state` must be active or suspended.", "state");
}

}  // namespace

ApiReply ReplyOf(const Error& error) {
  ApiReply reply{.status = StatusOf(error.code)};
  Writer writer(reply.body);
  writer.BeginObject().Key("error").BeginObject();
  writer.Field("code", base::ToString(error.code)).Field("message", MessageOf(error));
  if (error.param.empty()) {
    writer.Key("param").Null();
  } else {
    writer.Field("param", error.param);
  }
  writer.EndObject().EndObject();
  return reply;
}

bool TenancyApi::Serves(std::string_view path) {
  const std::string_view first = path.substr(0, path.find('/'));
  return first == "roles" || first == "events" || first == "me" || KindOfCollection(first).has_value();
}

net::Task<ApiReply> TenancyApi::Answer(http::ServerExchange& exchange, AdminActor actor) {
  Request request{.exchange = exchange,
                  .actor = actor,
                  .call = {.loop = exchange.loop(),
                           .deadline = exchange.loop().In(kTimeout),
                           .author = actor.author(),
                           .if_version = {}},
                  .parts = {}};
  // What other gateways did counts here too; where the database does not answer, what is known does.
  static_cast<void>(co_await services_.tenancy.Refresh(request.call));
  auto parts = PathParts(exchange.head().path().substr(kPrefix.size()));
  Result<ApiReply> reply = features::identity::NoSuchNode();
  if (parts) {
    request.parts = *std::move(parts);
    reply = co_await Dispatch(request);
  }
  // A change that was made is recorded with it.
  const bool read = exchange.head().method == "GET";
  if (!reply.ok() || read) co_await Record(request, reply.ok() ? nullptr : &reply.error());
  co_return reply.ok() ? std::move(reply).value() : ReplyOf(reply.error());
}

net::Task<> TenancyApi::RecordCall(http::ServerExchange& exchange, const AdminActor& actor, const Error* error) {
  using Parts = std::vector<std::string>;
  const Request request{.exchange = exchange,
                        .actor = actor,
                        .call = {.loop = exchange.loop(),
                                 .deadline = exchange.loop().In(kTimeout),
                                 .author = actor.author(),
                                 .if_version = {}},
                        .parts = PathParts(exchange.head().path().substr(kPrefix.size())).value_or(Parts())};
  co_await Record(request, error);
}

net::Task<> TenancyApi::Record(const Request& request, const Error* error) {
  std::string path = std::string(request.exchange.head().path().substr(0, 300));
  const features::identity::AdminEvent event{
      .action =
          request.exchange.head().method + " " + (request.parts.empty() ? std::string("?") : request.parts.front()),
      .node = {},
      .path = std::move(path),
      .result = error == nullptr ? "done" : std::string(base::ToString(error->code)),
      .detail = error == nullptr ? "" : error->public_message};
  std::vector<store::Statement> unit;
  unit.push_back(features::identity::EventStatement(request.call, event));
  static_cast<void>(co_await services_.database.Write(request.call.loop, std::move(unit), request.call.deadline));
}

TenancyApi::NodeId TenancyApi::OrganizationOf(NodeId node) const {
  const auto chain = directory().ChainOf(node);
  return chain.empty() ? NodeId() : chain.front().id;
}

void TenancyApi::TellOfKey(const Request& request, std::string_view what, NodeId key, NodeId organization) const {
  if (!services_.key_witness) return;
  if (organization.value == 0) organization = OrganizationOf(key);
  services_.key_witness({.what = what, .key = key, .organization = organization, .actor = request.actor.word()});
}

TenancyApi::Answered TenancyApi::Dispatch(Request& request) {
  const std::string& first = request.parts.front();
  auto version = VersionWanted(request.exchange.head());
  if (!version.ok()) co_return std::move(version).TakeError();
  request.call.if_version = version.value();
  if (first == "roles") co_return co_await OnRoles(request);
  if (first == "events" && request.parts.size() == 1) co_return co_await Events(request);
  if (first == "me" && request.parts.size() == 1) co_return Me(request);
  const auto kind = KindOfCollection(first);
  if (!kind || request.parts.size() > 3) co_return features::identity::NoSuchNode();
  co_return co_await (request.parts.size() == 1 ? OnCollection(request, *kind) : OnNode(request, *kind));
}

TenancyApi::Answered TenancyApi::OnCollection(Request& request, NodeKind kind) {
  const std::string& method = request.exchange.head().method;
  if (method == "GET") co_return co_await List(request, kind);
  if (method == "POST") co_return co_await Create(request, kind);
  co_return WrongMethod("GET or POST");
}

TenancyApi::Answered TenancyApi::OnNode(Request& request, NodeKind kind) {
  const auto id = Resolve(request, request.parts[1]);
  if (!id.ok()) co_return id.error();
  if (directory().Find(id.value())->kind != kind) co_return features::identity::NoSuchNode();
  const std::string& method = request.exchange.head().method;
  if (request.parts.size() == 3) {
    const bool key = kind == NodeKind::kKey;
    if (key && request.parts[2] == "rotate" && method == "POST") co_return co_await Rotate(request, id.value());
    if (key && request.parts[2] == "revoke" && method == "POST") co_return co_await Delete(request, id.value());
    co_return features::identity::NoSuchNode();
  }
  if (method == "GET") co_return co_await Show(request, id.value());
  if (method == "PATCH") co_return co_await Change(request, id.value());
  if (method == "DELETE") co_return co_await Delete(request, id.value());
  co_return WrongMethod("GET, PATCH or DELETE");
}

Result<TenancyApi::NodeId> TenancyApi::Resolve(const Request& request, std::string_view reference) const {
  const auto number = ToNumber(reference);
  const auto place = number ? directory().Find({*number}) : directory().FindPath(reference);
  if (!place || !request.actor.Sees(place->id, directory())) return features::identity::NoSuchNode();
  return place->id;
}

Result<TenancyApi::NodeId> TenancyApi::ResolveParent(const Request& request, std::string_view reference) const {
  auto id = Resolve(request, reference);
  if (id.ok()) return id;
  return base::InvalidRequest("There is no such parent here, or it is not yours to see.", "parent");
}

Status TenancyApi::Require(const Request& request, Permission permission, NodeId node) const {
  return request.actor.May(permission, node, directory()) ? base::Ok() : Status(Denied());
}

net::Task<Status> TenancyApi::RequireAuthority(Request& request, NodeId node) {
  if (request.actor.Owns(node, directory())) co_return base::Ok();
  for (const auto& link : directory().ChainOf(node)) {
    if (link.kind != NodeKind::kUser) continue;
    auto roles = co_await services_.roles.RolesOf(request.call, link.id);
    if (!roles.ok()) co_return std::move(roles).TakeError();
    for (const RoleBinding& binding : roles.value()) {
      if (!request.actor.MayGrant(binding, directory())) co_return Denied();
    }
  }
  co_return base::Ok();
}

ApiReply TenancyApi::Shown(std::uint16_t status, const Node& node, std::string_view secret) const {
  ApiReply reply{.status = status, .body = {}, .version = node.version};
  Writer writer(reply.body);
  WriteNode(writer, node, directory().PathOf(node.id), secret);
  return reply;
}

TenancyApi::Answered TenancyApi::List(Request& request, NodeKind kind) {
  const http::RequestHead& head = request.exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"parent", "under", "after", "limit"}));
  Listing listing{.kind = kind, .parent = {}, .after = QueryParameter(head, "after"), .limit = kDefaultPage};
  const std::string parent = QueryParameter(head, "parent");
  const std::string under = QueryParameter(head, "under");
  if (parent.empty()) listing.depth = Listing::Depth::kWhole;
  if (const std::string within = parent.empty() ? under : parent; !within.empty()) {
    GH_CO_TRY(listing.parent, Resolve(request, within));
  }
  if (const std::string limit = QueryParameter(head, "limit"); !limit.empty()) {
    const auto number = ToNumber(limit);
    if (!number || *number < 1 || *number > kMaxPage) {
      co_return base::InvalidRequest("`limit` must be 1 to 1000.", "limit");
    }
    listing.limit = *number;
  }
  // Without a place to begin at, who sees only a part is asked for the part.
  if (!request.actor.Sees(listing.parent, directory())) {
    co_return base::InvalidRequest("Say with `under` where to look: you see only a part of the tree.", "under");
  }
  auto page = co_await services_.tenancy.List(request.call, std::move(listing));
  if (!page.ok()) co_return std::move(page).TakeError();
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const Node& node : page.value().nodes) WriteNode(writer, node, directory().PathOf(node.id), {});
  writer.EndArray();
  if (!page.value().after.empty()) writer.Field("next", page.value().after);
  writer.EndObject();
  co_return reply;
}

TenancyApi::Answered TenancyApi::Create(Request& request, NodeKind kind) {
  GH_CO_CHECK_OK(CheckQuery(request.exchange.head(), {"ensure"}));
  GH_CO_TRY(std::string text, co_await request.exchange.CollectBody(kMaxBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const std::string reference = body.Text("parent").value_or("");
  NodeId parent;
  if (kind != NodeKind::kOrganization || !reference.empty()) {
    GH_CO_TRY(parent, ResolveParent(request, reference));
  }
  GH_CO_CHECK_OK(Require(request, kind == NodeKind::kKey ? Permission::kChangeKeys : Permission::kChangeTree, parent));
  if (kind == NodeKind::kKey) co_return co_await CreateKey(request, std::move(body), parent);
  features::identity::NewNode node{.parent = parent,
                                   .kind = kind,
                                   .name = body.Text("name").value_or(""),
                                   .display = body.Text("display").value_or(""),
                                   .labels = body.Labels("labels").value_or("{}")};
  GH_CO_CHECK_OK(body.Finish());
  const bool ensure = QueryParameter(request.exchange.head(), "ensure") == "1";
  auto made = co_await (ensure ? services_.tenancy.Ensure(request.call, std::move(node))
                               : services_.tenancy.Create(request.call, std::move(node)));
  if (!made.ok()) co_return std::move(made).TakeError();
  co_return Shown(ensure ? 200 : 201, made.value());
}

TenancyApi::Answered TenancyApi::CreateKey(Request& request, ApiBody body, NodeId parent) {
  const std::string purpose = body.Text("purpose").value_or("requests");
  const auto surfaces = body.Texts("surfaces");
  KeyRequest key{.parent = parent,
                 .name = body.Text("name").value_or(""),
                 .display = body.Text("display").value_or(""),
                 .labels = body.Labels("labels").value_or("{}"),
                 .purpose = purpose == "admin" ? KeyRequest::Purpose::kAdmin : KeyRequest::Purpose::kRequests,
                 .expires_ms = body.Time("expires").value_or(0),
                 .models = body.Texts("models").value_or(std::vector<std::string>()),
                 .surfaces = surfaces.value_or(std::vector<std::string>()),
                 .networks = body.Texts("networks").value_or(std::vector<std::string>())};
  GH_CO_CHECK_OK(body.Finish());
  GH_CO_CHECK_OK(CheckSurfaces(surfaces));
  if (purpose != "admin" && purpose != "requests") {
    co_return base::InvalidRequest("`purpose` must be requests or admin.", "purpose");
  }
  if (purpose == "admin") GH_CO_CHECK_OK(co_await RequireAuthority(request, parent));
  auto issued = co_await services_.virtual_keys.Issue(request.call, std::move(key));
  if (!issued.ok()) co_return std::move(issued).TakeError();
  TellOfKey(request, "created", issued.value().node.id, OrganizationOf(parent));
  co_return Shown(201, issued.value().node, issued.value().secret.Reveal());
}

TenancyApi::Answered TenancyApi::Show(Request& request, NodeId id) {
  auto node = co_await services_.tenancy.Show(request.call, id);
  if (!node.ok()) co_return std::move(node).TakeError();
  co_return Shown(200, node.value());
}

TenancyApi::Answered TenancyApi::Change(Request& request, NodeId id) {
  const auto place = directory().Find(id);
  const bool key = place->kind == NodeKind::kKey;
  const Permission permission = key ? Permission::kChangeKeys : Permission::kChangeTree;
  GH_CO_CHECK_OK(Require(request, permission, id));
  GH_CO_CHECK_OK(co_await RequireAuthority(request, id));
  GH_CO_TRY(std::string text, co_await request.exchange.CollectBody(kMaxBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  NodePatch patch{.name = body.Text("name"), .display = body.Text("display"), .labels = body.Labels("labels")};
  if (const auto parent = body.Text("parent")) {
    GH_CO_TRY(patch.parent, ResolveParent(request, *parent));
    GH_CO_CHECK_OK(Require(request, permission, *patch.parent));
  }
  if (const auto state = body.Text("state")) {
    GH_CO_TRY(patch.state, StateOf(*state));
  }
  if (key) {
    patch.expires_ms = body.Time("expires");
    patch.models = body.Texts("models");
    patch.surfaces = body.Texts("surfaces");
    patch.networks = body.Texts("networks");
  }
  GH_CO_CHECK_OK(body.Finish());
  GH_CO_CHECK_OK(CheckSurfaces(patch.surfaces));
  const bool more_than_state = patch.name || patch.display || patch.labels || patch.parent || patch.expires_ms ||
                               patch.models || patch.surfaces || patch.networks;
  if (place->origin == Origin::kConfiguration && (more_than_state || place->state == NodeState::kWithdrawn)) {
    co_return ManagedElsewhere();
  }
  std::string action = "change";
  if (patch.state) action = *patch.state == NodeState::kActive ? "resume" : "suspend";
  const std::string_view what = !patch.state ? "changed" : action == "resume" ? "resumed" : "suspended";
  auto changed = co_await services_.tenancy.Change(request.call, id, std::move(patch), std::move(action));
  if (!changed.ok()) co_return std::move(changed).TakeError();
  if (key) TellOfKey(request, what, id);
  co_return Shown(200, changed.value());
}

TenancyApi::Answered TenancyApi::Delete(Request& request, NodeId id) {
  const auto place = directory().Find(id);
  const bool key = place->kind == NodeKind::kKey;
  if (!key || !request.actor.Owns(id, directory())) {
    GH_CO_CHECK_OK(Require(request, key ? Permission::kChangeKeys : Permission::kChangeTree, id));
  }
  GH_CO_CHECK_OK(co_await RequireAuthority(request, id));
  if (place->origin == Origin::kConfiguration && place->state != NodeState::kWithdrawn) co_return ManagedElsewhere();
  const NodeId organization = OrganizationOf(id);
  GH_CO_CHECK_OK(co_await services_.tenancy.Delete(request.call, id));
  if (key) TellOfKey(request, "revoked", id, organization);
  co_return ApiReply{.status = 200, .body = R"({"deleted":true})"};
}

TenancyApi::Answered TenancyApi::Rotate(Request& request, NodeId id) {
  if (!request.actor.Owns(id, directory())) GH_CO_CHECK_OK(Require(request, Permission::kChangeKeys, id));
  GH_CO_CHECK_OK(co_await RequireAuthority(request, id));
  if (directory().Find(id)->origin == Origin::kConfiguration) co_return ManagedElsewhere();
  GH_CO_TRY(std::string text, co_await request.exchange.CollectBody(kMaxBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const std::int64_t overlap = body.Integer("overlap_seconds").value_or(0);
  GH_CO_CHECK_OK(body.Finish());
  if (overlap > kMaxOverlap) co_return base::InvalidRequest("At most 90 days.", "overlap_seconds");
  auto issued = co_await services_.virtual_keys.Rotate(request.call, id, std::chrono::seconds(overlap));
  if (!issued.ok()) co_return std::move(issued).TakeError();
  TellOfKey(request, "rotated", id);
  co_return Shown(200, issued.value().node, issued.value().secret.Reveal());
}

TenancyApi::Answered TenancyApi::OnRoles(Request& request) {
  const std::string& method = request.exchange.head().method;
  if (request.parts.size() == 1 && method == "GET") co_return co_await ListRoles(request);
  if (request.parts.size() == 1 && method == "POST") co_return co_await Grant(request);
  if (request.parts.size() == 1) co_return WrongMethod("GET or POST");
  if (request.parts.size() == 2 && method == "DELETE") co_return co_await RevokeRole(request);
  if (request.parts.size() == 2) co_return WrongMethod("DELETE");
  co_return features::identity::NoSuchNode();
}

TenancyApi::Answered TenancyApi::ListRoles(Request& request) {
  const http::RequestHead& head = request.exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"user", "node"}));
  const std::string user = QueryParameter(head, "user");
  const std::string node = QueryParameter(head, "node");
  if (user.empty() == node.empty()) {
    co_return base::InvalidRequest("Say with `user` whose roles, or with `node` (* for everywhere) where.", "user");
  }
  NodeId where;
  if (node != "*") {
    GH_CO_TRY(where, Resolve(request, user.empty() ? node : user));
  }
  if (node == "*") GH_CO_CHECK_OK(Require(request, Permission::kSeeTree, {}));
  auto roles = co_await (user.empty() ? services_.roles.RolesAt(request.call, where)
                                      : services_.roles.RolesOf(request.call, where));
  if (!roles.ok()) co_return std::move(roles).TakeError();
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const RoleBinding& binding : roles.value()) {
    if (!request.actor.Sees(binding.subject, directory()) && where != binding.node) continue;
    WriteRole(writer, binding, directory().PathOf(binding.node), directory().PathOf(binding.subject));
  }
  writer.EndArray().EndObject();
  co_return reply;
}

TenancyApi::Answered TenancyApi::Grant(Request& request) {
  GH_CO_TRY(std::string text, co_await request.exchange.CollectBody(kMaxBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const std::string user = body.Text("user").value_or("");
  const std::string node = body.Text("node").value_or("");
  const auto role = features::identity::RoleOf(body.Text("role").value_or(""));
  GH_CO_CHECK_OK(body.Finish());
  if (!role) {
    co_return base::InvalidRequest("`role` must be owner, admin, team_admin, operator, approver, auditor or member.",
                                   "role");
  }
  RoleBinding binding{.role = *role};
  const auto subject = Resolve(request, user);
  if (!subject.ok() || directory().Find(subject.value())->kind != NodeKind::kUser) {
    co_return base::InvalidRequest("There is no such user here, or it is not yours to see.", "user");
  }
  binding.subject = subject.value();
  if (node.empty()) co_return base::InvalidRequest("Say where: a path, or * for everywhere.", "node");
  if (node != "*") {
    GH_CO_TRY(binding.node, Resolve(request, node));
  }
  GH_CO_CHECK_OK(Require(request, Permission::kChangeRoles, binding.node));
  if (!request.actor.MayGrant(binding, directory())) co_return Denied();
  auto granted = co_await services_.roles.Grant(request.call, binding);
  if (!granted.ok()) co_return std::move(granted).TakeError();
  ApiReply reply{.status = 201};
  Writer writer(reply.body);
  WriteRole(writer, granted.value(), directory().PathOf(binding.node), directory().PathOf(binding.subject));
  co_return reply;
}

TenancyApi::Answered TenancyApi::RevokeRole(Request& request) {
  const auto id = ToNumber(request.parts[1]);
  if (!id) co_return features::identity::NoSuchNode();
  auto binding = co_await services_.roles.Show(request.call, *id);
  if (!binding.ok()) co_return std::move(binding).TakeError();
  if (!request.actor.Sees(binding.value().node, directory())) co_return features::identity::NoSuchNode();
  GH_CO_CHECK_OK(Require(request, Permission::kChangeRoles, binding.value().node));
  if (!request.actor.MayGrant(binding.value(), directory())) co_return Denied();
  GH_CO_CHECK_OK(co_await services_.roles.Revoke(request.call, binding.value()));
  co_return ApiReply{.status = 200, .body = R"({"deleted":true})"};
}

TenancyApi::Answered TenancyApi::Events(Request& request) {
  const http::RequestHead& head = request.exchange.head();
  if (head.method != "GET") co_return WrongMethod("GET");
  GH_CO_CHECK_OK(CheckQuery(head, {"node", "limit", "before"}));
  NodeId node;
  if (const std::string reference = QueryParameter(head, "node"); !reference.empty()) {
    GH_CO_TRY(node, Resolve(request, reference));
  }
  GH_CO_CHECK_OK(Require(request, Permission::kSeeEvents, node));
  const std::string limit = QueryParameter(head, "limit");
  const auto rows_wanted = limit.empty() ? std::optional(kDefaultPage) : ToNumber(limit);
  const std::string before = QueryParameter(head, "before");
  const auto before_ms = ToNumber(before.substr(0, before.find('-')));
  const auto before_id = before.empty() ? std::nullopt : ToNumber(before.substr(before.find('-') + 1));
  if (!rows_wanted || *rows_wanted < 1 || *rows_wanted > kMaxPage) {
    co_return base::InvalidRequest("`limit` must be 1 to 1000.", "limit");
  }
  if (!before.empty() && (!before_ms || !before_id)) {
    co_return base::InvalidRequest("`before` must be as a page gave it.", "before");
  }
  constexpr std::int64_t kNow = std::numeric_limits<std::int64_t>::max();
  auto rows = co_await services_.database.Query(
      request.call.loop,
      {.sql =
           "SELECT id, at_ms, actor_name, action, node, path, result, detail FROM gatehouse_admin_event WHERE (at_ms "
           "< $1 OR (at_ms = $1 AND id < $2)) AND ($3 = 0 OR node = $3) ORDER BY at_ms DESC, id DESC LIMIT $4",
       .arguments = {before_ms.value_or(kNow), before_id.value_or(0), node.value, *rows_wanted}},
      request.call.deadline);
  if (!rows.ok()) co_return std::move(rows).TakeError();
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  std::string next;
  for (const store::Row& row : rows.value()) {
    writer.BeginObject();
    WriteTime(writer, "at", store::IntegerOf(row.at(1)));
    writer.Field("actor", store::TextOf(row.at(2))).Field("action", store::TextOf(row.at(3)));
    writer.Field("node", std::to_string(store::IntegerOf(row.at(4)))).Field("path", store::TextOf(row.at(5)));
    writer.Field("result", store::TextOf(row.at(6))).Field("detail", store::TextOf(row.at(7))).EndObject();
    next = std::to_string(store::IntegerOf(row.at(1))) + "-" + std::to_string(store::IntegerOf(row.at(0)));
  }
  writer.EndArray();
  if (static_cast<std::int64_t>(rows.value().size()) == *rows_wanted) writer.Field("next", next);
  writer.EndObject();
  co_return reply;
}

Result<ApiReply> TenancyApi::Me(const Request& request) const {
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Field("name", request.actor.author().name).Key("roles").BeginArray();
  for (const RoleBinding& binding : request.actor.roles()) {
    WriteRole(writer, binding, directory().PathOf(binding.node), request.actor.author().name);
  }
  writer.EndArray().EndObject();
  return reply;
}

}  // namespace gatehouse::admin
