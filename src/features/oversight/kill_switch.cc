#include "features/oversight/kill_switch.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

using base::Result;

constexpr base::Duration kQueryTime = std::chrono::seconds(10);

bool Has(const std::vector<Stop>& stops, std::int64_t id) {
  return std::ranges::find(stops, id, &Stop::id) != stops.end();
}

base::Error TooMany() {
  return {.code = base::ErrorCode::kConflict,
          .source = base::ErrorSource::kClient,
          .public_message = "Too many stops are in force. Stop something larger, or have some lifted."};
}

}  // namespace

KillSwitch::KillSwitch(Parts parts)
    : parts_(parts),
      book_(parts.database, parts.loop),
      table_(std::make_shared<const StopTable>()),
      tasks_(parts.loop) {}

std::int64_t KillSwitch::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(parts_.loop.clock().Wall().time_since_epoch()).count();
}

void KillSwitch::Admit(LoopStops& loop) {
  const std::scoped_lock lock(mutex_);
  loops_.push_back(&loop);
}

void KillSwitch::Dismiss(LoopStops& loop) {
  const std::scoped_lock lock(mutex_);
  std::erase(loops_, &loop);
}

// What was in force before is not ended again, and what is in force no more is told.
KillSwitch::News KillSwitch::Take(std::vector<Stop> stops) {
  News news;
  const auto before = table_.Pin();
  for (const Stop& stop : stops) {
    if (!Has(before->stops(), stop.id)) news.fresh.push_back(stop);
  }
  for (const Stop& stop : before->stops()) {
    if (!Has(stops, stop.id)) news.lifted.push_back(stop);
  }
  table_.Replace(std::make_shared<const StopTable>(std::move(stops)));
  return news;
}

net::Task<> KillSwitch::Enforce(std::vector<Stop> fresh, base::TimePoint began, std::shared_ptr<Coming> coming) {
  net::Handoff<Halting::Done> handoff(parts_.loop);
  const auto tally = std::make_shared<HaltTally>();
  auto halting = std::make_shared<Halting>(handoff.sender());
  {
    const std::scoped_lock lock(mutex_);
    for (LoopStops* loop : loops_) {
      loop->loop().Post([loop, halting, tally] { tally->exchanges += loop->Halt(halting); });
    }
  }
  halting.reset();
  const auto done = co_await handoff.Receive(parts_.loop.In(kPatience));
  coming->halted = {.exchanges = tally->exchanges,
                    .took = parts_.loop.clock().Now() - began,
                    .whether = done ? Halted::Whether::kAll : Halted::Whether::kNotYet};
  for (const Stop& stop : fresh) parts_.witness.NoteStop(stop, *coming->halted);
  coming->over.Set();
}

net::Task<> KillSwitch::TellOfLifted(std::vector<Stop> lifted) {
  for (const Stop& stop : lifted) {
    const auto shown = co_await book_.Show(stop.id, parts_.loop.In(kQueryTime));
    parts_.witness.NoteLift(shown.ok() ? shown.value() : stop);
  }
}

// Two looks may overlap: the one that knows less changes nothing.
net::Task<Result<KillSwitch::News>> KillSwitch::Look(base::TimePoint began, net::Deadline deadline) {
  GH_CO_TRY(const std::int64_t change, co_await book_.LastChange(deadline));
  if (change <= known_) co_return News();
  GH_CO_TRY(auto stops, co_await book_.List(StopBook::Which::kInForce, kMostInForce, deadline));
  if (change <= known_) co_return News();
  known_ = change;
  News news = Take(std::move(stops));
  if (!news.fresh.empty()) {
    news.coming = std::make_shared<Coming>(parts_.loop);
    tasks_.Spawn(Enforce(news.fresh, began, news.coming));
  }
  if (!news.lifted.empty()) tasks_.Spawn(TellOfLifted(news.lifted));
  co_return news;
}

net::Task<base::Status> KillSwitch::Refresh(net::Deadline deadline) {
  const auto looked = co_await Look(parts_.loop.clock().Now(), deadline);
  if (!looked.ok()) co_return looked.error();
  co_return base::Ok();
}

net::Task<> KillSwitch::Follow(base::Duration interval, const base::Log& log) {
  enum class Answers : std::uint8_t { kYes, kNo } answers = Answers::kYes;
  for (;;) {
    co_await parts_.loop.Sleep(interval);
    const base::Status looked = co_await Refresh(parts_.loop.In(kQueryTime));
    if (!looked.ok() && answers == Answers::kYes) {
      log.Warning("stops of other gateways cannot be read; those that are known stay in force",
                  {{"detail", looked.error().detail}});
    }
    answers = looked.ok() ? Answers::kYes : Answers::kNo;
  }
}

net::Task<Result<KillSwitch::Set>> KillSwitch::Put(Stop stop, net::Deadline deadline) {
  const base::TimePoint began = parts_.loop.clock().Now();
  if (size() >= kMostInForce) co_return TooMany();
  stop.id = NewId();
  stop.set_ms = NowMs();
  GH_CO_CHECK_OK(co_await book_.Set(stop, deadline));
  // What cannot be read now is in force at the next look.
  const auto looked = co_await Look(began, deadline);
  Set set{.stop = std::move(stop), .halted = {}};
  if (!looked.ok() || !Has(looked.value().fresh, set.stop.id)) co_return set;
  const auto coming = looked.value().coming;
  static_cast<void>(co_await coming->over.Wait(deadline));
  set.halted = coming->halted;
  co_return set;
}

net::Task<Result<Stop>> KillSwitch::Lift(std::int64_t id, Person by, net::Deadline deadline) {
  GH_CO_TRY(Stop stop, co_await book_.Lift(id, std::move(by), NowMs(), deadline));
  GH_CO_CHECK_OK(co_await Refresh(deadline));
  co_return stop;
}

}  // namespace gatehouse::features::oversight
