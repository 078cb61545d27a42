#include "features/accounting/limit_book.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "codec/crypto/random.h"
#include "features/accounting/block.h"
#include "store/key_value.h"

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using store::Statement;
using store::Value;

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kLongestWindow = 32 * kDay;
constexpr std::int64_t kPage = 50'000;
// $1: whose use is told apart.
constexpr std::string_view kSelectUse =
    "SELECT limit_id, piece_begin_s, CAST(SUM(CASE WHEN journal = $1 THEN used ELSE 0 END) AS BIGINT),"
    " CAST(SUM(CASE WHEN journal = $1 THEN 0 ELSE used END) AS BIGINT) FROM limit_use WHERE";
constexpr std::string_view kByConfiguration = "configuration";
constexpr std::string_view kByApi = "api";

base::Error Refused(base::ErrorCode code, std::string message) {
  return {.code = code, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

template <class Enum, std::size_t N>
std::optional<Enum> Named(std::string_view name, const std::array<Enum, N>& values) {
  const auto found = std::ranges::find_if(values, [&](Enum value) { return ToString(value) == name; });
  return found == values.end() ? std::nullopt : std::optional(*found);
}

constexpr std::array<Dimension, 3> kDimensions = {Dimension::kUsd, Dimension::kTokens, Dimension::kRequests};
constexpr std::array<WindowSpec::Unit, 6> kUnits = {WindowSpec::Unit::kMinute, WindowSpec::Unit::kHour,
                                                    WindowSpec::Unit::kDay,    WindowSpec::Unit::kWeek,
                                                    WindowSpec::Unit::kMonth,  WindowSpec::Unit::kTotal};

std::string_view KindText(WindowSpec::Kind kind) { return kind == WindowSpec::Kind::kRolling ? "rolling" : "calendar"; }

Statement PutStatement(const Limit& limit, std::string_view maker, std::int64_t now_ms) {
  return {.sql =
              "INSERT INTO usage_limit (id, organization, node, name, dimension, amount, unit, kind, zone, model,"
              " provider, steps, managed_by, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
              " $13, $14) ON CONFLICT (id) DO UPDATE SET dimension = excluded.dimension, amount = excluded.amount,"
              " unit = excluded.unit, kind = excluded.kind, zone = excluded.zone, model = excluded.model,"
              " provider = excluded.provider, steps = excluded.steps, changed_ms = excluded.changed_ms",
          .arguments = {limit.id, limit.organization.value, limit.node.value, limit.name,
                        std::string(ToString(limit.dimension)), limit.amount, std::string(ToString(limit.window.unit)),
                        std::string(KindText(limit.window.kind)), limit.zone, limit.model, limit.provider,
                        StepsText(limit.steps), std::string(maker), now_ms},
          .expected_changes = 1};
}

// Whether what was used under the one set of terms counts under the other.
bool SameCount(const Limit& a, const Limit& b) {
  return a.dimension == b.dimension && a.window.unit == b.window.unit && a.window.kind == b.window.kind &&
         a.zone == b.zone && a.model == b.model && a.provider == b.provider;
}

std::int64_t NewId() {
  std::int64_t id = 0;
  while (id == 0) {
    const std::string bytes = codec::crypto::RandomBytes(sizeof(id));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&id));
    id &= 0x7FFF'FFFF'FFFF'FFFF;
  }
  return id;
}

std::int64_t NowMs(net::Loop& loop) {
  return std::chrono::floor<std::chrono::milliseconds>(loop.clock().Wall()).time_since_epoch().count();
}

}  // namespace

// Limits as the rows of the database come, on whatever thread. Many have the same steps: their text is understood once.
class LimitBook::Intake {
 public:
  static constexpr std::string_view kColumns =
      "id, organization, node, name, dimension, amount, unit, kind, zone, model, provider, steps, managed_by";

  // The files outlive it.
  explicit Intake(const common::ZoneFiles& zones) : zones_(zones) {}

  store::Reading Add(const store::RowView& row) {
    auto limit = Read(row);
    if (!limit.ok()) {
      status_ = std::move(limit).TakeError();
      return store::Reading::kEnds;
    }
    const bool declared = row.Text(12) == kByConfiguration;
    const std::int64_t id = limit.value().id;
    read_.emplace_back(id, Entry{.limit = std::make_shared<const Limit>(std::move(limit).value()),
                                 .maker = declared ? Entry::Maker::kConfiguration : Entry::Maker::kApi});
    return store::Reading::kGoesOn;
  }

  const base::Status& status() const { return status_; }
  // By id.
  std::vector<std::pair<std::int64_t, Entry>> Take() {
    std::ranges::sort(read_, {}, [](const auto& one) { return one.first; });
    return std::move(read_);
  }

 private:
  static constexpr std::size_t kMostSteps = 1024;  // texts of steps that are remembered

  Result<Limit> Read(const store::RowView& row) {
    const auto dimension = Named(row.Text(4), kDimensions);
    const auto unit = Named(row.Text(6), kUnits);
    GH_TRY(std::vector<Step> steps, StepsOf(row.Text(11)));
    if (!dimension || !unit) return base::Internal("a limit in the database has a dimension or unit nobody knows");
    Limit limit{.id = row.Integer(0),
                .organization = {row.Integer(1)},
                .node = {row.Integer(2)},
                .name = std::string(row.Text(3)),
                .dimension = *dimension,
                .amount = row.Integer(5),
                .window = {.unit = *unit},
                .zone = std::string(row.Text(8)),
                .model = std::string(row.Text(9)),
                .provider = std::string(row.Text(10)),
                .steps = std::move(steps)};
    if (row.Text(7) == KindText(WindowSpec::Kind::kRolling)) limit.window.kind = WindowSpec::Kind::kRolling;
    if (limit.zone != "UTC") {
      GH_TRY(limit.window.zone, zones_.Find(limit.zone));
    }
    return limit;
  }

  Result<std::vector<Step>> StepsOf(std::string_view text) {
    if (const auto known = steps_.find(text); known != steps_.end()) return known->second;
    GH_TRY(std::vector<Step> steps, ParseSteps(text));
    if (steps_.size() < kMostSteps) steps_.emplace(text, steps);
    return steps;
  }

  const common::ZoneFiles& zones_;
  std::map<std::string, std::vector<Step>, std::less<>> steps_;
  std::vector<std::pair<std::int64_t, Entry>> read_;
  base::Status status_ = base::Ok();
};

// Alone, all that was used counts here, whoever used it.
Spent LimitBook::SpentOf(const store::Row& row) const {
  Spent spent{.limit = store::IntegerOf(row.at(0)),
              .piece_begin = store::IntegerOf(row.at(1)),
              .used = store::IntegerOf(row.at(2)),
              .elsewhere = store::IntegerOf(row.at(3))};
  if (treasury_.tenure() == Tenure::kAlone) spent.used += std::exchange(spent.elsewhere, 0);
  return spent;
}

net::Task<Result<std::vector<Spent>>> LimitBook::ReadUse(net::Loop& loop, net::Deadline deadline) const {
  std::vector<Spent> spent;
  const std::int64_t oldest = SecondsOf(loop.clock().Wall()) - kLongestWindow;
  std::int64_t limit = 0;
  std::int64_t piece = -1;
  for (;;) {
    // Piece 0 is all of time.
    Statement statement{.sql = std::string(kSelectUse) +
                               " (piece_begin_s >= $2 OR piece_begin_s = 0) AND (limit_id > $3 OR (limit_id = $3 AND"
                               " piece_begin_s > $4)) GROUP BY limit_id, piece_begin_s"
                               " ORDER BY limit_id, piece_begin_s LIMIT $5",
                        .arguments = {journal_, oldest, limit, piece, kPage},
                        .expected_changes = {}};
    GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
    for (const auto& row : rows) {
      spent.push_back(SpentOf(row));
      limit = spent.back().limit;
      piece = spent.back().piece_begin;
    }
    if (rows.size() < static_cast<std::size_t>(kPage)) co_return spent;
  }
}

net::Task<Result<std::vector<Spent>>> LimitBook::ReadUseOf(net::Loop& loop, std::int64_t limit,
                                                           net::Deadline deadline) const {
  Statement statement{.sql = std::string(kSelectUse) + " limit_id = $2 GROUP BY limit_id, piece_begin_s",
                      .arguments = {journal_, limit},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  std::vector<Spent> spent;
  spent.reserve(rows.size());
  for (const auto& row : rows) spent.push_back(SpentOf(row));
  co_return spent;
}

net::Task<Result<LimitBook::Entries>> LimitBook::ReadLimits(net::Loop& loop, net::Deadline deadline) const {
  Intake intake(zones_);
  GH_CO_CHECK_OK(co_await database_.Scan(
      loop, {.sql = std::string("SELECT ").append(Intake::kColumns).append(" FROM usage_limit")},
      [&intake](const store::RowView& row) { return intake.Add(row); }, deadline));
  GH_CO_CHECK_OK(intake.status());
  co_return intake.Take();
}

net::Task<Result<std::int64_t>> LimitBook::ReadVersion(net::Loop& loop, net::Deadline deadline) const {
  Statement statement{.sql = "SELECT version FROM limit_version WHERE id = 1", .arguments = {}, .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  if (rows.empty()) co_return base::Internal("the version of the limits is gone from the database");
  co_return store::IntegerOf(rows.at(0).at(0));
}

void LimitBook::PutInForce(Entries limits, const std::vector<Spent>& spent, std::int64_t now) {
  Treasury::Limits in_force;
  in_force.reserve(limits.size());
  limits_.clear();
  too_large_.clear();
  by_node_.clear();
  by_node_.reserve(limits.size());
  for (auto& [id, entry] : limits) {
    in_force.push_back(entry.limit);
    Keep(std::move(entry));
  }
  treasury_.Apply(in_force, spent, now);
}

net::Task<base::Status> LimitBook::Load(net::Loop& loop, net::Deadline deadline) {
  GH_CO_TRY(const std::int64_t version, co_await ReadVersion(loop, deadline));
  GH_CO_TRY(Entries limits, co_await ReadLimits(loop, deadline));
  GH_CO_TRY(const std::vector<Spent> spent, co_await ReadUse(loop, deadline));
  version_ = version;
  PutInForce(std::move(limits), spent, SecondsOf(loop.clock().Wall()));
  co_return base::Ok();
}

// What a change made here meanwhile would make out of date is left for the next time.
net::Task<base::Status> LimitBook::Refresh(net::Loop& loop, net::Deadline deadline) {
  const std::uint64_t saves = saves_;
  GH_CO_TRY(const std::int64_t version, co_await ReadVersion(loop, deadline));
  if (version == version_) co_return base::Ok();
  GH_CO_TRY(Entries limits, co_await ReadLimits(loop, deadline));
  std::vector<Spent> spent;
  for (const auto& [id, entry] : limits) {
    const auto old = limits_.find(id);
    if (old != limits_.end() && SameCount(*old->second.limit, *entry.limit)) continue;
    GH_CO_TRY(const std::vector<Spent> of_it, co_await ReadUseOf(loop, id, deadline));
    spent.insert(spent.end(), of_it.begin(), of_it.end());
  }
  if (saves != saves_) co_return base::Ok();
  version_ = version;
  PutInForce(std::move(limits), spent, SecondsOf(loop.clock().Wall()));
  co_return base::Ok();
}

base::Status LimitBook::CheckShareable(const Limit& limit) const {
  if (treasury_.tenure() == Tenure::kAlone || limit.amount <= store::KeyValue::kMostQuantity) return base::Ok();
  return base::InvalidRequest("budget '" + limit.name + "': gateways that share budgets count " +
                              AmountText(limit.dimension, store::KeyValue::kMostQuantity) +
                              " at most; state less, or a shorter window");
}

std::string LimitBook::Problem() const {
  if (too_large_.empty()) return "";
  return "budget '" + limits_.at(*too_large_.begin()).limit->name +
         "' is more than gateways that share budgets can count, and holds as " +
         AmountText(limits_.at(*too_large_.begin()).limit->dimension, store::KeyValue::kMostQuantity) + ": lower it";
}

void LimitBook::Keep(Entry entry) {
  const std::int64_t id = entry.limit->id;
  const pipeline::NodeId node = entry.limit->node;
  too_large_.erase(id);
  if (treasury_.tenure() == Tenure::kShared && entry.limit->amount > store::KeyValue::kMostQuantity)
    too_large_.insert(id);
  const std::size_t before = limits_.size();
  limits_.insert_or_assign(limits_.end(), id, std::move(entry));
  if (limits_.size() > before) by_node_.emplace(node, id);
}

void LimitBook::Drop(std::int64_t id) {
  const auto [first, last] = by_node_.equal_range(limits_.at(id).limit->node);
  by_node_.erase(std::find_if(first, last, [id](const auto& of_node) { return of_node.second == id; }));
  limits_.erase(id);
  too_large_.erase(id);
}

// What was used in the present window before there was the limit, as far as the sums by minute tell.
net::Task<Result<std::vector<Spent>>> LimitBook::UseSoFar(net::Loop& loop, const Limit& limit,
                                                          net::Deadline deadline) const {
  const std::int64_t now = SecondsOf(loop.clock().Wall());
  const bool rolling = limit.window.kind == WindowSpec::Kind::kRolling && limit.window.unit != WindowSpec::Unit::kTotal;
  const std::int64_t begin = rolling ? PieceAt(limit.window, now).begin - RollingOf(limit.window.unit).length
                                     : PieceAt(limit.window, now).begin;
  const bool total = limit.window.unit == WindowSpec::Unit::kTotal;
  std::string sum = "SUM(cost_nano_usd)";
  if (limit.dimension == Dimension::kTokens) sum = "SUM(input + cache_read + cache_write + output + reasoning)";
  if (limit.dimension == Dimension::kRequests) sum = "SUM(exchanges)";
  const std::string table(TableOf(total ? Grain::kDay : Grain::kMinute));
  Statement statement{.sql = "SELECT begins_ms, model, provider, CAST(" + sum + " AS BIGINT) FROM " + table +
                             " WHERE begins_ms >= $1 AND (organization = $2 OR team = $2 OR project = $2 OR actor = $2"
                             " OR key = $2) AND outcome <> 'denied' GROUP BY begins_ms, model, provider",
                      .arguments = {begin * 1000, limit.node.value},
                      .expected_changes = {}};
  GH_CO_TRY(const store::Rows rows, co_await database_.Query(loop, std::move(statement), deadline));
  std::map<std::int64_t, std::int64_t> pieces;
  for (const auto& row : rows) {
    if (!Fits(limit.model, store::TextOf(row.at(1))) || !Fits(limit.provider, store::TextOf(row.at(2)))) continue;
    pieces[PieceAt(limit.window, store::IntegerOf(row.at(0)) / 1000).begin] += store::IntegerOf(row.at(3));
  }
  std::vector<Spent> spent;
  spent.reserve(pieces.size());
  const bool alone = treasury_.tenure() == Tenure::kAlone;
  for (const auto& [piece, used] : pieces) {
    spent.push_back({.limit = limit.id, .piece_begin = piece, .used = alone ? used : 0, .elsewhere = alone ? 0 : used});
  }
  co_return spent;
}

net::Task<base::Status> LimitBook::Save(net::Loop& loop, std::vector<Entry> put, std::vector<std::int64_t> removed,
                                        net::Deadline deadline) {
  ++saves_;
  std::vector<Statement> unit;
  std::vector<Spent> spent;
  std::set<pipeline::NodeId> organizations;
  bool caught_up = false;
  for (const Entry& entry : put) {
    const auto old = limits_.find(entry.limit->id);
    const bool counts = old != limits_.end() && SameCount(*old->second.limit, *entry.limit);
    unit.push_back(PutStatement(*entry.limit, entry.maker == Entry::Maker::kConfiguration ? kByConfiguration : kByApi,
                                NowMs(loop)));
    organizations.insert(entry.limit->organization);
    if (counts) continue;
    if (catch_up_ && !std::exchange(caught_up, true)) static_cast<void>(co_await catch_up_(deadline));
    GH_CO_TRY(const std::vector<Spent> so_far, co_await UseSoFar(loop, *entry.limit, deadline));
    unit.push_back(
        {.sql = "DELETE FROM limit_use WHERE limit_id = $1", .arguments = {entry.limit->id}, .expected_changes = {}});
    for (const Spent& piece : so_far) {
      unit.push_back({.sql = "INSERT INTO limit_use (limit_id, journal, piece_begin_s, used) VALUES ($1, 0, $2, $3)",
                      .arguments = {piece.limit, piece.piece_begin, piece.used + piece.elsewhere},
                      .expected_changes = 1});
    }
    spent.insert(spent.end(), so_far.begin(), so_far.end());
  }
  for (const std::int64_t id : removed) {
    const auto known = limits_.find(id);
    if (known == limits_.end()) continue;
    organizations.insert(known->second.limit->organization);
    unit.push_back({.sql = "DELETE FROM usage_limit WHERE id = $1", .arguments = {id}, .expected_changes = 1});
    unit.push_back({.sql = "DELETE FROM limit_use WHERE limit_id = $1", .arguments = {id}, .expected_changes = {}});
  }
  if (unit.empty()) co_return base::Ok();
  unit.push_back(
      {.sql = "UPDATE limit_version SET version = version + 1 WHERE id = 1", .arguments = {}, .expected_changes = 1});
  GH_CO_CHECK_OK(co_await database_.Write(loop, std::move(unit), deadline));
  ++saves_;
  for (const std::int64_t id : removed) {
    if (limits_.contains(id)) Drop(id);
  }
  for (Entry& entry : put) Keep(std::move(entry));
  for (const pipeline::NodeId organization : organizations) {
    treasury_.ApplyTo(organization, Of(organization), spent, SecondsOf(loop.clock().Wall()));
  }
  co_return base::Ok();
}

net::Task<base::Status> LimitBook::Declare(net::Loop& loop, const std::vector<StatedLimit>& stated, FindNode find,
                                           net::Deadline deadline) {
  std::vector<Entry> put;
  std::set<std::int64_t> kept;
  for (const StatedLimit& one : stated) {
    const auto place = find(one.node);
    if (!place) co_return base::InvalidRequest("budget '" + one.limit.name + "': there is no node " + one.node);
    const auto known = IdOf(place->node, one.limit.name);
    if (known && !IsDeclared(*known)) {
      co_return base::InvalidRequest("budget '" + one.limit.name + "' of " + one.node +
                                     " was made by other means than the configuration; remove one of them");
    }
    GH_CO_CHECK_OK(CheckShareable(one.limit));
    Limit limit = one.limit;
    limit.id = known.value_or(NewId());
    limit.organization = place->organization;
    limit.node = place->node;
    kept.insert(limit.id);
    const auto old = limits_.find(limit.id);
    const bool same = old != limits_.end() && SameCount(*old->second.limit, limit) &&
                      old->second.limit->amount == limit.amount && old->second.limit->steps == limit.steps;
    if (!same) {
      put.push_back({.limit = std::make_shared<const Limit>(std::move(limit)), .maker = Entry::Maker::kConfiguration});
    }
  }
  std::vector<std::int64_t> removed;
  for (const auto& [id, entry] : limits_) {
    if (entry.maker == Entry::Maker::kConfiguration && !kept.contains(id)) removed.push_back(id);
  }
  co_return co_await Save(loop, std::move(put), std::move(removed), deadline);
}

net::Task<Result<std::int64_t>> LimitBook::Put(net::Loop& loop, StatedLimit stated, NodePlace place,
                                               net::Deadline deadline) {
  const auto known = IdOf(place.node, stated.limit.name);
  if (known && IsDeclared(*known)) {
    co_return Refused(base::ErrorCode::kConflict, "This budget is stated in the configuration; change it there.");
  }
  GH_CO_CHECK_OK(CheckShareable(stated.limit));
  stated.limit.id = known.value_or(NewId());
  stated.limit.organization = place.organization;
  stated.limit.node = place.node;
  const std::int64_t id = stated.limit.id;
  std::vector<Entry> put;
  put.push_back({.limit = std::make_shared<const Limit>(std::move(stated.limit)), .maker = Entry::Maker::kApi});
  GH_CO_CHECK_OK(co_await Save(loop, std::move(put), {}, deadline));
  co_return id;
}

net::Task<base::Status> LimitBook::Remove(net::Loop& loop, std::int64_t id, net::Deadline deadline) {
  if (!limits_.contains(id)) co_return Refused(base::ErrorCode::kNotFound, "There is no such budget.");
  if (IsDeclared(id)) {
    co_return Refused(base::ErrorCode::kConflict, "This budget is stated in the configuration; remove it there.");
  }
  std::vector<std::int64_t> removed = {id};
  co_return co_await Save(loop, {}, std::move(removed), deadline);
}

std::shared_ptr<const Limit> LimitBook::Find(std::int64_t id) const {
  const auto found = limits_.find(id);
  return found == limits_.end() ? nullptr : found->second.limit;
}

std::vector<std::shared_ptr<const Limit>> LimitBook::Of(pipeline::NodeId organization) const {
  std::vector<std::shared_ptr<const Limit>> of_it;
  for (const auto& [id, entry] : limits_) {
    if (entry.limit->organization == organization) of_it.push_back(entry.limit);
  }
  return of_it;
}

std::vector<std::shared_ptr<const Limit>> LimitBook::All() const {
  std::vector<std::shared_ptr<const Limit>> all;
  all.reserve(limits_.size());
  for (const auto& [id, entry] : limits_) all.push_back(entry.limit);
  return all;
}

bool LimitBook::IsDeclared(std::int64_t id) const {
  const auto found = limits_.find(id);
  return found != limits_.end() && found->second.maker == Entry::Maker::kConfiguration;
}

std::optional<std::int64_t> LimitBook::IdOf(pipeline::NodeId node, std::string_view name) const {
  const auto [first, last] = by_node_.equal_range(node);
  const auto found =
      std::find_if(first, last, [&](const auto& of_node) { return limits_.at(of_node.second).limit->name == name; });
  return found == last ? std::nullopt : std::optional(found->second);
}

net::Task<base::Status> LimitBook::Prune(net::Loop& loop, net::Deadline deadline) {
  const std::int64_t oldest = SecondsOf(loop.clock().Wall()) - 2 * kLongestWindow;
  std::vector<Statement> unit;
  unit.push_back({.sql = "DELETE FROM limit_use WHERE piece_begin_s < $1 AND piece_begin_s > 0",
                  .arguments = {oldest},
                  .expected_changes = {}});
  GH_CO_CHECK_OK(co_await database_.Write(loop, std::move(unit), deadline));
  co_return base::Ok();
}

}  // namespace gatehouse::features::accounting
