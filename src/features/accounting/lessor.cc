#include "features/accounting/lessor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "net/handoff.h"

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using base::Status;
using store::KeyValue;

constexpr std::string_view kChannel = "budgets";
constexpr base::Duration kLook = std::chrono::seconds(1);  // at the generation, the name and the desks
constexpr base::Duration kBetweenNames = std::chrono::seconds(3);
constexpr base::Duration kBetweenReports = std::chrono::seconds(5);  // of what was used
constexpr base::Duration kLively = 3 * kBetweenReports;  // after the last use, while others may report theirs
constexpr base::Duration kPresenceLook = std::chrono::milliseconds(20);
constexpr std::size_t kVisits = 2000;  // of desks, in one look
constexpr int kMostTries = 4;
constexpr std::int64_t kEverything = std::numeric_limits<std::int64_t>::max();

base::Error Away(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .retry = base::Retry::kSameTarget,
          .detail = std::move(detail)};
}

std::int64_t Sum(std::int64_t a, std::int64_t b) { return (base::NanoUsd{a} + base::NanoUsd{b}).value; }

// "need ORGANIZATION LIMIT AMOUNT HOLDER" or "given ORGANIZATION LIMIT AMOUNT HOLDER".
struct News {
  std::string_view word;
  std::array<std::int64_t, 4> numbers{};

  static std::optional<News> Parse(std::string_view text) {
    News news;
    news.word = text.substr(0, text.find(' '));
    for (std::int64_t& number : news.numbers) {
      const std::size_t space = text.find(' ');
      if (space == std::string_view::npos) return {};
      text.remove_prefix(space + 1);
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (failed != std::errc()) return {};
    }
    return news;
  }
};

std::string NewsText(std::string_view word, const Need& need, std::int64_t amount, const std::string& holder) {
  std::string text(word);
  text.append(" ").append(std::to_string(need.organization.value)).append(" ").append(std::to_string(need.limit));
  return text.append(" ").append(std::to_string(amount)).append(" ").append(holder);
}

}  // namespace

// What the next claim of a limit is for, put together from all who asked.
struct Lessor::Order {
  std::int64_t wanted = 0;
  std::int64_t least = kEverything;
  std::int64_t give_up = 0;
  Growth growth = Growth::kNone;
  enum class Placed : std::uint8_t { kNo, kYes } placed = Placed::kNo;
  std::vector<std::shared_ptr<Wait>> waits;
};

// One limit: one claim at a time.
struct Lessor::Desk {
  Desk(net::Loop& loop, const Need& need) : organization(need.organization), limit(need.limit), given(loop) {}
  const pipeline::NodeId organization;
  const std::int64_t limit;
  Order next;
  enum class Running : std::uint8_t { kNo, kYes } running = Running::kNo;
  net::Event given;  // others gave something back
  enum class Recalling : std::uint8_t { kNo, kYes } recalling = Recalling::kNo;
  // A slice that was to be fetched ahead of need could not be.
  enum class Owed : std::uint8_t { kNo, kYes } owed = Owed::kNo;
  // A claim was sent and its answer never came: the others may take this gateway to have more than it has.
  enum class Doubt : std::uint8_t { kNo, kYes } doubt = Doubt::kNo;
  std::int64_t moved_sum = 0;     // spent and held, when it was looked at last
  base::TimePoint moved_at{};     // when that was another
  std::int64_t reported = 0;      // what the others know to be spent
  base::TimePoint reported_at{};  // since when
  std::string stated_in;          // the generation in which what this gateway has was said last
};

// Where other threads come in.
struct Lessor::Door {
  Lessor* lessor = nullptr;  // touched on its loop only; null when it is gone
  std::atomic<std::size_t> waiting{0};
  std::mutex mutex;
  std::vector<Need> low;  // guarded by mutex; each limit is in it once at most
};

Lessor::Lessor(Parts parts, LeaseMembership::Self self, LessorSettings settings)
    : parts_(std::move(parts)),
      settings_(settings),
      membership_({.loop = parts_.loop, .store = parts_.store, .records = parts_.records}, std::move(self)),
      door_(std::make_shared<Door>()),
      tasks_(parts_.loop) {
  door_->lessor = this;
}

Lessor::~Lessor() { door_->lessor = nullptr; }

std::int64_t Lessor::Now() const { return SecondsOf(parts_.loop.clock().Wall()); }

net::Task<Status> Lessor::Start(net::Deadline deadline) {
  GH_CO_CHECK_OK(co_await membership_.Begin(deadline));
  // The name of one that has just died is free soon.
  Status named = co_await membership_.TakeName(deadline.Earlier(parts_.loop.In(settings_.wait * 2)));
  while (!named.ok() && named.error().code == base::ErrorCode::kConflict) {
    if (parts_.loop.Now() >= deadline.at) co_return named;
    co_await parts_.loop.Sleep(kLook);
    named = co_await membership_.TakeName(deadline.Earlier(parts_.loop.In(settings_.wait)));
  }
  news_ = parts_.store.Subscribe(std::string(kChannel), *this);
  const Status kept_up = named.ok() ? co_await KeepUp() : named;
  if (!kept_up.ok()) {
    problem_ = kept_up.error().detail;
    parts_.log.Warning("what gateways share of budgets cannot be reached yet", {{"detail", problem_}});
  }
  tasks_.Spawn(FollowForever());
  co_return base::Ok();
}

net::Task<Status> Lessor::Fetch(net::Loop& loop, std::vector<Need> needs, net::Deadline deadline) {
  if (door_->waiting.fetch_add(1) >= settings_.max_waiting) {
    door_->waiting.fetch_sub(1);
    co_return Away("too many requests wait for more of a budget");
  }
  struct Leaving {
    Door& door;
    ~Leaving() { door.waiting.fetch_sub(1); }
  } const leaving{*door_};
  net::Handoff<Status> handoff(loop);
  parts_.loop.Post([door = door_, sender = handoff.sender(), wanted = std::move(needs)]() mutable {
    if (door->lessor == nullptr || !sender.Begin()) return;
    door->lessor->Serve(wanted, [to = std::move(sender)](Status status) mutable { to.Send(std::move(status)); });
  });
  auto answer = co_await handoff.Receive(loop.In(settings_.wait + settings_.wait / 4).Earlier(deadline));
  if (!answer) co_return Away("more of a budget did not come in time");
  co_return *std::move(answer);
}

void Lessor::Low(const Need& need) {
  const std::scoped_lock lock(door_->mutex);
  door_->low.push_back(need);
  if (door_->low.size() > 1) return;
  parts_.loop.Post([door = door_] {
    std::vector<Need> low;
    {
      const std::scoped_lock within(door->mutex);
      low.swap(door->low);
    }
    if (door->lessor == nullptr) return;
    for (const Need& one : low) door->lessor->Join(one, Growth::kSlice, 0, nullptr);
  });
}

void Lessor::Serve(const std::vector<Need>& needs, std::move_only_function<void(Status)> done) {
  auto wait = std::make_shared<Wait>();
  wait->open = needs.size() + 1;
  wait->done = std::move(done);
  for (const Need& need : needs) Join(need, Growth::kSlice, 0, wait);
  wait->Finish(base::Ok());
}

void Lessor::Join(const Need& need, Growth growth, std::int64_t give_up, const std::shared_ptr<Wait>& wait) {
  auto& found = desks_[need.limit];
  if (found == nullptr) found = std::make_unique<Desk>(parts_.loop, need);
  Desk& desk = *found;
  Order& order = desk.next;
  order.placed = Order::Placed::kYes;
  order.wanted = Sum(order.wanted, need.wanted);
  if (growth == Growth::kSlice) {
    order.growth = growth;
    order.least = std::min(order.least, need.least);
  }
  order.give_up = std::max(order.give_up, give_up);
  if (wait != nullptr) order.waits.push_back(wait);
  if (std::exchange(desk.running, Desk::Running::kYes) == Desk::Running::kNo) tasks_.Spawn(Run(desk));
}

net::Task<> Lessor::Run(Desk& desk) {
  while (desk.next.placed == Order::Placed::kYes) {
    const Order order = std::exchange(desk.next, {});
    const Status status = co_await Fill(desk, order, parts_.loop.In(settings_.wait));
    desk.owed = !status.ok() && order.growth == Growth::kSlice ? Desk::Owed::kYes : Desk::Owed::kNo;
    for (const auto& wait : order.waits) wait->Finish(status);
  }
  desk.running = Desk::Running::kNo;
}

// Who needs more has nothing to give.
net::Task<Status> Lessor::Fill(Desk& desk, const Order& order, net::Deadline deadline) {
  if (order.growth == Growth::kNone) co_return co_await State(desk, order.give_up, deadline);
  co_return co_await FillGrowing(
      desk, {.organization = desk.organization, .limit = desk.limit, .wanted = order.wanted, .least = order.least},
      deadline);
}

net::Task<Status> Lessor::FillGrowing(Desk& desk, Need need, net::Deadline deadline) {
  net::Deadline recalled;  // set when the others have been asked
  for (;;) {
    GH_CO_TRY(const Claimed claimed, co_await Claim(desk, need, deadline));
    need.wanted -= std::min(need.wanted, claimed.got);
    need.least -= std::min(need.least, claimed.got);
    if (need.wanted == 0 || claimed.in_force == Claimed::InForce::kNo) co_return base::Ok();
    const bool asked = recalled != net::Deadline::Never();
    if (!asked && claimed.idle_elsewhere > 0) {
      recalled = deadline.Earlier(parts_.loop.In(settings_.recall));
      desk.recalling = Desk::Recalling::kYes;
      static_cast<void>(co_await parts_.store.Publish(
          std::string(kChannel), NewsText("need", need, need.wanted, membership_.holder()), recalled));
    }
    const bool over = recalled == net::Deadline::Never() || parts_.loop.Now() >= recalled.at;
    if (!over && co_await desk.given.Wait(recalled) == net::Event::Outcome::kSet) continue;
    desk.recalling = Desk::Recalling::kNo;
    Allotment last = claimed.allotment;
    last.rest = Allotment::Rest::kFinal;
    parts_.treasury.Allot(desk.organization, desk.limit, last, Now());
    co_return base::Ok();
  }
}

// What this gateway has, after it gave up some of what it does not need.
net::Task<Status> Lessor::State(Desk& desk, std::int64_t give_up, net::Deadline deadline) {
  if (membership_.generation().empty()) co_return Away("the store cannot be reached");
  const std::int64_t now = Now();
  const std::string generation = membership_.generation();
  auto stake = parts_.treasury.StakeIn(desk.organization, desk.limit, 0, now);
  if (!stake) desk.stated_in = generation;
  if (!stake) co_return base::Ok();
  const bool forgotten = stake->memory == Stake::Memory::kPartial;
  const std::int64_t idle = std::max<std::int64_t>(0, stake->idle());
  const std::int64_t given = give_up == 0 ? 0 : std::min(idle, std::max(give_up, idle / 2));
  if (give_up > 0 && given == 0 && !forgotten && desk.doubt == Desk::Doubt::kNo) co_return base::Ok();
  stake = parts_.treasury.StakeIn(desk.organization, desk.limit, given, now);
  if (!stake) co_return base::Ok();
  // What it may have forgotten it does not need.
  if (give_up > 0) stake->memory = Stake::Memory::kWhole;
  const Need none{.organization = desk.organization, .limit = desk.limit};
  KeyValue::Claim claim = ClaimFor(*stake, none, membership_.Next(), now);
  claim.parts = 0;
  desk.doubt = Desk::Doubt::kYes;
  GH_CO_TRY(const KeyValue::Grant grant, co_await parts_.store.Take(claim, deadline));
  if (grant.outcome == KeyValue::Grant::Outcome::kGuarded) {
    membership_.ForgetGeneration();
    co_return Away("what gateways share is new");
  }
  desk.doubt = Desk::Doubt::kNo;
  desk.stated_in = generation;
  desk.reported = stake->used;
  desk.reported_at = parts_.loop.Now();
  parts_.treasury.Allot(desk.organization, desk.limit,
                        {.window_begin = stake->window.begin,
                         .share = grant.share,
                         .others = grant.used - stake->used,
                         .left = claim.limit - grant.taken,
                         .valid_until = ValidUntil(*stake, now)},
                        now);
  if (give_up == 0) co_return base::Ok();
  co_return co_await parts_.store.Publish(std::string(kChannel), NewsText("given", none, given, membership_.holder()),
                                          deadline);
}

net::Task<Result<Lessor::Claimed>> Lessor::Claim(Desk& desk, Need need, net::Deadline deadline) {
  for (int i = 0; i < kMostTries; ++i) {
    GH_CO_CHECK_OK(co_await Ready(desk, deadline));
    const std::int64_t now = Now();
    const auto stake = parts_.treasury.StakeIn(desk.organization, desk.limit, 0, now);
    if (!stake) co_return Claimed{};
    KeyValue::Claim claim = ClaimFor(*stake, need, membership_.Next(), now);
    const std::int64_t limit = claim.limit;
    desk.doubt = Desk::Doubt::kYes;
    GH_CO_TRY(KeyValue::Grant grant, co_await parts_.store.Take(claim, deadline));
    if (grant.outcome == KeyValue::Grant::Outcome::kUnfounded) {
      GH_CO_TRY(grant, co_await Found(*stake, std::move(claim), deadline));
    }
    if (grant.outcome == KeyValue::Grant::Outcome::kGuarded) membership_.ForgetGeneration();
    if (grant.outcome != KeyValue::Grant::Outcome::kDone) continue;
    desk.doubt = Desk::Doubt::kNo;
    desk.stated_in = membership_.generation();
    desk.reported = stake->used;
    desk.reported_at = parts_.loop.Now();
    const Claimed claimed{.allotment = {.window_begin = stake->window.begin,
                                        .share = grant.share,
                                        .others = grant.used - stake->used,
                                        .left = limit - grant.taken,
                                        .valid_until = ValidUntil(*stake, now)},
                          .got = grant.share - stake->has,
                          .idle_elsewhere = (grant.taken - grant.share) - (grant.used - stake->used),
                          .in_force = Claimed::InForce::kYes};
    parts_.treasury.Allot(desk.organization, desk.limit, claimed.allotment, now);
    co_return claimed;
  }
  co_return Away("what gateways share changes all the time");
}

// The same claim, with what the ledger knows that others used of a window that began before anybody claimed it.
net::Task<Result<KeyValue::Grant>> Lessor::Found(Stake stake, KeyValue::Claim claim, net::Deadline deadline) {
  auto complete = co_await membership_.Complete(deadline);
  missing_ = complete.ok() ? "" : complete.error().detail;
  GH_CO_TRY(const std::vector<GatewayRecord> gateways, std::move(complete));
  const std::int64_t now = Now();
  GH_CO_TRY(const std::vector<LeaseRecords::Use> uses,
            co_await parts_.records.UsesOf(stake.limit->id, FirstPiece(stake, now), deadline));
  claim.foundation = KeyValue::Claim::Foundation::kGiven;
  claim.others = FoundationOf(stake, uses, gateways, now);
  claim.turn = membership_.Next().turn;
  co_return co_await parts_.store.Take(std::move(claim), deadline);
}

// Waits until this gateway takes part, and says meanwhile what it has. While the store is known to be away, that is
// told at once.
net::Task<Status> Lessor::Ready(Desk& desk, net::Deadline deadline) {
  while (!membership_.present()) {
    const store::Health health = parts_.store.health();
    if (health.state != store::Health::State::kWorking) co_return Away(health.reason);
    if (parts_.loop.Now() >= deadline.at) co_return Away("what gateways share could not be looked at in time");
    if (!membership_.generation().empty() && desk.stated_in != membership_.generation()) {
      GH_CO_CHECK_OK(co_await State(desk, 0, deadline));
    }
    co_await parts_.loop.Sleep(kPresenceLook);
  }
  co_return base::Ok();
}

net::Task<> Lessor::FollowForever() {
  for (;;) {
    // Soon again where the generation is not known: decisions wait for it.
    co_await parts_.loop.Sleep(membership_.present() ? kLook : kPresenceLook);
    const Status kept_up = co_await KeepUp();
    const std::string problem = kept_up.ok() ? "" : kept_up.error().detail;
    if (problem_.empty() && !problem.empty()) {
      parts_.log.Warning("what gateways share of budgets cannot be reached; what was allotted stays in force",
                         {{"detail", problem}});
    }
    if (!problem_.empty() && problem.empty()) parts_.log.Info("what gateways share of budgets can be reached again");
    problem_ = problem;
    if (kept_up.ok()) {
      VisitDesks();
    } else if (!membership_.present()) {
      co_await parts_.loop.Sleep(kPresenceLook * 5);
    }
  }
}

net::Task<Status> Lessor::KeepUp() {
  const net::Deadline deadline = parts_.loop.In(settings_.wait);
  if (parts_.loop.Now() - name_renewed_ >= kBetweenNames || name_renewed_ == base::TimePoint{}) {
    GH_CO_CHECK_OK(co_await membership_.TakeName(deadline));
    name_renewed_ = parts_.loop.Now();
  }
  GH_CO_CHECK_OK(co_await membership_.ReadGeneration(deadline));
  if (!missing_.empty()) {
    const auto complete = co_await membership_.Complete(deadline);
    missing_ = complete.ok() ? "" : complete.error().detail;
  }
  if (membership_.present()) co_return base::Ok();
  if (!parts_.recovered()) co_return Away("what an earlier process left is not in the database yet");
  GH_CO_CHECK_OK(co_await StateAll());
  co_return co_await membership_.SayPresent(deadline);
}

// In a generation that knows nothing yet. Desks that are at work say it themselves.
net::Task<Status> Lessor::StateAll() {
  const net::Deadline deadline = parts_.loop.In(settings_.wait * 2);
  const std::string generation = membership_.generation();
  for (;;) {
    std::size_t open = 0;
    for (const auto& [limit, desk] : desks_) {
      if (desk->stated_in == generation) continue;
      ++open;
      const Need none{.organization = desk->organization, .limit = limit};
      if (desk->running == Desk::Running::kNo) Join(none, Growth::kNone, 0, nullptr);
    }
    if (open == 0) co_return base::Ok();
    if (parts_.loop.Now() >= deadline.at) co_return Away("not everything could be said in time");
    co_await parts_.loop.Sleep(kPresenceLook);
  }
}

void Lessor::VisitDesks() {
  auto at = desks_.upper_bound(visited_);
  for (std::size_t i = 0; i < kVisits && at != desks_.end(); ++i) {
    Desk& desk = *at->second;
    visited_ = at->first;
    ++at;
    Visit(desk);
  }
  if (at == desks_.end()) visited_ = std::numeric_limits<std::int64_t>::min();
}

void Lessor::Visit(Desk& desk) {
  if (desk.running == Desk::Running::kYes) return;
  const Need none{.organization = desk.organization, .limit = desk.limit};
  const std::int64_t now = Now();
  const auto stake = parts_.treasury.StakeIn(desk.organization, desk.limit, 0, now);
  const bool doubtful = desk.doubt == Desk::Doubt::kYes;
  if (!stake || (stake->has == 0 && stake->memory == Stake::Memory::kWhole && desk.reported == 0 && !doubtful)) {
    desks_.erase(desk.limit);
    return;
  }
  const base::TimePoint moment = parts_.loop.Now();
  if (std::exchange(desk.moved_sum, stake->used + stake->held) != desk.moved_sum) desk.moved_at = moment;
  const bool old = stake->valid_until - now < (ValidUntil(*stake, now) - now) / 2;
  if (desk.owed == Desk::Owed::kYes) {
    Join(none, Growth::kSlice, 0, nullptr);
  } else if (stake->idle() > 0 && moment - desk.moved_at >= settings_.idle) {
    Join(none, Growth::kNone, kEverything, nullptr);
  } else if (const bool news = stake->used != desk.reported || moment - desk.moved_at < kLively;
             old || doubtful || (news && moment - desk.reported_at >= kBetweenReports)) {
    Join(none, Growth::kNone, 0, nullptr);
  }
}

void Lessor::OnMessage(std::string_view message) {
  const auto news = News::Parse(message);
  if (!news || std::to_string(news->numbers[3]) == membership_.holder()) return;
  const Need need{.organization = {news->numbers[0]}, .limit = news->numbers[1]};
  if (news->word == "need") {
    if (news->numbers[2] <= 0 || !parts_.treasury.StakeIn(need.organization, need.limit, 0, Now())) return;
    Join(need, Growth::kNone, news->numbers[2], nullptr);
  } else if (news->word == "given") {
    parts_.treasury.ForgetRest(need.organization, need.limit);
    const auto desk = desks_.find(need.limit);
    if (desk != desks_.end() && desk->second->recalling == Desk::Recalling::kYes) desk->second->given.Set();
  }
}

net::Task<Status> Lessor::GiveBackAll(net::Deadline deadline) {
  net::Handoff<Status> handoff(parts_.loop);
  auto wait = std::make_shared<Wait>();
  wait->open = desks_.size() + 1;
  wait->done = [to = handoff.sender()](Status status) mutable { to.Send(std::move(status)); };
  for (const auto& [limit, desk] : desks_) {
    const Need none{.organization = desk->organization, .limit = limit};
    Join(none, Growth::kNone, kEverything, wait);
  }
  wait->Finish(base::Ok());
  auto answer = co_await handoff.Receive(deadline);
  co_return answer ? *std::move(answer) : Status(Away("not everything could be given back in time"));
}

net::Task<Status> Lessor::Leave(net::Deadline deadline) {
  GH_CO_CHECK_OK(co_await parts_.records.Mark(membership_.journal(), GatewayRecord::State::kClosed, deadline));
  co_return co_await membership_.LeaveName(deadline);
}

net::Task<Status> Lessor::Release(GatewayRecord gateway, std::vector<std::shared_ptr<const Limit>> limits,
                                  net::Deadline deadline) {
  GH_CO_CHECK_OK(co_await membership_.TakeNameOf(gateway.name, deadline));
  if (!membership_.present()) co_return Away("this gateway does not take part yet");
  for (const auto& limit : limits) {
    const std::int64_t now = Now();
    Stake stake{.limit = limit, .window = PieceAt(limit->window, now), .memory = Stake::Memory::kWhole};
    GH_CO_TRY(const auto uses, co_await parts_.records.UsesOf(limit->id, FirstPiece(stake, now), deadline));
    for (const LeaseRecords::Use& use : uses) stake.used += use.journal == gateway.journal ? use.used : 0;
    stake.has = stake.used;
    KeyValue::Claim claim = ClaimFor(stake, {}, LeaseMembership::InsteadOf(gateway, membership_), now);
    claim.parts = 0;
    GH_CO_TRY(const KeyValue::Grant grant, co_await parts_.store.Take(std::move(claim), deadline));
    if (grant.outcome == KeyValue::Grant::Outcome::kGuarded) co_return Away("what gateways share is new");
    const Need none{.organization = limit->organization, .limit = limit->id};
    static_cast<void>(co_await parts_.store.Publish(std::string(kChannel),
                                                    NewsText("given", none, 0, membership_.holder()), deadline));
    parts_.treasury.ForgetRest(limit->organization, limit->id);
  }
  co_return co_await parts_.records.Mark(gateway.journal, GatewayRecord::State::kReleased, deadline);
}

// Without what the driver says, which the log has.
std::string Lessor::Problem() const {
  const std::string& problem = problem_.empty() ? missing_ : problem_;
  if (problem.empty()) return "";
  const bool away = parts_.store.health().state != store::Health::State::kWorking;
  return "more of the budgets that gateways share cannot be fetched: " +
         (away ? "the store that they share does not answer" : problem);
}

}  // namespace gatehouse::features::accounting
