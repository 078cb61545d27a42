#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "net/intrusive_list.h"

namespace gatehouse::net {

class Timer;

// The armed timers of one loop, in a hierarchy of wheels with 64 slots each; the slots of the lowest are one tick wide,
// those of each higher one 64 times as wide as the one below (Varghese and Lauck 1987, scheme 6). Arming and disarming
// touch two neighbours and one bit. A timer that is moved to a later time stays where it is and moves when its old slot
// comes up.
class TimerWheel {
 public:
  static constexpr base::Duration kTick = std::chrono::milliseconds(1);

  explicit TimerWheel(base::TimePoint origin) : origin_(origin) {}

  void Arm(Timer& timer, base::TimePoint at);
  void Disarm(Timer& timer);

  // Fires what is due at `now`. A timer may arm, disarm and destroy any timer, itself included; what it arms for the
  // past fires in the next call.
  void Advance(base::TimePoint now);
  // When Advance() has work next: the first timer's time, or earlier when a slot must be spread over a lower wheel.
  std::optional<base::TimePoint> NextExpiry() const;

 private:
  using Tick = std::uint64_t;
  static constexpr int kLevels = 6;
  static constexpr int kSlotBits = 6;
  static constexpr Tick kSlots = Tick{1} << kSlotBits;
  static constexpr Tick kReach = Tick{1} << (kLevels * kSlotBits);  // 2.2 years

  struct SlotPosition {
    int level;
    Tick slot;
    Tick start;
  };

  Tick TickOf(base::TimePoint at) const;  // the first tick at or after `at`
  void Link(Timer& timer);
  void Unlink(Timer& timer);
  std::optional<SlotPosition> NextSlot() const;
  void Spread(SlotPosition position, Tick now);
  void Fire(Tick now);

  base::TimePoint origin_;
  Tick elapsed_ = 0;
  std::array<std::uint64_t, kLevels> occupied_{};
  std::array<internal::ListNode, kLevels * kSlots> slots_;  // lowest wheel first
  internal::ListNode due_;                                  // armed for the past: fire in the next Advance
  internal::ListNode firing_;                               // fire in this Advance
};

}  // namespace gatehouse::net
