#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "features/ratelimit/sharing.h"
#include "features/ratelimit/slots.h"
#include "features/ratelimit/stock.h"
#include "store/key_value.h"

namespace gatehouse::features::ratelimit {

// What this gateway has of a number of slots that several share: the ceiling of its own. It comes back to the others
// when this gateway does not say for kSlotLease that it has it. Requests use it on any thread; what is marked so is for
// the thread of the loop that asks the store.
class SlotLease {
 public:
  static constexpr base::Duration kSlotLease = std::chrono::seconds(10);

  // Both outlive it. Nothing is leased yet.
  SlotLease(Sharing& sharing, Slots& slots) : sharing_(sharing), slots_(slots) { slots_.SetCeiling(0); }
  SlotLease(const SlotLease&) = delete;
  SlotLease& operator=(const SlotLease&) = delete;

  // What is to be done for one more: nothing, since the others have them all; or ask; or, without the store, what it
  // says to do then.
  enum class Next : std::uint8_t { kFull, kAsk, kCountAlone, kAdmit, kUnchecked };
  Next ForOneMore(base::TimePoint now, Asking asking) const;
  // From now on this gateway counts alone, up to so many. kNeeded: the asking thread is to be told, for it to end.
  Stock::Call CountAlone(std::uint32_t ceiling);
  std::uint32_t PartOf(std::uint32_t limit) const;
  // Others may have given some back.
  void ForgetNone() { none_until_.store(0, std::memory_order_relaxed); }
  bool IsIdle() const { return slots_.ceiling() == 0; }

  // The rest is for the asking thread, one question after the other.
  enum class Keep : std::uint8_t { kAll, kWhatWasNeeded };
  // What is to be said to the store, without what names the slots. What is given back is no longer there.
  store::KeyValue::Claim Statement(std::uint32_t limit, Keep keep, base::TimePoint now);
  // `claim` was said `asked_at`.
  void Answered(const store::KeyValue::Claim& claim, const store::KeyValue::Grant& grant, base::TimePoint asked_at,
                base::TimePoint now);
  // Nobody said for too long that this gateway has them: others have them now.
  void Lapse(base::TimePoint now);
  // Looks at what is under way: what was needed is the most since the last statement.
  void Look();
  void ForgetPeak() { peak_ = 0; }
  // Whether some were not needed.
  bool HasIdle() const { return CountsTogether() && slots_.ceiling() > peak_; }
  bool CountsTogether() const { return alone_.load() == Alone::kNo; }
  base::Duration validity(base::TimePoint now) const { return valid_until_ - now; }

 private:
  enum class Alone : std::uint8_t { kNo, kYes };

  Sharing& sharing_;
  Slots& slots_;
  std::atomic<std::int64_t> none_until_ = 0;  // the others are taken to have them all
  std::atomic<Alone> alone_ = Alone::kNo;

  // Of the asking thread.
  std::uint32_t peak_ = 0;
  base::TimePoint valid_until_{};
};

}  // namespace gatehouse::features::ratelimit
