#include "admin/record_api.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/api_refusal.h"
#include "codec/crypto/encoding.h"
#include "codec/json/writer.h"
#include "codec/text/utf8.h"
#include "net/handoff.h"

namespace gatehouse::admin {
namespace {

using base::Result;
using features::identity::Directory;
using features::identity::NodeId;
using features::identity::Permission;
using Erased = Result<std::uint64_t>;
using Shown = Result<std::vector<features::audit::Archive::ReadPayload>>;
using Rotated = Result<std::uint64_t>;  // the index of the entry about it
using MasterKeyTold = Result<features::audit::MasterKeyState>;

constexpr std::chrono::minutes kPatience(2);
constexpr std::size_t kMostBody = 4096;
constexpr std::size_t kLongestBasis = 64;

// The ground of an erasure is written into the record: a word, not a text in which somebody could be named.
bool IsBasis(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return !text.empty() && text.size() <= kLongestBasis && std::ranges::all_of(text, fits);
}

// A path, or the id as entries have it, also of a node that is no longer there.
NodeId NodeNamed(std::string_view name, const Directory& directory) {
  if (const auto place = directory.FindPath(name)) return place->id;
  std::int64_t id = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), id);
  return failed == std::errc() && end == name.data() + name.size() ? NodeId{id} : NodeId{};
}

std::string NameOf(const AdminActor& actor) {
  const NodeId author = actor.author().id;
  return author.value != 0 ? std::to_string(author.value) : "owner";
}

struct Order {
  std::string subject;
  std::string basis;
};

Result<Order> ReadOrder(std::string text, const AdminActor& actor, const Directory& directory) {
  GH_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const std::string name = body.Text("node").value_or("");
  const std::string key = body.Text("key").value_or("");
  Order order{.subject = key, .basis = body.Text("basis").value_or("")};
  GH_CHECK_OK(body.Finish());
  if (name.empty() == key.empty())
    return base::InvalidRequest("Name one `node` (a path or an id), or one `key`.", "node");
  if (!IsBasis(order.basis)) {
    return base::InvalidRequest("`basis` must be a word of a-z, 0-9, - and ., such as gdpr-17-1-b.", "basis");
  }
  const NodeId node = name.empty() ? NodeId{} : NodeNamed(name, directory);
  if (!name.empty() && node.value == 0) return NoSuch("node");
  if (!actor.May(Permission::kChangeRoles, node, directory)) return Denied();
  if (!name.empty()) order.subject = std::to_string(node.value);
  return order;
}

}  // namespace

bool RecordApi::Serves(std::string_view path) {
  const std::string_view what = path.substr(0, path.find_first_of("/?"));
  return what == "erasures" || what == "record-keys" || what == "payload-reads" || what == "vault-master-key" ||
         what == "holds";
}

net::Task<Result<ApiReply>> RecordApi::Answer(http::ServerExchange& exchange, const AdminActor& actor) {
  if (exchange.head().path() == "/admin/v1/record-keys") return Keys(exchange, actor);
  if (exchange.head().path() == "/admin/v1/payload-reads") return ReadPayloads(exchange, actor);
  if (exchange.head().path() == "/admin/v1/vault-master-key") return MasterKey(exchange, actor);
  constexpr std::string_view kPrefix = "/admin/v1/";
  auto parts = PathParts(exchange.head().path().substr(kPrefix.size())).value_or(std::vector<std::string>());
  if (!parts.empty() && parts.front() == "holds") return holds_.Answer(exchange, actor, std::move(parts));
  return Erase(exchange, actor);
}

net::Task<Result<ApiReply>> RecordApi::MasterKey(http::ServerExchange& exchange, const AdminActor& actor) {
  using What = features::audit::Archive::MasterKeyOrder::What;
  const bool rotates = exchange.head().method == "POST";
  if (!rotates && exchange.head().method != "GET") co_return WrongMethod("GET, POST");
  if (!actor.May(rotates ? Permission::kChangeRoles : Permission::kOperate, {}, directory_)) co_return Denied();
  if (services_.archive == nullptr) co_return base::InvalidRequest("No payloads are kept here.");
  net::Handoff<MasterKeyTold> handoff(exchange.loop());
  services_.archive->AskMasterKey(
      {.what = rotates ? What::kRotate : What::kTell,
       .actor = NameOf(actor),
       .told = [sender = handoff.sender()](MasterKeyTold told) mutable { sender.Send(std::move(told)); }});
  const auto told = co_await handoff.Receive(exchange.loop().In(kPatience));
  if (!told) {
    co_return NoAnswerInTime("The vault did not answer in time; the record will say what was done.");
  }
  GH_CO_TRY(const features::audit::MasterKeyState state, MasterKeyTold(*told));
  ApiReply reply;
  codec::json::Writer(reply.body)
      .BeginObject()
      .Field("in_use", state.in_use)
      .Field("at_source", state.at_source)
      .Field("subjects", state.subjects)
      .EndObject();
  co_return reply;
}

// Newest last, as the folder's own file has them.
net::Task<Result<ApiReply>> RecordApi::Keys(http::ServerExchange& exchange, const AdminActor& actor) {
  const bool rotates = exchange.head().method == "POST";
  if (!rotates && exchange.head().method != "GET") co_return WrongMethod("GET, POST");
  if (!actor.May(rotates ? Permission::kChangeRoles : Permission::kOperate, {}, directory_)) co_return Denied();
  if (services_.log == nullptr) co_return base::InvalidRequest("No record is kept here.");
  std::optional<std::uint64_t> index;
  if (rotates) {
    net::Handoff<Rotated> handoff(exchange.loop());
    services_.log->RotateKey([sender = handoff.sender()](const Rotated& rotated) mutable { sender.Send(rotated); });
    const auto rotated = co_await handoff.Receive(exchange.loop().In(kPatience));
    if (!rotated) {
      co_return NoAnswerInTime("The record did not say in time that its key was changed; it may be yet.");
    }
    GH_CO_TRY(index, Rotated(*rotated));
  }
  ApiReply reply;
  codec::json::Writer writer(reply.body);
  writer.BeginObject();
  if (index) writer.Field("index", *index);
  writer.Key("keys").BeginArray();
  for (const record::tlog::VerifierKey& key : services_.log->keys()) writer.String(key.ToText());
  writer.EndArray().EndObject();
  co_return reply;
}

// Who reads what people wrote has to say what for, and the record says so first.
net::Task<Result<ApiReply>> RecordApi::ReadPayloads(http::ServerExchange& exchange, const AdminActor& actor) {
  if (exchange.head().method != "POST") co_return WrongMethod("POST");
  if (!actor.May(Permission::kChangeRoles, {}, directory_)) co_return Denied();
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMostBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const std::int64_t index = body.Integer("entry").value_or(-1);
  std::string reason = body.Text("reason").value_or("");
  GH_CO_CHECK_OK(body.Finish());
  if (index < 0) co_return base::InvalidRequest("Name one `entry` of the record by its index.", "entry");
  if (!IsBasis(reason)) {
    co_return base::InvalidRequest("`reason` must be a word of a-z, 0-9, - and ., such as incident-42.", "reason");
  }
  if (services_.archive == nullptr) co_return base::InvalidRequest("No payloads are kept here.");
  net::Handoff<Shown> handoff(exchange.loop());
  services_.archive->Read(
      {.index = static_cast<std::uint64_t>(index),
       .actor = NameOf(actor),
       .reason = std::move(reason),
       .told = [sender = handoff.sender()](Shown shown) mutable { sender.Send(std::move(shown)); }});
  const auto shown = co_await handoff.Receive(exchange.loop().In(kPatience));
  if (!shown) {
    co_return NoAnswerInTime("The vault did not answer in time. Try again.");
  }
  GH_CO_TRY(const auto payloads, Shown(*shown));
  ApiReply reply;
  codec::json::Writer writer(reply.body);
  writer.BeginObject().Field("entry", index).Key("payloads").BeginArray();
  for (const auto& payload : payloads) {
    const bool is_text = codec::text::IsValidUtf8(payload.text);
    writer.BeginObject().Field("field", payload.field);
    writer.Field(is_text ? "text" : "base64", is_text ? payload.text : codec::crypto::Base64Encode(payload.text));
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  co_return reply;
}

net::Task<Result<ApiReply>> RecordApi::Erase(http::ServerExchange& exchange, const AdminActor& actor) {
  if (exchange.head().method != "POST") co_return WrongMethod("POST");
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMostBody));
  GH_CO_TRY(Order order, ReadOrder(std::move(text), actor, directory_));
  if (services_.archive == nullptr) {
    co_return base::InvalidRequest("No payloads are kept here: there is nothing to erase.");
  }
  net::Handoff<Erased> handoff(exchange.loop());
  services_.archive->Erase(
      {.subject = std::move(order.subject),
       .actor = NameOf(actor),
       .basis = std::move(order.basis),
       .told = [sender = handoff.sender()](Erased erased) mutable { sender.Send(std::move(erased)); }});
  const auto erased = co_await handoff.Receive(exchange.loop().In(kPatience));
  if (!erased) {
    co_return NoAnswerInTime("The erasure goes on; the record will say when it is done.");
  }
  GH_CO_TRY(const std::uint64_t payloads, Erased(*erased));
  ApiReply reply;
  codec::json::Writer(reply.body).BeginObject().Field("erased", payloads).EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
