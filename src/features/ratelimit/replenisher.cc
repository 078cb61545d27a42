#include "features/ratelimit/replenisher.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "net/handoff.h"

namespace gatehouse::features::ratelimit {
namespace {

using base::Status;
using store::KeyValue;

constexpr std::string_view kChannel = "rates";
constexpr std::string_view kPresence = "rate:gateways";
constexpr base::Duration kPresenceTtl = std::chrono::seconds(5);
constexpr base::Duration kBetweenPresences = std::chrono::seconds(1);
constexpr base::Duration kRetry = std::chrono::milliseconds(100);     // while the store does not answer
constexpr base::Duration kLook = std::chrono::milliseconds(100);      // at what is held
constexpr base::Duration kIdle = std::chrono::seconds(1);             // after which it is given back
constexpr base::Duration kRecall = std::chrono::milliseconds(20);     // for others to give back slots
constexpr base::Duration kRenewal = std::chrono::milliseconds(1500);  // before what is held lapses
constexpr base::Duration kSlotRenewal = SlotLease::kSlotLease - std::chrono::seconds(3);
constexpr std::size_t kVisits = 2000;  // in one look
constexpr std::int64_t kNobody = std::numeric_limits<std::int64_t>::max();

base::Error Away(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .retry = base::Retry::kSameTarget,
          .detail = std::move(detail)};
}

std::string_view WordOf(WithoutStore without) {
  if (without == WithoutStore::kShare) return "each gateway lets its part of them through";
  return without == WithoutStore::kRefuse ? "requests are refused" : "requests are let through";
}

Stock& StockOf(SharedBucket& bucket, Need::What what) {
  return bucket.Of(what == Need::What::kRequests ? Measure::kRequests : Measure::kTokens);
}

const void* PlaceOf(const Need& need) {
  SharedBucket& shared = *need.bucket->shared;
  if (need.what == Need::What::kSlots) return &shared.slots;
  return &StockOf(shared, need.what);
}

}  // namespace

// What the next question is for, put together from all who asked.
struct Replenisher::Order {
  std::int64_t wanted = 0;
  std::int64_t least = kNobody;
  std::int64_t promised = 0;  // of what is held, to those who have just been answered
  Growth growth = Growth::kNone;
  Keep keep = Keep::kAll;
  enum class Placed : std::uint8_t { kNo, kYes } placed = Placed::kNo;
  enum class Told : std::uint8_t { kNobody, kOthers } told = Told::kNobody;  // that something was given back
  std::vector<std::shared_ptr<Wait>> waits;
};

// One stock, or one lease of slots: one question at a time. Is there while anything is held.
struct Replenisher::Desk {
  Desk(net::Loop& loop, const Need& need) : bucket(need.bucket), what(need.what), given(loop) {}
  const std::shared_ptr<Bucket> bucket;
  const Need::What what;
  Rate rate{1, 1};
  std::uint32_t limit = 0;
  Order next;
  enum class Running : std::uint8_t { kNo, kYes } running = Running::kNo;
  net::Event given;           // others gave slots back
  std::int64_t had = 0;       // when it was looked at last
  base::TimePoint had_at{};   // since when
  base::TimePoint kept_at{};  // when slots that were not needed were given back last

  SharedBucket& shared() const { return *bucket->shared; }
};

// Where other threads come in.
struct Replenisher::Door {
  Replenisher* replenisher = nullptr;  // touched on its loop only; null when it is gone
  std::atomic<std::size_t> waiting{0};
  std::mutex mutex;
  std::vector<Need> calls;  // guarded by mutex
};

Replenisher::Replenisher(Parts parts)
    : parts_(std::move(parts)), door_(std::make_shared<Door>()), contact_lost_(parts_.loop), tasks_(parts_.loop) {
  door_->replenisher = this;
}

Replenisher::~Replenisher() { door_->replenisher = nullptr; }

std::unique_ptr<SharedBucket> Replenisher::Share(Slots& slots, std::string key) {
  return std::make_unique<SharedBucket>(parts_.sharing, slots, std::move(key),
                                        parts_.name + "." + std::to_string(shared_.fetch_add(1)));
}

net::Task<> Replenisher::Start(net::Deadline deadline) {
  const Status said = co_await SayPresent(1, deadline);
  Heard(said);
  if (said.ok()) Found();
  news_ = parts_.store.Subscribe(std::string(kChannel), *this);
  tasks_.Spawn(FollowForever());
  tasks_.Spawn(LookForever());
}

net::Task<Status> Replenisher::Fetch(net::Loop& loop, std::vector<Need> needs, net::Deadline deadline) {
  if (door_->waiting.fetch_add(1) >= parts_.sharing.settings().max_waiting) {
    door_->waiting.fetch_sub(1);
    co_return Away("too many requests wait for more of a rate limit");
  }
  struct Leaving {
    Door& door;
    ~Leaving() { door.waiting.fetch_sub(1); }
  } const leaving{*door_};
  parts_.sharing.counts().waited.fetch_add(1, std::memory_order_relaxed);
  net::Handoff<Status> handoff(loop);
  parts_.loop.Post([door = door_, sender = handoff.sender(), wanted = std::move(needs)]() mutable {
    if (door->replenisher == nullptr || !sender.Begin()) return;
    door->replenisher->Serve(wanted, [to = std::move(sender)](Status status) mutable { to.Send(std::move(status)); });
  });
  auto answer = co_await handoff.Receive(deadline);
  if (!answer) co_return Away("more of a rate limit did not come in time");
  co_return *std::move(answer);
}

void Replenisher::LookAfter(Need need) {
  const std::scoped_lock lock(door_->mutex);
  door_->calls.push_back(std::move(need));
  if (door_->calls.size() > 1) return;
  parts_.loop.Post([door = door_] {
    std::vector<Need> calls;
    {
      const std::scoped_lock within(door->mutex);
      calls.swap(door->calls);
    }
    if (door->replenisher == nullptr) return;
    for (Need& one : calls) {
      door->replenisher->DeskOf(one);
      if (std::exchange(one.amount, 0) != 0) door->replenisher->Join(one, Growth::kAhead, Keep::kAll, nullptr);
    }
  });
}

void Replenisher::Serve(const std::vector<Need>& needs, std::move_only_function<void(Status)> done) {
  auto wait = std::make_shared<Wait>();
  wait->open = needs.size() + 1;
  wait->done = std::move(done);
  for (const Need& need : needs) Join(need, Growth::kAhead, Keep::kAll, wait);
  wait->Finish(base::Ok());
}

Replenisher::Desk& Replenisher::DeskOf(const Need& need) {
  auto& found = desks_[PlaceOf(need)];
  if (found == nullptr) {
    found = std::make_unique<Desk>(parts_.loop, need);
    found->had_at = found->kept_at = parts_.loop.Now();
    round_.push_back(found.get());
    if (need.what == Need::What::kSlots) {
      slots_[need.bucket->shared->key] = found.get();
    } else {
      StockOf(*need.bucket->shared, need.what).Watch();
    }
  }
  found->rate = need.rate;
  found->limit = need.limit;
  return *found;
}

void Replenisher::Join(const Need& need, Growth growth, Keep keep, const std::shared_ptr<Wait>& wait) {
  Desk& desk = DeskOf(need);
  Order& order = desk.next;
  order.placed = Order::Placed::kYes;
  order.wanted += std::min(need.amount, kNobody - order.wanted);
  if (need.amount > 0) order.least = std::min(order.least, need.amount);
  if (growth == Growth::kAhead) order.growth = growth;
  if (keep == Keep::kWhatIsNeeded) order.keep = keep;
  if (wait != nullptr) order.waits.push_back(wait);
  if (std::exchange(desk.running, Desk::Running::kYes) == Desk::Running::kNo) tasks_.Spawn(Run(desk));
}

net::Task<> Replenisher::Run(Desk& desk) {
  std::int64_t promised = 0;
  while (desk.next.placed == Order::Placed::kYes) {
    Order order = std::exchange(desk.next, {});
    order.promised = promised;
    const Status status = co_await Ask(desk, order);
    for (const auto& wait : order.waits) wait->Finish(status);
    promised = order.wanted;
  }
  desk.running = Desk::Running::kNo;
}

net::Task<Status> Replenisher::Ask(Desk& desk, const Order& order) {
  if (parts_.sharing.contact() == Sharing::Contact::kNone) co_return Away("the store does not answer");
  if (desk.what != Need::What::kSlots) {
    co_return co_await AskForStock(desk, StockOf(desk.shared(), desk.what), order);
  }
  GH_CO_CHECK_OK(co_await AskForSlots(desk, order));
  if (order.told == Order::Told::kOthers) co_await Tell("given", desk);
  const bool full = order.wanted > 0 && desk.bucket->slots.used() >= desk.bucket->slots.ceiling();
  co_return full ? co_await Recall(desk, order) : base::Ok();
}

// What contact there is, is known by the answers.
void Replenisher::Heard(const Status& answer) {
  auto& counts = parts_.sharing.counts();
  (answer.ok() ? counts.answered : counts.failed).fetch_add(1, std::memory_order_relaxed);
  using base::ErrorCode;
  const bool away =
      !answer.ok() && (answer.error().code == ErrorCode::kTimeout || answer.error().code == ErrorCode::kUnavailable);
  if (away) Lost(answer.error());
}

net::Task<Status> Replenisher::AskForStock(Desk& desk, Stock& stock, const Order& order) {
  const Rate rate = desk.rate;
  const base::TimePoint asked_at = parts_.loop.Now();
  KeyValue::Draft draft =
      stock.Statement(rate, order.keep == Keep::kAll ? Stock::Keep::kAll : Stock::Keep::kNothing, asked_at);
  draft.key = desk.shared().key + (desk.what == Need::What::kRequests ? ":requests" : ":tokens");
  draft.holder = desk.shared().holder;
  draft.turn = ++turns_;
  const std::int64_t free = std::max<std::int64_t>(0, draft.held - order.promised);
  draft.wanted = std::max<std::int64_t>(0, order.wanted - free);
  draft.least = order.wanted == 0 ? 0 : std::max<std::int64_t>(0, order.least - free);
  if (order.growth == Growth::kNone) draft.ahead = 0;
  auto drawn = co_await parts_.store.Draw(draft, parts_.loop.In(parts_.sharing.settings().wait));
  if (drawn.ok() && drawn.value().outcome != KeyValue::Drawn::Outcome::kDone) drawn = base::Internal("overtaken");
  Heard(drawn.ok() ? base::Ok() : Status(drawn.error()));
  GH_CO_TRY(const KeyValue::Drawn answer, std::move(drawn));
  stock.Answered(rate, draft, answer, asked_at, parts_.loop.Now());
  co_return base::Ok();
}

net::Task<Status> Replenisher::AskForSlots(Desk& desk, const Order& order) {
  const base::TimePoint asked_at = parts_.loop.Now();
  SlotLease& lease = desk.shared().slots;
  KeyValue::Claim claim = lease.Statement(
      desk.limit, order.keep == Keep::kAll ? SlotLease::Keep::kAll : SlotLease::Keep::kWhatWasNeeded, asked_at);
  claim.key = desk.shared().key + ":slots";
  claim.holder = desk.shared().holder;
  claim.turn = ++turns_;
  claim.wanted = std::max<std::int64_t>(0, claim.used + order.promised + order.wanted - claim.has);
  if (order.growth == Growth::kNone || claim.wanted == 0) claim.parts = 0;
  auto grant = co_await parts_.store.Take(claim, parts_.loop.In(parts_.sharing.settings().wait));
  if (grant.ok() && grant.value().outcome != KeyValue::Grant::Outcome::kDone) grant = base::Internal("overtaken");
  Heard(grant.ok() ? base::Ok() : Status(grant.error()));
  GH_CO_TRY(const KeyValue::Grant answer, std::move(grant));
  lease.Answered(claim, answer, asked_at, parts_.loop.Now());
  co_return base::Ok();
}

// Others may have slots that they do not need at this moment.
net::Task<Status> Replenisher::Recall(Desk& desk, const Order& order) {
  const net::Deadline deadline = parts_.loop.In(kRecall);
  co_await Tell("need", desk);
  if (co_await desk.given.Wait(deadline) == net::Event::Outcome::kTimeout) co_return base::Ok();
  co_return co_await AskForSlots(desk, order);
}

net::Task<> Replenisher::Tell(std::string_view word, Desk& desk) {
  std::string text(word);
  text.append(" ").append(parts_.name).append(" ").append(desk.shared().key);
  static_cast<void>(co_await parts_.store.Publish(std::string(kChannel), std::move(text),
                                                  parts_.loop.In(parts_.sharing.settings().wait)));
}

// "need NAME KEY" or "given NAME KEY".
void Replenisher::OnMessage(std::string_view message) {
  const std::size_t first = message.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : message.find(' ', first + 1);
  if (second == std::string_view::npos || message.substr(first + 1, second - first - 1) == parts_.name) return;
  const auto found = slots_.find(std::string(message.substr(second + 1)));
  if (found == slots_.end()) return;
  Desk& desk = *found->second;
  SlotLease& lease = desk.shared().slots;
  if (message.substr(0, first) == "given") {
    lease.ForgetNone();
    desk.given.Set();
    return;
  }
  lease.ForgetPeak();
  lease.Look();
  if (!lease.HasIdle()) return;
  desk.next.told = Order::Told::kOthers;
  Join({.bucket = desk.bucket, .what = desk.what, .rate = desk.rate, .limit = desk.limit}, Growth::kNone,
       Keep::kWhatIsNeeded, nullptr);
}

// A gateway counts as one as long as it says so.
net::Task<Status> Replenisher::SayPresent(std::int64_t present, net::Deadline deadline) {
  KeyValue::Claim claim{.key = std::string(kPresence),
                        .holder = parts_.name,
                        .turn = ++turns_,
                        .has = present,
                        .limit = KeyValue::kMostQuantity,
                        .ttl = kPresenceTtl,
                        .others = {},
                        .guard = {},
                        .guard_value = {}};
  GH_CO_TRY(const KeyValue::Grant grant, co_await parts_.store.Take(std::move(claim), deadline));
  constexpr std::int64_t kMost = 1'000'000;
  const auto present_now = static_cast<std::uint32_t>(std::clamp<std::int64_t>(grant.taken, 1, kMost));
  // After an outage the others have yet to say that they are there.
  const bool all_said =
      parts_.sharing.contact() == Sharing::Contact::kKept && parts_.loop.Now() - found_at_ >= kPresenceTtl;
  if (all_said || present_now > parts_.sharing.gateways()) parts_.sharing.NoteGateways(present_now);
  co_return base::Ok();
}

net::Task<> Replenisher::FollowForever() {
  for (;;) {
    const Status said = co_await SayPresent(1, parts_.loop.In(parts_.sharing.settings().wait));
    Heard(said);
    if (said.ok()) Found();
    if (parts_.sharing.contact() == Sharing::Contact::kKept) {
      static_cast<void>(co_await contact_lost_.Wait(parts_.loop.In(kBetweenPresences)));
    } else {
      co_await parts_.loop.Sleep(kRetry);
    }
  }
}

void Replenisher::Lost(const base::Error& error) {
  parts_.sharing.Note(Sharing::Contact::kNone);
  if (!problem_.empty()) return;
  problem_ = error.detail.empty() ? "the store does not answer" : error.detail;
  parts_.log.Warning("rate limits that gateways share cannot be looked up",
                     {{"detail", problem_},
                      {"meanwhile", WordOf(parts_.sharing.settings().without_store)},
                      {"gateways", std::to_string(parts_.sharing.gateways())}});
  contact_lost_.Set();
  for (const auto& [place, desk] : desks_) CountSlotsAlone(*desk);
}

void Replenisher::CountSlotsAlone(Desk& desk) {
  if (desk.what != Need::What::kSlots || parts_.sharing.settings().without_store != WithoutStore::kShare) return;
  SlotLease& lease = desk.shared().slots;
  lease.CountAlone(lease.PartOf(desk.limit));
}

void Replenisher::Found() {
  if (parts_.sharing.contact() == Sharing::Contact::kKept) return;
  parts_.sharing.Note(Sharing::Contact::kKept);
  found_at_ = parts_.loop.Now();
  if (!problem_.empty()) parts_.log.Info("rate limits that gateways share can be looked up again");
  problem_.clear();
}

net::Task<> Replenisher::LookForever() {
  for (;;) {
    co_await parts_.loop.Sleep(kLook);
    const std::size_t visits = std::min(kVisits, round_.size());
    for (std::size_t i = 0; i < visits; ++i) {
      Desk& desk = *round_.front();
      round_.pop_front();
      round_.push_back(&desk);
      Visit(desk);
    }
  }
}

void Replenisher::Visit(Desk& desk) {
  if (desk.running == Desk::Running::kYes) return;
  if (desk.what == Need::What::kSlots) {
    VisitSlots(desk);
  } else {
    VisitStock(desk, StockOf(desk.shared(), desk.what));
  }
}

void Replenisher::VisitStock(Desk& desk, Stock& stock) {
  const base::TimePoint now = parts_.loop.Now();
  const std::int64_t held = stock.held(now);
  if (std::exchange(desk.had, held) != held) desk.had_at = now;
  if (held == 0 && !stock.HasLapsed(now) && !stock.HasCorrections() && !stock.IsInDoubt()) {
    stock.Unwatch();
    if (!stock.HasCorrections()) return Close(desk);
    stock.Watch();
  }
  if (parts_.sharing.contact() == Sharing::Contact::kNone) return;
  const Need need{.bucket = desk.bucket, .what = desk.what, .rate = desk.rate};
  if (held > 0 && now - desk.had_at >= kIdle) {
    Join(need, Growth::kNone, Keep::kWhatIsNeeded, nullptr);
  } else if (held == 0 || stock.HasCorrections() || stock.IsInDoubt() || stock.validity(now) < kRenewal) {
    Join(need, Growth::kNone, Keep::kAll, nullptr);
  }
}

void Replenisher::VisitSlots(Desk& desk) {
  const base::TimePoint now = parts_.loop.Now();
  SlotLease& lease = desk.shared().slots;
  const Slots& slots = desk.bucket->slots;
  lease.Look();
  lease.Lapse(now);
  if (lease.CountsTogether() && slots.ceiling() == 0 && slots.used() + slots.waiting() == 0) return Close(desk);
  if (parts_.sharing.contact() == Sharing::Contact::kNone) return;
  Need need{.bucket = desk.bucket, .what = desk.what, .rate = desk.rate, .limit = desk.limit};
  const bool idle = now - desk.kept_at >= kIdle && lease.HasIdle();
  if (slots.waiting() > 0) {
    need.amount = slots.waiting();
    Join(need, Growth::kAhead, Keep::kAll, nullptr);
  } else if (idle) {
    Join(need, Growth::kNone, Keep::kWhatIsNeeded, nullptr);
  } else if (!lease.CountsTogether() || lease.validity(now) < kSlotRenewal) {
    Join(need, Growth::kNone, Keep::kAll, nullptr);
  }
  if (now - desk.kept_at < kIdle) return;
  desk.kept_at = now;
  if (!idle) lease.ForgetPeak();
}

// Nothing is held there any more. It is the last one in the round.
void Replenisher::Close(Desk& desk) {
  round_.pop_back();
  if (desk.what == Need::What::kSlots) slots_.erase(desk.shared().key);
  const Need need{.bucket = desk.bucket, .what = desk.what};
  desks_.erase(PlaceOf(need));
}

net::Task<Status> Replenisher::GiveBackAll(net::Deadline deadline) {
  net::Handoff<Status> handoff(parts_.loop);
  auto wait = std::make_shared<Wait>();
  wait->open = desks_.size() + 1;
  wait->done = [to = handoff.sender()](Status status) mutable { to.Send(std::move(status)); };
  for (const auto& [place, desk] : desks_) {
    Join({.bucket = desk->bucket, .what = desk->what, .rate = desk->rate, .limit = desk->limit}, Growth::kNone,
         Keep::kWhatIsNeeded, wait);
  }
  wait->Finish(base::Ok());
  auto answer = co_await handoff.Receive(deadline);
  if (!answer) co_return Away("not everything could be given back in time");
  GH_CO_CHECK_OK(*std::move(answer));
  co_return co_await SayPresent(0, deadline);
}

// Without what the driver says, which the log has.
std::string Replenisher::Problem() const {
  if (problem_.empty()) return "";
  return "rate limits that gateways share cannot be looked up: " +
         std::string(WordOf(parts_.sharing.settings().without_store)) + " until the store answers again";
}

}  // namespace gatehouse::features::ratelimit
