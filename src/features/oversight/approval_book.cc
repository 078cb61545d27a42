#include "features/oversight/approval_book.h"

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
    "a.id, a.binding, a.state, a.chain, a.path, a.surface, a.model, a.phase, a.rule, a.message, a.request_id, "
    "a.quorum, "
    "a.created_ms, a.decide_by_ms, a.use_within_ms, a.use_by_ms, a.changed_ms, a.version, COALESCE(v.person, ''), "
    "COALESCE(v.person_name, ''), COALESCE(v.says, ''), COALESCE(v.reason, ''), COALESCE(v.at_ms, 0)";
constexpr std::string_view kFrom = " FROM oversight_approval a LEFT JOIN oversight_vote v ON v.approval = a.id WHERE ";
constexpr std::size_t kVote = 18;  // the first of its columns

// `where` is about the approvals alone; each of their votes makes a row.
std::string Select(std::string_view where, std::string_view order) {
  return "SELECT " + std::string(kColumns) + std::string(kFrom) + std::string(where) + " ORDER BY " +
         std::string(order) + ", v.at_ms, v.person";
}
constexpr std::string_view kNewest = "a.created_ms DESC, a.id DESC";

std::string Text(const store::Row& row, std::size_t column) { return std::string(store::TextOf(row.at(column))); }

Approval ApprovalOf(const store::Row& row) {
  return {.id = store::IntegerOf(row.at(0)),
          .binding = Text(row, 1),
          .state = StateOf(store::TextOf(row.at(2))).value_or(Approval::State::kCancelled),
          .chain = ChainOf(store::TextOf(row.at(3))),
          .path = Text(row, 4),
          .surface = Text(row, 5),
          .model = Text(row, 6),
          .phase = Text(row, 7),
          .rule = Text(row, 8),
          .message = Text(row, 9),
          .request_id = Text(row, 10),
          .quorum = store::IntegerOf(row.at(11)),
          .created_ms = store::IntegerOf(row.at(12)),
          .decide_by_ms = store::IntegerOf(row.at(13)),
          .use_within_ms = store::IntegerOf(row.at(14)),
          .use_by_ms = store::IntegerOf(row.at(15)),
          .changed_ms = store::IntegerOf(row.at(16)),
          .votes = {},
          .version = store::IntegerOf(row.at(17))};
}

Vote VoteOf(const store::Row& row) {
  return {.by = {.key = Text(row, kVote), .name = Text(row, kVote + 1)},
          .says = store::TextOf(row.at(kVote + 2)) == "deny" ? Vote::Says::kDeny : Vote::Says::kApprove,
          .reason = Text(row, kVote + 3),
          .at_ms = store::IntegerOf(row.at(kVote + 4))};
}

// Its row stays locked until the unit of work is done: changes are committed in the order of their numbers.
Statement Change() {
  return {.sql = "UPDATE oversight_change SET last = last + 1 WHERE topic = 'approvals'",
          .arguments = {},
          .expected_changes = 1};
}
constexpr std::string_view kThisChange = "(SELECT last FROM oversight_change WHERE topic = 'approvals')";

// The bounds are looked at in the same unit of work, in which no other request can come.
Statement InsertOf(const Approval& fresh, const ApprovalBounds& bounds) {
  return {.sql =
              "INSERT INTO oversight_approval (id, binding, state, chain, path, surface, model, phase, rule, message, "
              "request_id, quorum, created_ms, decide_by_ms, use_within_ms, use_by_ms, changed_ms, version, change) "
              "SELECT $1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $12, 0, " +
              std::string(kThisChange) +
              " WHERE (SELECT COUNT(*) FROM oversight_approval WHERE state = 'pending') < $15 AND (SELECT COUNT(*) "
              "FROM oversight_approval WHERE state = 'pending' AND chain = $3) < $16",
          .arguments = {fresh.id, fresh.binding, ChainText(fresh.chain), fresh.path, fresh.surface, fresh.model,
                        fresh.phase, fresh.rule, fresh.message, fresh.request_id, fresh.quorum, fresh.created_ms,
                        fresh.decide_by_ms, fresh.use_within_ms, bounds.pending, bounds.pending_of_one},
          .expected_changes = 1};
}

base::Error NoSuchApproval() {
  return {.code = base::ErrorCode::kNotFound,
          .source = base::ErrorSource::kClient,
          .public_message = "There is no such request for approval."};
}

base::Error TooMany() {
  return {.code = base::ErrorCode::kRateLimited,
          .source = base::ErrorSource::kPolicy,
          .public_message =
              "This needs an approval, and too many requests wait for one. Try again when some of them were "
              "decided.",
          .retry_after_seconds = 60};
}

base::Error Overtaken() {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kClient,
          .public_message = "Others decide about this at the same time. Look at it, and try again."};
}

bool Answers(const Approval& known, const Approval& fresh) {
  if (known.IsOpen()) return !known.IsDue(fresh.created_ms);
  return known.state == Approval::State::kDenied && fresh.created_ms < known.decide_by_ms;
}

bool IsConflict(const base::Error& error) { return error.code == base::ErrorCode::kConflict; }

}  // namespace

net::Task<Result<std::vector<Approval>>> ApprovalBook::Read(Call call, Statement statement) {
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(call.loop, std::move(statement), call.deadline));
  std::vector<Approval> approvals;
  for (const store::Row& row : rows) {
    if (approvals.empty() || approvals.back().id != store::IntegerOf(row.at(0))) approvals.push_back(ApprovalOf(row));
    if (!store::TextOf(row.at(kVote)).empty()) approvals.back().votes.push_back(VoteOf(row));
  }
  co_return approvals;
}

net::Task<Result<Approval>> ApprovalBook::Show(Call call, std::int64_t id) {
  GH_CO_TRY(auto approvals,
            co_await Read(call, {.sql = Select("a.id = $1", kNewest), .arguments = {id}, .expected_changes = {}}));
  if (approvals.empty()) co_return NoSuchApproval();
  co_return std::move(approvals.front());
}

net::Task<Result<std::optional<Approval>>> ApprovalBook::Latest(Call call, std::string binding) {
  constexpr std::string_view kWhere =
      "a.id IN (SELECT id FROM oversight_approval WHERE binding = $1 ORDER BY created_ms DESC, id DESC LIMIT 1)";
  GH_CO_TRY(
      auto approvals,
      co_await Read(call, {.sql = Select(kWhere, kNewest), .arguments = {std::move(binding)}, .expected_changes = {}}));
  if (approvals.empty()) co_return std::optional<Approval>();
  co_return std::optional(std::move(approvals.front()));
}

net::Task<Status> ApprovalBook::Insert(Call call, Approval fresh, ApprovalBounds bounds) {
  std::vector<Statement> unit;
  unit.push_back(Change());
  unit.push_back(InsertOf(fresh, bounds));
  auto written = co_await database_.Write(call.loop, std::move(unit), call.deadline);
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return base::Ok();
}

// Of the same binding, one is open at a time: whoever comes second finds the first one's.
net::Task<Result<ApprovalBook::Submitted>> ApprovalBook::Submit(Call call, Approval fresh, ApprovalBounds bounds) {
  for (int i = 0; i < kMostTries; ++i) {
    GH_CO_TRY(auto known, co_await Latest(call, fresh.binding));
    if (known && Answers(*known, fresh)) co_return Submitted{.approval = *std::move(known), .found = Found::kKnown};
    if (known && known->IsOpen()) {
      static_cast<void>(co_await Do(call, known->id, {.kind = Move::Kind::kExpire, .at_ms = fresh.created_ms}));
    }
    const Status inserted = co_await Insert(call, fresh, bounds);
    if (inserted.ok()) co_return Submitted{.approval = std::move(fresh), .found = Found::kNew};
    if (!IsConflict(inserted.error())) co_return inserted.error();
    GH_CO_TRY(known, co_await Latest(call, fresh.binding));
    if (!known || !known->IsOpen()) co_return TooMany();
  }
  co_return Overtaken();
}

net::Task<Status> ApprovalBook::Write(Call call, Approval before, Approval after) {
  std::vector<Statement> unit;
  unit.push_back(Change());
  unit.push_back({.sql = "UPDATE oversight_approval SET state = $1, use_by_ms = $2, changed_ms = $3, version = $4, "
                         "change = " +
                         std::string(kThisChange) + " WHERE id = $5 AND version = $6",
                  .arguments = {std::string(ToString(after.state)), after.use_by_ms, after.changed_ms, after.version,
                                after.id, before.version},
                  .expected_changes = 1});
  for (std::size_t i = before.votes.size(); i < after.votes.size(); ++i) {
    const Vote& vote = after.votes[i];
    unit.push_back(
        {.sql = "INSERT INTO oversight_vote (approval, person, person_name, says, reason, at_ms) VALUES ($1, "
                "$2, $3, $4, $5, $6)",
         .arguments = {after.id, vote.by.key, vote.by.name, std::string(ToString(vote.says)), vote.reason, vote.at_ms},
         .expected_changes = 1});
  }
  auto written = co_await database_.Write(call.loop, std::move(unit), call.deadline);
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return base::Ok();
}

net::Task<Result<Approval>> ApprovalBook::Do(Call call, std::int64_t id, Move move) {
  for (int i = 0; i < kMostTries; ++i) {
    GH_CO_TRY(Approval before, co_await Show(call, id));
    GH_CO_TRY(Approval after, Apply(before, move));
    const Status written = co_await Write(call, std::move(before), after);
    if (written.ok()) co_return after;
    if (!IsConflict(written.error())) co_return written.error();
  }
  co_return Overtaken();
}

net::Task<Result<std::vector<Approval>>> ApprovalBook::List(Call call, Query query) {
  constexpr std::string_view kWhere =
      "a.id IN (SELECT id FROM oversight_approval WHERE ($1 = '' OR state = $1) AND chain LIKE $2 AND created_ms >= $3 "
      "AND ($4 = 0 OR created_ms < $4) ORDER BY created_ms DESC, id DESC LIMIT $5)";
  const std::string state = query.state ? std::string(ToString(*query.state)) : std::string();
  const std::string like = query.within ? "%/" + std::to_string(query.within->value) + "/%" : "%";
  return Read(call, {.sql = Select(kWhere, kNewest),
                     .arguments = {state, like, query.since_ms, query.before_ms, query.at_most},
                     .expected_changes = {}});
}

net::Task<Result<std::vector<Approval>>> ApprovalBook::Due(Call call, std::int64_t now_ms, std::int64_t at_most) {
  constexpr std::string_view kWhere =
      "a.id IN (SELECT id FROM oversight_approval WHERE (state = 'pending' AND decide_by_ms <= $1) OR (state = "
      "'approved' AND use_by_ms <= $1) ORDER BY id LIMIT $2)";
  return Read(call, {.sql = Select(kWhere, kNewest), .arguments = {now_ms, at_most}, .expected_changes = {}});
}

net::Task<Result<std::int64_t>> ApprovalBook::LastChange(Call call) {
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(call.loop,
                                     {.sql = "SELECT last FROM oversight_change WHERE topic = 'approvals'",
                                      .arguments = {},
                                      .expected_changes = {}},
                                     call.deadline));
  co_return rows.empty() ? 0 : store::IntegerOf(rows.at(0).at(0));
}

// `last` is read first: what changes meanwhile comes again with the next question.
net::Task<Result<ApprovalBook::Changes>> ApprovalBook::Since(Call call, std::int64_t change, std::int64_t at_most) {
  Changes changes;
  GH_CO_TRY(changes.last, co_await LastChange(call));
  if (changes.last == change) co_return changes;
  constexpr std::string_view kWhere =
      "a.id IN (SELECT id FROM oversight_approval WHERE change > $1 ORDER BY change DESC LIMIT $2)";
  GH_CO_TRY(changes.approvals, co_await Read(call, {.sql = Select(kWhere, "a.change, a.id"),
                                                    .arguments = {change, at_most},
                                                    .expected_changes = {}}));
  co_return changes;
}

net::Task<Result<std::vector<ApprovalBook::Count>>> ApprovalBook::Counts(Call call, std::int64_t since_ms) {
  GH_CO_TRY(const store::Rows rows,
            co_await database_.Query(call.loop,
                                     {.sql = "SELECT state, COUNT(*) FROM oversight_approval WHERE created_ms >= $1 "
                                             "GROUP BY state ORDER BY state",
                                      .arguments = {since_ms},
                                      .expected_changes = {}},
                                     call.deadline));
  std::vector<Count> counts;
  for (const store::Row& row : rows) {
    if (const auto state = StateOf(store::TextOf(row.at(0)))) counts.push_back({*state, store::IntegerOf(row.at(1))});
  }
  co_return counts;
}

net::Task<Status> ApprovalBook::Forget(Call call, std::int64_t before_ms) {
  constexpr std::string_view kOld =
      "SELECT id FROM oversight_approval WHERE changed_ms < $1 AND state NOT IN ('pending', 'approved')";
  std::vector<Statement> unit;
  unit.push_back({.sql = "DELETE FROM oversight_vote WHERE approval IN (" + std::string(kOld) + ")",
                  .arguments = {before_ms},
                  .expected_changes = {}});
  unit.push_back({.sql = "DELETE FROM oversight_approval WHERE id IN (" + std::string(kOld) + ")",
                  .arguments = {before_ms},
                  .expected_changes = {}});
  auto written = co_await database_.Write(call.loop, std::move(unit), call.deadline);
  if (!written.ok()) co_return std::move(written).TakeFailure();
  co_return base::Ok();
}

}  // namespace gatehouse::features::oversight
