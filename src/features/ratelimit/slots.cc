#include "features/ratelimit/slots.h"

namespace gatehouse::features::ratelimit {

Slot& Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    Release();
    slots_ = std::move(other.slots_);
  }
  return *this;
}

void Slot::Release() {
  if (const auto slots = std::exchange(slots_, nullptr)) slots->Give();
}

bool Slots::Count(std::uint32_t limit) {
  std::uint64_t state = state_.load();
  while (UsedIn(state) < limit && UsedIn(state) < CeilingIn(state)) {
    if (state_.compare_exchange_weak(state, state + 1)) return true;
  }
  return false;
}

std::uint32_t Slots::SetCeiling(std::uint32_t ceiling) {
  const std::uint64_t high = static_cast<std::uint64_t>(ceiling) << kCeilingShift;
  std::uint64_t state = state_.load();
  while (!state_.compare_exchange_weak(state, high | UsedIn(state))) {
  }
  if (CeilingIn(state) < ceiling && waiting_.load() > 0) Serve();
  return UsedIn(state);
}

Slot Slots::Take(std::shared_ptr<Slots> slots, std::uint32_t limit) {
  if (slots->waiting_.load() > 0 || !slots->Count(limit)) return {};
  return Slot(std::move(slots));
}

// Whoever joins counts himself before he looks for room, and whoever gives makes room before he looks for somebody who
// waits (both sequentially consistent): one of the two sees the other.
void Slots::Give() {
  state_.fetch_sub(1);
  if (waiting_.load() > 0) Serve();
}

void Slots::Serve() {
  Grants grants;
  {
    const std::scoped_lock lock(mutex_);
    while (!lanes_.empty()) {
      Place& next = *lanes_.front().places.front();
      if (!Count(next.terms_.limit)) break;
      grants.emplace_back(next.handoff_.sender(), Slot(next.slots_));
      const bool last = lanes_.front().places.size() == 1;
      if (!last) lanes_.splice(lanes_.end(), lanes_, lanes_.begin());
      Remove(next);
    }
  }
  // A slot that nobody takes any more gives itself back, which needs the mutex.
  for (auto& [sender, slot] : grants) sender.Send(std::move(slot));
}

void Slots::Remove(Place& place) {
  const auto lane = by_caller_.find(place.terms_.caller);
  lane->second->places.erase(place.at_);
  if (lane->second->places.empty()) {
    lanes_.erase(lane->second);
    by_caller_.erase(lane);
  }
  place.queued_ = false;
  waiting_.fetch_sub(1);
}

void Slots::Leave(Place& place) {
  {
    const std::scoped_lock lock(mutex_);
    if (!place.queued_) return;
    Remove(place);
  }
  // The one who left may have been in front, with a limit lower than that of the next.
  Serve();
}

std::unique_ptr<Slots::Place> Slots::Join(const std::shared_ptr<Slots>& slots, net::Loop& loop, Terms terms) {
  auto place = std::make_unique<Place>(slots, loop, terms);
  {
    const std::scoped_lock lock(slots->mutex_);
    if (slots->waiting_.load() >= terms.waiting) return nullptr;
    auto [lane, fresh] = slots->by_caller_.try_emplace(terms.caller);
    if (fresh) lane->second = slots->lanes_.insert(slots->lanes_.end(), Lane{.caller = terms.caller, .places = {}});
    auto& places = lane->second->places;
    place->at_ = places.insert(places.end(), place.get());
    place->queued_ = true;
    slots->waiting_.fetch_add(1);
  }
  slots->Serve();
  return place;
}

Slots::Place::Place(std::shared_ptr<Slots> slots, net::Loop& loop, Terms terms)
    : slots_(std::move(slots)), terms_(terms), handoff_(loop) {}

Slots::Place::~Place() { slots_->Leave(*this); }

net::Task<Slot> Slots::Place::Await(net::Deadline deadline) {
  auto slot = co_await handoff_.Receive(deadline);
  co_return slot ? std::move(*slot) : Slot();
}

}  // namespace gatehouse::features::ratelimit
