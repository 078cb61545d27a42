#include "admin/approvals_api.h"

#include <optional>
#include <utility>

#include "admin/api_refusal.h"
#include "admin/review_json.h"
#include "codec/json/writer.h"
#include "features/alerts/alert.h"
#include "features/oversight/reviewer.h"

namespace gatehouse::admin {
namespace {

namespace oversight = features::oversight;

using base::Result;
using codec::json::Writer;
using features::alerts::TimeText;
using features::identity::NodeId;
using features::identity::Permission;
using oversight::Approval;
using oversight::Move;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::size_t kMaxBody = std::size_t{16} << 10U;
constexpr std::size_t kLongestReason = 1000;
constexpr std::uint32_t kUsual = 100;
constexpr std::uint32_t kMost = 1000;
constexpr std::int64_t kMostReviewed = 10'000;
constexpr std::chrono::hours kReviewed(24 * 30);
constexpr ReviewWords kWords = {.yes = "approved", .no = "denied", .rate = "approve_rate"};

NodeId LeafOf(const Approval& approval) { return approval.chain.empty() ? NodeId() : approval.chain.back(); }

void WriteVotes(Writer& writer, const Approval& approval) {
  writer.Key("votes").BeginArray();
  for (const auto& vote : approval.votes) {
    writer.BeginObject()
        .Field("by", vote.by.name)
        .Field("says", ToString(vote.says))
        .Field("reason", vote.reason)
        .Field("at", TimeText(vote.at_ms))
        .Field("dwell_ms", vote.at_ms - approval.created_ms)
        .EndObject();
  }
  writer.EndArray();
}

void WriteApproval(Writer& writer, const Approval& approval) {
  writer.BeginObject()
      .Field("id", approval.Word())
      .Field("state", ToString(approval.state))
      .Field("requester", approval.path)
      .Field("surface", approval.surface)
      .Field("model", approval.model)
      .Field("phase", approval.phase)
      .Field("rule", approval.rule)
      .Field("message", approval.message)
      .Field("request_id", approval.request_id)
      .Field("binding", approval.binding)
      .Field("quorum", approval.quorum)
      .Field("created_at", TimeText(approval.created_ms))
      .Field("changed_at", TimeText(approval.changed_ms))
      .Field("decide_by", TimeText(approval.decide_by_ms));
  if (approval.use_by_ms != 0) writer.Field("use_by", TimeText(approval.use_by_ms));
  WriteVotes(writer, approval);
  writer.EndObject();
}

std::optional<Move::Kind> KindOf(std::string_view verb) {
  if (verb == "approve") return Move::Kind::kApprove;
  if (verb == "deny") return Move::Kind::kDeny;
  if (verb == "revoke") return Move::Kind::kRevoke;
  return {};
}

}  // namespace

bool ApprovalsApi::MayDecide(const AdminActor& actor, const Approval& approval) const {
  return actor.May(Permission::kApprove, LeafOf(approval), directory_);
}

bool ApprovalsApi::MaySee(const AdminActor& actor, const Approval& approval) const {
  return MayDecide(actor, approval) || actor.May(Permission::kSeeEvents, LeafOf(approval), directory_);
}

ApprovalsApi::Answered ApprovalsApi::Answer(http::ServerExchange& exchange, const AdminActor& actor,
                                            std::vector<std::string> parts) {
  const std::string& method = exchange.head().method;
  if (parts.size() == 3) {
    if (!KindOf(parts[2])) co_return NoSuch("thing");
    if (method != "POST") co_return WrongMethod("POST");
    co_return co_await Decide(exchange, actor, parts[1], parts[2]);
  }
  if (parts.size() > 3) co_return NoSuch("thing");
  if (method != "GET") co_return WrongMethod("GET");
  if (parts.size() == 1) co_return co_await List(exchange, actor);
  if (parts[1] == "reviewers") co_return co_await Reviewers(exchange, actor);
  co_return co_await Show(exchange, actor, parts[1]);
}

ApprovalsApi::Answered ApprovalsApi::List(http::ServerExchange& exchange, const AdminActor& actor) {
  const http::RequestHead& head = exchange.head();
  GH_CO_CHECK_OK(CheckQuery(head, {"state", "node", "before", "limit"}));
  GH_CO_TRY(const std::uint32_t limit, LimitParameter(head, kUsual));
  GH_CO_TRY(const std::int64_t before, TimeParameter(head, "before", 0));
  if (limit == 0 || limit > kMost) co_return base::InvalidRequest("`limit` must be from 1 to 1000.", "limit");
  oversight::ApprovalBook::Query query{.before_ms = before, .at_most = limit};
  if (const std::string word = QueryParameter(head, "state"); !word.empty()) {
    query.state = oversight::StateOf(word);
    if (!query.state) co_return base::InvalidRequest("There is no state `" + word + "`.", "state");
  }
  if (const std::string path = QueryParameter(head, "node"); !path.empty()) {
    const auto place = directory_.FindPath(path);
    if (!place) co_return NoSuch("node");
    query.within = place->id;
  }
  GH_CO_TRY(const auto approvals,
            co_await queue_.book().List({.loop = exchange.loop(), .deadline = exchange.loop().In(kTimeout)}, query));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const Approval& approval : approvals) {
    if (MaySee(actor, approval)) WriteApproval(writer, approval);
  }
  writer.EndArray().EndObject();
  co_return reply;
}

net::Task<Result<Approval>> ApprovalsApi::Find(http::ServerExchange& exchange, const AdminActor& actor,
                                               std::string word) {
  const auto id = oversight::ApprovalIdOf(word);
  if (!id) co_return NoSuch("approval");
  auto found = co_await queue_.book().Show({.loop = exchange.loop(), .deadline = exchange.loop().In(kTimeout)}, *id);
  if (found.ok() && !MaySee(actor, found.value())) co_return NoSuch("approval");
  co_return found;
}

ApprovalsApi::Answered ApprovalsApi::Show(http::ServerExchange& exchange, const AdminActor& actor, std::string word) {
  GH_CO_TRY(const Approval approval, co_await Find(exchange, actor, std::move(word)));
  ApiReply reply;
  Writer writer(reply.body);
  WriteApproval(writer, approval);
  co_return reply;
}

ApprovalsApi::Answered ApprovalsApi::Decide(http::ServerExchange& exchange, const AdminActor& actor, std::string word,
                                            std::string verb) {
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMaxBody));
  GH_CO_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  std::string reason = body.Text("reason").value_or("");
  GH_CO_CHECK_OK(body.Finish());
  if (reason.size() > kLongestReason) {
    co_return base::InvalidRequest("`reason` must have 1000 bytes at most.", "reason");
  }
  const Move::Kind kind = *KindOf(verb);
  if (reason.empty() && kind != Move::Kind::kApprove)
    co_return base::InvalidRequest("`reason` must say why.", "reason");
  GH_CO_TRY(const Approval known, co_await Find(exchange, actor, std::move(word)));
  if (!MayDecide(actor, known)) co_return Denied();
  const Move move{.kind = kind, .by = PersonOf(actor), .reason = std::move(reason), .at_ms = NowMs(exchange.loop())};
  GH_CO_TRY(const Approval decided,
            co_await queue_.Do({.loop = exchange.loop(), .deadline = exchange.loop().In(kTimeout)}, known.id, move));
  ApiReply reply;
  Writer writer(reply.body);
  WriteApproval(writer, decided);
  co_return reply;
}

ApprovalsApi::Answered ApprovalsApi::Reviewers(http::ServerExchange& exchange, const AdminActor& actor) {
  GH_CO_CHECK_OK(CheckQuery(exchange.head(), {}));
  const bool may = actor.May(Permission::kApprove, {}, directory_) || actor.May(Permission::kSeeEvents, {}, directory_);
  if (!may) co_return Denied();
  const oversight::ApprovalBook::Call call{.loop = exchange.loop(), .deadline = exchange.loop().In(kTimeout)};
  const std::int64_t since = NowMs(exchange.loop()) - std::chrono::milliseconds(kReviewed).count();
  GH_CO_TRY(const auto approvals, co_await queue_.book().List(call, {.since_ms = since, .at_most = kMostReviewed}));
  GH_CO_TRY(const auto counts, co_await queue_.book().Counts(call, since));
  const auto reviewers =
      oversight::ReviewersOf(oversight::JudgementsOf(approvals),
                             std::chrono::duration_cast<std::chrono::milliseconds>(settings_.too_fast).count());
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject()
      .Field("since", TimeText(since))
      .Field("decisions", reviewers.decisions)
      .Field("median_dwell_ms", reviewers.median_dwell_ms);
  writer.Key("states").BeginObject();
  for (const auto& count : counts) writer.Field(ToString(count.state), count.approvals);
  writer.EndObject().Key("items").BeginArray();
  for (const auto& one : reviewers.people) WriteReviewer(writer, one, kWords);
  writer.EndArray().EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
