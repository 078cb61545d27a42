#include "features/ratelimit/stock.h"

#include <algorithm>
#include <utility>

namespace gatehouse::features::ratelimit {
namespace {

// What is drawn ahead should last so long,
constexpr base::Duration kAhead = std::chrono::milliseconds(250);
// and is no more than such a part of what is there for all.
constexpr std::int64_t kParts = 16;
// What is held may be used so long after the store was asked last; then it is no longer taken to be there.
constexpr base::Duration kLapse = std::chrono::seconds(3);
// So long what the store said of the rest is believed where it forbids something: others may give back.
constexpr base::Duration kBelief = std::chrono::milliseconds(250);

// A unit that this gateway uses alone counts as one for each gateway: so each lets its part of the limit through.
std::int64_t Stretched(std::int64_t amount, std::uint32_t gateways) {
  return amount * static_cast<std::int64_t>(gateways);
}
// A part that is less than is asked for would never suffice.
Rate ForOne(const Rate& rate, std::int64_t stretched) { return {rate.per_minute(), std::max(rate.burst(), stretched)}; }

}  // namespace

std::int64_t Stock::Has(base::TimePoint now) const {
  const std::int64_t has = has_.load(std::memory_order_relaxed);
  return Count(now) < valid_until_.load(std::memory_order_relaxed) ? has : std::min<std::int64_t>(has, 0);
}

// Where nothing that is held suffices.
Verdict Stock::WithoutStock(const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) const {
  if (asking == Asking::kAnswered || (asking == Asking::kMay && InContact())) {
    const base::Duration wait = rest_.WaitFor(rate, amount - Has(now), now);
    const bool known = Count(now) < known_until_.load(std::memory_order_relaxed);
    if (known && wait.count() > 0) return Verdict::After(wait);
    if (asking == Asking::kMay) return {.kind = Verdict::Kind::kShort};
    return Verdict::After(std::max(wait, rate.CostOf(1)));
  }
  if (sharing_.settings().without_store == WithoutStore::kAdmit) return {};
  if (sharing_.settings().without_store == WithoutStore::kRefuse) return {.kind = Verdict::Kind::kUnchecked};
  const std::int64_t stretched = Stretched(amount, sharing_.gateways());
  return Verdict::After(rest_.WaitFor(ForOne(rate, stretched), stretched, now));
}

Verdict Stock::Look(const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) const {
  if (Has(now) >= amount) return {};
  return WithoutStock(rate, amount, now, asking);
}

bool Stock::TakeHeld(std::int64_t amount, base::TimePoint now) {
  if (Count(now) >= valid_until_.load(std::memory_order_relaxed)) return false;
  std::int64_t has = has_.load(std::memory_order_relaxed);
  while (has >= amount) {
    if (has_.compare_exchange_weak(has, has - amount, std::memory_order_relaxed)) return true;
  }
  return false;
}

Verdict Stock::Take(const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) {
  if (TakeHeld(amount, now)) return {};
  const Verdict verdict = WithoutStock(rate, amount, now, asking);
  if (verdict.kind != Verdict::Kind::kEnough) return verdict;
  if (sharing_.settings().without_store == WithoutStore::kAdmit) {
    sharing_.counts().admitted.fetch_add(1, std::memory_order_relaxed);
    return verdict;
  }
  const std::int64_t stretched = Stretched(amount, sharing_.gateways());
  const base::Duration wait = rest_.Take(ForOne(rate, stretched), stretched, now);
  if (wait.count() > 0) return Verdict::After(wait);
  alone_.fetch_add(amount, std::memory_order_relaxed);
  sharing_.counts().shared.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void Stock::Charge(const Rate& rate, std::int64_t amount, base::TimePoint now) {
  if (InContact()) {
    has_.fetch_sub(amount, std::memory_order_relaxed);
    return;
  }
  rest_.Charge(rate, Stretched(amount, sharing_.gateways()), now);
  alone_.fetch_add(amount, std::memory_order_relaxed);
}

void Stock::Return(const Rate& rate, std::int64_t amount) {
  if (InContact()) {
    back_.fetch_add(amount, std::memory_order_relaxed);
    return;
  }
  rest_.Return(rate, Stretched(amount, sharing_.gateways()));
  alone_.fetch_sub(amount, std::memory_order_relaxed);
}

TokenBucket::Level Stock::At(const Rate& rate, base::TimePoint now) const {
  TokenBucket::Level level = rest_.At(rate, now);
  const std::int64_t parts = InContact() ? 1 : static_cast<std::int64_t>(sharing_.gateways());
  level.left = std::clamp<std::int64_t>(level.left / parts + Has(now), 0, rate.burst());
  return level;
}

Stock::Call Stock::AfterTake() {
  const std::int64_t low = low_.load(std::memory_order_relaxed);
  if (low == 0 || has_.load(std::memory_order_relaxed) > low) return Call::kNotNeeded;
  return low_.exchange(0, std::memory_order_relaxed) == 0 ? Call::kNotNeeded : Call::kNeeded;
}

// Sequentially consistent, like Unwatch() before another look: one of the two sees the other.
Stock::Call Stock::AfterCorrection() {
  if (!HasCorrections() || watched_.load() == Watched::kYes) return Call::kNotNeeded;
  return watched_.exchange(Watched::kYes) == Watched::kYes ? Call::kNotNeeded : Call::kNeeded;
}

bool Stock::HasCorrections() const { return has_.load() < 0 || back_.load() != 0 || alone_.load() != 0; }

bool Stock::IsIdle(base::TimePoint now) const {
  return has_.load(std::memory_order_relaxed) == 0 && !HasCorrections() && rest_.IsFull(now);
}

base::Duration Stock::validity(base::TimePoint now) const {
  return base::Duration(valid_until_.load(std::memory_order_relaxed) - Count(now));
}

store::KeyValue::Draft Stock::Statement(const Rate& rate, Keep keep, base::TimePoint now) {
  std::int64_t has = has_.load(std::memory_order_relaxed);
  const std::int64_t used = had_ - has;  // since the last answer
  const bool lapsed = Count(now) >= valid_until_.load(std::memory_order_relaxed);
  while ((keep == Keep::kNothing || lapsed || has < 0) && has != 0) {
    if (!has_.compare_exchange_weak(has, 0, std::memory_order_relaxed)) continue;
    change_ -= has;
    has = 0;
  }
  change_ -= back_.exchange(0, std::memory_order_relaxed);
  // What it used of its part since it lost contact; what that part has filled up again meanwhile is over.
  const std::int64_t alone = alone_.exchange(0, std::memory_order_relaxed);
  const auto gateways = static_cast<std::int64_t>(sharing_.gateways());
  change_ += alone <= 0 ? alone : std::min(alone, rate.YieldOf(rest_.At(rate, now).full_in) / gateways + 1);
  std::int64_t ahead = 0;
  if (const base::Duration took = now - had_at_; used > 0 && keep == Keep::kAll) {
    const std::int64_t ticks = std::max<std::int64_t>(1, took / std::chrono::milliseconds(1));
    ahead = static_cast<std::int64_t>(static_cast<__int128>(used) * (kAhead / std::chrono::milliseconds(1)) / ticks);
  }
  return {.key = {},
          .holder = {},
          .told = told_,
          .total = told_ + change_,
          .held = has,
          .ahead = ahead,
          .parts = kParts,
          .per_minute = rate.per_minute(),
          .burst = rate.burst(),
          .lapse = kLapse};
}

void Stock::Answered(const Rate& rate, const store::KeyValue::Draft& draft, const store::KeyValue::Drawn& drawn,
                     base::TimePoint asked_at, base::TimePoint now) {
  const std::int64_t more = drawn.total - draft.total;
  told_ = drawn.total;
  change_ = 0;
  valid_until_.store(Count(asked_at + kLapse), std::memory_order_relaxed);
  rest_.Set(rate, drawn.left, drawn.millionths, now);
  known_until_.store(Count(now + kBelief), std::memory_order_relaxed);
  had_ = has_.fetch_add(more, std::memory_order_relaxed) + more;
  had_at_ = now;
  low_.store(more > draft.wanted ? had_ / 2 : 0, std::memory_order_relaxed);
}

}  // namespace gatehouse::features::ratelimit
