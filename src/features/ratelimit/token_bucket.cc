#include "features/ratelimit/token_bucket.h"

#include <limits>

namespace gatehouse::features::ratelimit {
namespace {

using Wide = unsigned __int128;

constexpr std::int64_t kMinute = 60'000'000'000;
constexpr std::int64_t kMostDebt = 24 * 60 * kMinute;
constexpr std::int64_t kMostNarrow = 1'000'000;  // so many minutes of nanoseconds, and a rate, are no more than 64 bits

}  // namespace

base::Duration Rate::LongCostOf(std::int64_t amount) const {
  if (amount >= 0 && amount <= kMostNarrow) {  // the processor divides these itself
    return base::Duration((amount * kMinute + per_minute_ - 1) / per_minute_);
  }
  const auto rate = static_cast<Wide>(per_minute_);
  const Wide cost = (static_cast<Wide>(std::max<std::int64_t>(amount, 0)) * kMinute + rate - 1) / rate;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max() / 4;
  return base::Duration(static_cast<std::int64_t>(std::min(cost, kMost)));
}

std::int64_t Rate::YieldOf(base::Duration time) const {
  if (time.count() <= 0) return 0;
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(time.count(), per_minute_, &product)) return product / kMinute;
  return static_cast<std::int64_t>(static_cast<Wide>(time.count()) * static_cast<Wide>(per_minute_) / kMinute);
}

base::Duration TokenBucket::Take(const Rate& rate, std::int64_t amount, base::TimePoint now) {
  const std::int64_t cost = rate.CostOf(amount).count();
  const std::int64_t latest = Count(now) + rate.window().count();
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t then = std::max(full_at, Count(now)) + cost;
    if (then > latest) return base::Duration(then - latest);
    if (full_at_.compare_exchange_weak(full_at, then, std::memory_order_relaxed)) return base::Duration::zero();
  }
}

base::Duration TokenBucket::WaitFor(const Rate& rate, std::int64_t amount, base::TimePoint now) const {
  const std::int64_t begin = std::max(full_at_.load(std::memory_order_relaxed), Count(now));
  const std::int64_t then = begin + rate.CostOf(amount).count();
  return base::Duration(std::max<std::int64_t>(0, then - Count(now) - rate.window().count()));
}

void TokenBucket::Charge(const Rate& rate, std::int64_t amount, base::TimePoint now) {
  const std::int64_t cost = rate.CostOf(amount).count();
  const std::int64_t latest = Count(now) + rate.window().count() + kMostDebt;
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  std::int64_t then = 0;
  do {
    then = std::max(full_at, std::min(std::max(full_at, Count(now)) + cost, latest));
  } while (!full_at_.compare_exchange_weak(full_at, then, std::memory_order_relaxed));
}

void TokenBucket::Return(const Rate& rate, std::int64_t amount) {
  full_at_.fetch_sub(rate.CostOf(amount).count(), std::memory_order_relaxed);
}

void TokenBucket::Set(const Rate& rate, std::int64_t left, std::int64_t millionths, base::TimePoint now) {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t begun = millionths * (kMinute / kMillion) / rate.per_minute();
  const std::int64_t full_in = rate.CostOf(rate.burst() - left).count() - begun;
  full_at_.store(Count(now) + std::max<std::int64_t>(0, full_in), std::memory_order_relaxed);
}

TokenBucket::Level TokenBucket::At(const Rate& rate, base::TimePoint now) const {
  const base::Duration full_in(std::max<std::int64_t>(0, full_at_.load(std::memory_order_relaxed) - Count(now)));
  return {.left = rate.YieldOf(rate.window() - full_in), .full_in = full_in};
}

}  // namespace gatehouse::features::ratelimit
