#include "features/ratelimit/slot_lease.h"

#include <algorithm>

namespace gatehouse::features::ratelimit {
namespace {

constexpr std::int64_t kParts = 16;  // what is leased beyond need is such a part of what is left
// So long the others are taken to have what they had.
constexpr base::Duration kBelief = std::chrono::milliseconds(100);

std::int64_t Count(base::TimePoint at) { return at.time_since_epoch().count(); }

}  // namespace

SlotLease::Next SlotLease::ForOneMore(base::TimePoint now, Asking asking) const {
  if (asking == Asking::kAnswered) return Next::kFull;
  if (sharing_.contact() == Sharing::Contact::kKept) {
    // Who asked in vain had less time than it takes to ask the others too.
    const bool may_ask = asking == Asking::kMay && Count(now) >= none_until_.load(std::memory_order_relaxed);
    return may_ask ? Next::kAsk : Next::kFull;
  }
  switch (sharing_.settings().without_store) {
    case WithoutStore::kAdmit: return Next::kAdmit;
    case WithoutStore::kRefuse: return Next::kUnchecked;
    case WithoutStore::kShare: break;
  }
  return Next::kCountAlone;
}

std::uint32_t SlotLease::PartOf(std::uint32_t limit) const { return std::max(1U, limit / sharing_.gateways()); }

Stock::Call SlotLease::CountAlone(std::uint32_t ceiling) {
  slots_.SetCeiling(ceiling);
  return alone_.exchange(Alone::kYes) == Alone::kYes ? Stock::Call::kNotNeeded : Stock::Call::kNeeded;
}

void SlotLease::Look() { peak_ = std::max(peak_, slots_.used() + slots_.waiting()); }

store::KeyValue::Claim SlotLease::Statement(std::uint32_t limit, Keep keep, base::TimePoint now) {
  using Claim = store::KeyValue::Claim;
  Look();
  std::uint32_t has = slots_.ceiling();
  if (!CountsTogether() || now >= valid_until_) has = 0;
  if (keep == Keep::kWhatWasNeeded) has = std::min(has, peak_);
  const std::uint32_t used = slots_.SetCeiling(has);
  alone_.store(Alone::kNo);
  if (keep == Keep::kWhatWasNeeded) peak_ = used;
  return {.key = {},
          .holder = {},
          .basis = Claim::Basis::kStated,
          .has = std::max(has, used),
          .used = used,
          .parts = kParts,
          .limit = limit,
          .ttl = kSlotLease,
          .others = {},
          .guard = {},
          .guard_value = {}};
}

void SlotLease::Answered(const store::KeyValue::Claim& claim, const store::KeyValue::Grant& grant,
                         base::TimePoint asked_at, base::TimePoint now) {
  valid_until_ = asked_at + kSlotLease;
  none_until_.store(grant.taken >= claim.limit ? Count(now + kBelief) : 0, std::memory_order_relaxed);
  slots_.SetCeiling(static_cast<std::uint32_t>(std::clamp<std::int64_t>(grant.share, 0, 0xFFFF'FFFF)));
}

void SlotLease::Lapse(base::TimePoint now) {
  if (CountsTogether() && now >= valid_until_) slots_.SetCeiling(0);
}

}  // namespace gatehouse::features::ratelimit
