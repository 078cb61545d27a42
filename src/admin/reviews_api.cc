#include "admin/reviews_api.h"

#include <chrono>
#include <optional>
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
using oversight::Review;
using oversight::ReviewBook;
using oversight::Verdict;

constexpr std::chrono::seconds kTimeout(30);
constexpr std::size_t kMaxBody = std::size_t{16} << 10U;
constexpr std::size_t kLongestNote = 1000;
constexpr std::uint32_t kUsual = 100;
constexpr std::uint32_t kMost = 1000;
constexpr std::int64_t kMostReviewed = 10'000;
constexpr std::chrono::hours kReviewed(24 * 30);
constexpr ReviewWords kWords = {.yes = "fine", .no = "not_fine", .rate = "fine_rate"};

NodeId LeafOf(const Review& review) { return review.chain.empty() ? NodeId() : review.chain.back(); }

ReviewBook::Call CallOf(http::ServerExchange& exchange) {
  return {.loop = exchange.loop(), .deadline = exchange.loop().In(kTimeout)};
}

void WriteVerdicts(Writer& writer, const Review& review) {
  writer.Key("verdicts").BeginArray();
  for (const Verdict& verdict : review.verdicts) {
    writer.BeginObject()
        .Field("by", verdict.by.name)
        .Field("says", ToString(verdict.says))
        .Field("note", verdict.note)
        .Field("at", TimeText(verdict.at_ms))
        .Field("after_ms", verdict.at_ms - review.created_ms)
        .EndObject();
  }
  writer.EndArray();
}

// Whether it was planted is told once nobody looks at it any more, and what others said too: each says what he thinks.
void WriteReview(Writer& writer, const Review& review) {
  writer.BeginObject()
      .Field("id", review.Word())
      .Field("state", ToString(review.state))
      .Field("requester", review.path)
      .Field("surface", review.surface)
      .Field("model", review.model)
      .Field("rule", review.rule)
      .Field("phase", review.phase)
      .Field("request_id", review.request_id)
      .Field("reviewers", review.reviewers)
      .Field("given", static_cast<std::int64_t>(review.verdicts.size()))
      .Field("created_at", TimeText(review.created_ms))
      .Field("decide_by", TimeText(review.decide_by_ms));
  if (review.state == Review::State::kDone) {
    writer.Field("changed_at", TimeText(review.changed_ms)).Field("planted", review.expected.has_value());
    if (review.expected) writer.Field("expected", ToString(*review.expected));
    if (!review.expected) writer.Field("draw", review.draw).Field("share_ppm", review.share_ppm);
    WriteVerdicts(writer, review);
  }
  writer.EndObject();
}

ApiReply ReplyWith(const Review& review, std::uint16_t status = 200) {
  ApiReply reply{.status = status};
  Writer writer(reply.body);
  WriteReview(writer, review);
  return reply;
}

// A body of one word and a note.
struct Said {
  Verdict::Says says = Verdict::Says::kFine;
  std::string note;
};
Result<Said> SaidIn(std::string text, const std::string& member) {
  GH_TRY(ApiBody body, ApiBody::Parse(std::move(text)));
  const std::string word = body.Text(member).value_or("");
  Said said;
  if (member == "verdict") said.note = body.Text("note").value_or("");
  GH_CHECK_OK(body.Finish());
  const auto says = oversight::SaysOf(word);
  if (!says) return base::InvalidRequest("`" + member + "` must be fine or not_fine.", member);
  said.says = *says;
  if (said.note.size() > kLongestNote) return base::InvalidRequest("`note` must have 1000 bytes at most.", "note");
  return said;
}

}  // namespace

bool ReviewsApi::MayJudge(const AdminActor& actor, const Review& review) const {
  return actor.May(Permission::kApprove, LeafOf(review), directory_);
}

bool ReviewsApi::MaySee(const AdminActor& actor, const Review& review) const {
  return MayJudge(actor, review) || actor.May(Permission::kSeeEvents, LeafOf(review), directory_);
}

bool ReviewsApi::MayAudit(const AdminActor& actor) const { return actor.May(Permission::kSeeEvents, {}, directory_); }

ReviewsApi::Answered ReviewsApi::Answer(http::ServerExchange& exchange, const AdminActor& actor,
                                        std::vector<std::string> parts) {
  const std::string& method = exchange.head().method;
  if (parts.size() == 3) {
    const bool plants = parts[2] == "plant";
    if (!plants && parts[2] != "verdict") co_return NoSuch("thing");
    if (method != "POST") co_return WrongMethod("POST");
    co_return co_await (plants ? Plant(exchange, actor, parts[1]) : Judge(exchange, actor, parts[1]));
  }
  if (parts.size() > 3) co_return NoSuch("thing");
  if (method != "GET") co_return WrongMethod("GET");
  if (parts.size() == 1) co_return co_await List(exchange, actor);
  if (parts[1] == "reviewers") co_return co_await Reviewers(exchange, actor);
  co_return co_await Show(exchange, actor, parts[1]);
}

Result<ReviewBook::Query> ReviewsApi::QueryOf(const http::RequestHead& head) const {
  GH_CHECK_OK(CheckQuery(head, {"state", "rule", "node", "before", "limit"}));
  GH_TRY(const std::uint32_t limit, LimitParameter(head, kUsual));
  GH_TRY(const std::int64_t before, TimeParameter(head, "before", 0));
  if (limit == 0 || limit > kMost) return base::InvalidRequest("`limit` must be from 1 to 1000.", "limit");
  ReviewBook::Query query{
      .state = {}, .rule = QueryParameter(head, "rule"), .within = {}, .before_ms = before, .at_most = limit};
  if (const std::string word = QueryParameter(head, "state"); !word.empty()) {
    query.state = oversight::ReviewStateOf(word);
    if (!query.state) return base::InvalidRequest("There is no state `" + word + "`.", "state");
  }
  if (const std::string path = QueryParameter(head, "node"); !path.empty()) {
    const auto place = directory_.FindPath(path);
    if (!place) return NoSuch("node");
    query.within = place->id;
  }
  return query;
}

ReviewsApi::Answered ReviewsApi::List(http::ServerExchange& exchange, const AdminActor& actor) {
  GH_CO_TRY(ReviewBook::Query query, QueryOf(exchange.head()));
  GH_CO_TRY(const auto reviews, co_await queue_.book().List(CallOf(exchange), std::move(query)));
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject().Key("items").BeginArray();
  for (const Review& review : reviews) {
    if (MaySee(actor, review)) WriteReview(writer, review);
  }
  writer.EndArray().EndObject();
  co_return reply;
}

net::Task<Result<Review>> ReviewsApi::Find(http::ServerExchange& exchange, const AdminActor& actor, std::string word) {
  const auto id = oversight::ReviewIdOf(word);
  if (!id) co_return NoSuch("review");
  auto found = co_await queue_.book().Show(CallOf(exchange), *id);
  if (found.ok() && !MaySee(actor, found.value())) co_return NoSuch("review");
  co_return found;
}

ReviewsApi::Answered ReviewsApi::Show(http::ServerExchange& exchange, const AdminActor& actor, std::string word) {
  GH_CO_TRY(const Review review, co_await Find(exchange, actor, std::move(word)));
  co_return ReplyWith(review);
}

ReviewsApi::Answered ReviewsApi::Judge(http::ServerExchange& exchange, const AdminActor& actor, std::string word) {
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMaxBody));
  GH_CO_TRY(Said said, SaidIn(std::move(text), "verdict"));
  if (said.note.empty() && said.says == Verdict::Says::kNotFine) {
    co_return base::InvalidRequest("`note` must say what is not fine.", "note");
  }
  GH_CO_TRY(const Review known, co_await Find(exchange, actor, std::move(word)));
  if (!MayJudge(actor, known)) co_return Denied();
  Verdict verdict{
      .by = PersonOf(actor), .says = said.says, .note = std::move(said.note), .at_ms = NowMs(exchange.loop())};
  GH_CO_TRY(const Review judged, co_await queue_.Judge(CallOf(exchange), known.id, std::move(verdict)));
  co_return ReplyWith(judged);
}

// What people have decided about before, so that the answer is known.
ReviewsApi::Answered ReviewsApi::Plant(http::ServerExchange& exchange, const AdminActor& actor, std::string word) {
  GH_CO_TRY(std::string text, co_await exchange.CollectBody(kMaxBody));
  GH_CO_TRY(const Said said, SaidIn(std::move(text), "expected"));
  GH_CO_TRY(const Review known, co_await Find(exchange, actor, std::move(word)));
  if (!MayAudit(actor)) co_return Denied();
  if (known.state != Review::State::kDone) {
    co_return base::Error{.code = base::ErrorCode::kConflict,
                          .source = base::ErrorSource::kClient,
                          .public_message = "Only what people have reviewed can be planted: then its answer is known."};
  }
  Review planted = oversight::Plant(known, PersonOf(actor), said.says, NowMs(exchange.loop()));
  GH_CO_CHECK_OK(co_await queue_.Open(CallOf(exchange), planted));
  co_return ReplyWith(planted, 201);
}

ReviewsApi::Answered ReviewsApi::Reviewers(http::ServerExchange& exchange, const AdminActor& actor) {
  GH_CO_CHECK_OK(CheckQuery(exchange.head(), {}));
  if (!MayAudit(actor) && !actor.May(Permission::kApprove, {}, directory_)) co_return Denied();
  const std::int64_t since = NowMs(exchange.loop()) - std::chrono::milliseconds(kReviewed).count();
  GH_CO_TRY(
      const auto reviews,
      co_await queue_.book().List(
          CallOf(exchange), {.state = {}, .rule = {}, .within = {}, .since_ms = since, .at_most = kMostReviewed}));
  const auto reviewers =
      oversight::ReviewersOf(oversight::JudgementsOf(reviews),
                             std::chrono::duration_cast<std::chrono::milliseconds>(settings_.too_fast).count());
  ApiReply reply;
  Writer writer(reply.body);
  writer.BeginObject()
      .Field("since", TimeText(since))
      .Field("waiting", queue_.standing().waiting)
      .Field("overdue", queue_.standing().overdue)
      .Field("decisions", reviewers.decisions)
      .Field("median_dwell_ms", reviewers.median_dwell_ms);
  writer.Key("items").BeginArray();
  for (const auto& one : reviewers.people) WriteReviewer(writer, one, kWords);
  writer.EndArray().EndObject();
  co_return reply;
}

}  // namespace gatehouse::admin
