#include "features/oversight/review_book.h"

#include <string_view>
#include <utility>

#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

using base::Result;
using base::Status;
using store::Statement;

constexpr int kMostTries = 8;
constexpr std::string_view kColumns =
    "r.id, r.state, r.rule, r.phase, r.request_id, r.chain, r.path, r.surface, r.model, r.draw, r.share_ppm, "
    "r.reviewers, r.created_ms, r.decide_by_ms, r.changed_ms, r.version, r.planted_by, r.planted_by_name, r.expected, "
    "COALESCE(v.person, ''), COALESCE(v.person_name, ''), COALESCE(v.says, ''), COALESCE(v.note, ''), "
    "COALESCE(v.at_ms, 0)";
constexpr std::size_t kVerdict = 19;  // the first of its columns
constexpr std::string_view kNewest = "r.created_ms DESC, r.id DESC";

// `where` is about the reviews alone; each of their verdicts makes a row.
std::string Select(std::string_view where, std::string_view order) {
  return "SELECT " + std::string(kColumns) +
         " FROM oversight_review r LEFT JOIN oversight_verdict v ON v.review = r.id WHERE " + std::string(where) +
         " ORDER BY " + std::string(order) + ", v.at_ms, v.person";
}

std::string Text(const store::Row& row, std::size_t column) { return std::string(store::TextOf(row.at(column))); }

Review ReviewIn(const store::Row& row) {
  return {.id = store::IntegerOf(row.at(0)),
          .state = ReviewStateOf(store::TextOf(row.at(1))).value_or(Review::State::kDone),
          .rule = Text(row, 2),
          .phase = Text(row, 3),
          .request_id = Text(row, 4),
          .chain = ChainOf(store::TextOf(row.at(5))),
          .path = Text(row, 6),
          .surface = Text(row, 7),
          .model = Text(row, 8),
          .draw = Text(row, 9),
          .share_ppm = store::IntegerOf(row.at(10)),
          .reviewers = store::IntegerOf(row.at(11)),
          .created_ms = store::IntegerOf(row.at(12)),
          .decide_by_ms = store::IntegerOf(row.at(13)),
          .changed_ms = store::IntegerOf(row.at(14)),
          .verdicts = {},
          .version = store::IntegerOf(row.at(15)),
          .planted_by = {.key = Text(row, 16), .name = Text(row, 17)},
          .expected = SaysOf(store::TextOf(row.at(18)))};
}

Verdict VerdictIn(const store::Row& row) {
  return {.by = {.key = Text(row, kVerdict), .name = Text(row, kVerdict + 1)},
          .says = SaysOf(store::TextOf(row.at(kVerdict + 2))).value_or(Verdict::Says::kNotFine),
          .note = Text(row, kVerdict + 3),
          .at_ms = store::IntegerOf(row.at(kVerdict + 4))};
}

Statement InsertOf(const Review& fresh) {
  return {.sql =
              "INSERT INTO oversight_review (id, state, rule, phase, request_id, chain, path, surface, model, draw, "
              "share_ppm, reviewers, created_ms, decide_by_ms, changed_ms, version, planted_by, planted_by_name, "
              "expected) VALUES ($1, 'open', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $16, "
              "$17) ON CONFLICT DO NOTHING",
          .arguments = {fresh.id, fresh.rule, fresh.phase, fresh.request_id, ChainText(fresh.chain), fresh.path,
                        fresh.surface, fresh.model, fresh.draw, fresh.share_ppm, fresh.reviewers, fresh.created_ms,
                        fresh.decide_by_ms, fresh.changed_ms, fresh.planted_by.key, fresh.planted_by.name,
                        fresh.expected ? std::string(ToString(*fresh.expected)) : std::string()},
          .expected_changes = {}};
}

Statement UpdateOf(const Review& before, const Review& after) {
  return {.sql = "UPDATE oversight_review SET state = $1, changed_ms = $2, version = $3 WHERE id = $4 AND version = $5",
          .arguments = {std::string(ToString(after.state)), after.changed_ms, after.version, after.id, before.version},
          .expected_changes = 1};
}

Statement InsertOf(std::int64_t review, const Verdict& verdict) {
  return {.sql =
              "INSERT INTO oversight_verdict (review, person, person_name, says, note, at_ms) VALUES ($1, $2, $3, "
              "$4, $5, $6)",
          .arguments = {review, verdict.by.key, verdict.by.name, std::string(ToString(verdict.says)), verdict.note,
                        verdict.at_ms},
          .expected_changes = 1};
}

base::Error NoSuchReview() {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kClient,
          .public_message = "There is no such review."};
}

base::Error Overtaken() {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kClient,
          .public_message = "Others say something about this at the same time. Look at it, and try again."};
}

}  // namespace

net::Task<Status> ReviewBook::Write(Call call, std::vector<Statement> unit) {
  auto written = co_await database_.Write(call.loop, std::move(unit), call.deadline);
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return base::Ok();
}

net::Task<Result<std::vector<Review>>> ReviewBook::Read(Call call, Statement statement) {
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(call.loop, std::move(statement), call.deadline));
  std::vector<Review> reviews;
  for (const store::Row& row : rows) {
    if (reviews.empty() || reviews.back().id != store::IntegerOf(row.at(0))) reviews.push_back(ReviewIn(row));
    if (!store::TextOf(row.at(kVerdict)).empty()) reviews.back().verdicts.push_back(VerdictIn(row));
  }
  co_return reviews;
}

net::Task<Status> ReviewBook::Insert(Call call, const std::vector<Review>& fresh) {
  std::vector<Statement> unit;
  unit.reserve(fresh.size());
  for (const Review& review : fresh) unit.push_back(InsertOf(review));
  return Write(call, std::move(unit));
}

net::Task<Result<Review>> ReviewBook::Show(Call call, std::int64_t id) {
  GH_CO_TRY(auto reviews,
            co_await Read(call, {.sql = Select("r.id = $1", kNewest), .arguments = {id}, .expected_changes = {}}));
  if (reviews.empty()) co_return NoSuchReview();
  co_return std::move(reviews.front());
}

net::Task<Result<Review>> ReviewBook::Judge(Call call, std::int64_t id, Verdict verdict) {
  for (int i = 0; i < kMostTries; ++i) {
    GH_CO_TRY(const Review before, co_await Show(call, id));
    GH_CO_TRY(Review after, Apply(before, verdict));
    std::vector<Statement> unit;
    unit.push_back(UpdateOf(before, after));
    unit.push_back(InsertOf(id, after.verdicts.back()));
    const Status written = co_await Write(call, std::move(unit));
    if (written.ok()) co_return after;
    if (written.error().code != base::ErrorCode::kConflict) co_return written.error();
  }
  co_return Overtaken();
}

net::Task<Result<Review>> ReviewBook::MarkOverdue(Call call, Review review, std::int64_t now_ms) {
  Review after = review;
  after.state = Review::State::kOverdue;
  after.changed_ms = now_ms;
  ++after.version;
  std::vector<Statement> unit;
  unit.push_back(UpdateOf(review, after));
  GH_CO_CHECK_OK(co_await Write(call, std::move(unit)));
  co_return after;
}

net::Task<Result<std::vector<Review>>> ReviewBook::List(Call call, Query query) {
  constexpr std::string_view kWhere =
      "r.id IN (SELECT id FROM oversight_review WHERE ($1 = '' OR state = $1) AND ($2 = '' OR rule = $2) AND chain "
      "LIKE $3 AND created_ms >= $4 AND ($5 = 0 OR created_ms < $5) ORDER BY created_ms DESC, id DESC LIMIT $6)";
  const std::string state = query.state ? std::string(ToString(*query.state)) : std::string();
  const std::string like = query.within ? "%/" + std::to_string(query.within->value) + "/%" : "%";
  return Read(call, {.sql = Select(kWhere, kNewest),
                     .arguments = {state, std::move(query.rule), like, query.since_ms, query.before_ms, query.at_most},
                     .expected_changes = {}});
}

net::Task<Result<std::vector<Review>>> ReviewBook::Due(Call call, std::int64_t now_ms, std::int64_t at_most) {
  constexpr std::string_view kWhere =
      "r.id IN (SELECT id FROM oversight_review WHERE state = 'open' AND decide_by_ms <= $1 ORDER BY decide_by_ms, id "
      "LIMIT $2)";
  return Read(call,
              {.sql = Select(kWhere, "r.decide_by_ms, r.id"), .arguments = {now_ms, at_most}, .expected_changes = {}});
}

net::Task<Result<ReviewBook::Standing>> ReviewBook::Count(Call call) {
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(call.loop,
                                     {.sql = "SELECT state, COUNT(*) FROM oversight_review WHERE state IN ('open', "
                                             "'overdue') GROUP BY state",
                                      .arguments = {},
                                      .expected_changes = {}},
                                     call.deadline));
  Standing standing;
  for (const store::Row& row : rows) {
    standing.waiting += store::IntegerOf(row.at(1));
    if (store::TextOf(row.at(0)) == "overdue") standing.overdue = store::IntegerOf(row.at(1));
  }
  co_return standing;
}

net::Task<Status> ReviewBook::Forget(Call call, std::int64_t before_ms) {
  constexpr std::string_view kOld = "SELECT id FROM oversight_review WHERE changed_ms < $1 AND state = 'done'";
  std::vector<Statement> unit;
  unit.push_back({.sql = "DELETE FROM oversight_verdict WHERE review IN (" + std::string(kOld) + ")",
                  .arguments = {before_ms},
                  .expected_changes = {}});
  unit.push_back({.sql = "DELETE FROM oversight_review WHERE id IN (" + std::string(kOld) + ")",
                  .arguments = {before_ms},
                  .expected_changes = {}});
  return Write(call, std::move(unit));
}

}  // namespace gatehouse::features::oversight
