#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "net/loop.h"

namespace gatehouse::net {

TimerWheel::Tick TimerWheel::TickOf(base::TimePoint at) const {
  if (at <= origin_) return 0;
  return static_cast<Tick>((at - origin_ - base::Duration(1)) / kTick) + 1;
}

void TimerWheel::Arm(Timer& timer, base::TimePoint at) {
  if (at == base::TimePoint::max()) return Disarm(timer);
  timer.at_ = at;
  const auto tick = TickOf(at);
  if (timer.linked()) {
    if (tick >= timer.linked_tick_) return;
    Unlink(timer);
  }
  Link(timer);
}

void TimerWheel::Disarm(Timer& timer) {
  timer.at_ = base::TimePoint::max();
  if (timer.linked()) Unlink(timer);
}

void TimerWheel::Link(Timer& timer) {
  auto tick = TickOf(timer.at_);
  if (tick <= elapsed_) {
    timer.linked_tick_ = 0;
    due_.PushBack(timer);
    return;
  }
  tick = std::min(tick, elapsed_ + kReach - 1);
  timer.linked_tick_ = tick;
  const auto significant = std::bit_width((elapsed_ ^ tick) | (kSlots - 1)) - 1;
  const auto level = static_cast<std::size_t>(std::min(static_cast<int>(significant) / kSlotBits, kLevels - 1));
  const auto slot = (tick >> (level * kSlotBits)) & (kSlots - 1);
  slots_[level * kSlots + slot].PushBack(timer);
  occupied_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::Unlink(Timer& timer) {
  const auto* sentinel = timer.only_neighbour();
  timer.Unlink();
  if (sentinel == nullptr || sentinel < slots_.data() || sentinel >= slots_.data() + slots_.size()) return;
  const auto index = static_cast<Tick>(sentinel - slots_.data());
  occupied_[index / kSlots] &= ~(std::uint64_t{1} << (index % kSlots));
}

std::optional<TimerWheel::SlotPosition> TimerWheel::NextSlot() const {
  for (int level = 0; level < kLevels; ++level) {
    const auto occupied = occupied_[static_cast<std::size_t>(level)];
    if (occupied == 0) continue;
    const auto shift = level * kSlotBits;
    const auto here = static_cast<int>((elapsed_ >> shift) & (kSlots - 1));
    const auto distance = std::countr_zero(std::rotr(occupied, here));
    const auto slot = static_cast<Tick>((here + distance)) & (kSlots - 1);
    auto start = ((elapsed_ >> (shift + kSlotBits)) << (shift + kSlotBits)) + (slot << shift);
    if (start < elapsed_ || (start == elapsed_ && level == kLevels - 1)) start += kSlots << shift;
    return SlotPosition{.level = level, .slot = slot, .start = start};
  }
  return std::nullopt;
}

std::optional<base::TimePoint> TimerWheel::NextExpiry() const {
  if (!due_.empty()) return origin_;
  const auto next = NextSlot();
  if (!next) return std::nullopt;
  return origin_ + kTick * static_cast<std::int64_t>(next->start);
}

void TimerWheel::Advance(base::TimePoint now) {
  const auto target = now <= origin_ ? Tick{0} : static_cast<Tick>((now - origin_) / kTick);
  firing_.Splice(due_);
  for (auto next = NextSlot(); next && next->start <= target; next = NextSlot()) Spread(*next, target);
  elapsed_ = std::max(elapsed_, target);
  Fire(target);
}

// Empties one slot: what is due goes to the firing list, the rest to lower wheels.
void TimerWheel::Spread(SlotPosition position, Tick now) {
  elapsed_ = position.start;
  const auto level = static_cast<std::size_t>(position.level);
  occupied_[level] &= ~(std::uint64_t{1} << position.slot);
  internal::ListNode taken;
  taken.Splice(slots_[level * kSlots + position.slot]);
  while (!taken.empty()) {
    auto& timer = static_cast<Timer&>(*taken.front());
    timer.internal::ListNode::Unlink();
    if (TickOf(timer.at_) <= now) {
      timer.linked_tick_ = 0;
      firing_.PushBack(timer);
    } else {
      Link(timer);
    }
  }
}

void TimerWheel::Fire(Tick now) {
  while (!firing_.empty()) {
    auto& timer = static_cast<Timer&>(*firing_.front());
    timer.internal::ListNode::Unlink();
    if (TickOf(timer.at_) > now) {
      Link(timer);
      continue;
    }
    timer.at_ = base::TimePoint::max();
    timer.OnTimer();
  }
}

}  // namespace gatehouse::net
