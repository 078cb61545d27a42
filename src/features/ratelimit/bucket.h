#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "features/ratelimit/sharing.h"
#include "features/ratelimit/slot_lease.h"
#include "features/ratelimit/slots.h"
#include "features/ratelimit/stock.h"
#include "features/ratelimit/token_bucket.h"

namespace gatehouse::features::ratelimit {

// What a rule counts.
enum class Measure : std::uint8_t { kRequests, kTokens };

// What this gateway has of a bucket that several gateways share.
struct SharedBucket {
  // `key` names the bucket among all of them, `holder` this object; `sharing` and `of` outlive it.
  SharedBucket(Sharing& sharing, Slots& of, std::string its_key, std::string its_holder)
      : key(std::move(its_key)),
        holder(std::move(its_holder)),
        requests(sharing),
        tokens(sharing),
        slots(sharing, of) {}

  Stock& Of(Measure measure) { return measure == Measure::kRequests ? requests : tokens; }
  bool IsIdle(base::TimePoint now) const { return requests.IsIdle(now) && tokens.IsIdle(now) && slots.IsIdle(); }

  const std::string key;
  const std::string holder;
  Stock requests;
  Stock tokens;
  SlotLease slots;
};

// What one rule has counted of one caller, or of all. Thread-safe.
struct Bucket {
  TokenBucket requests;
  TokenBucket tokens;
  Slots slots;
  std::unique_ptr<SharedBucket> shared;  // null: it is this gateway's alone. Else it counts, and the two above do not

  // Whether it is as good as one that was never used.
  bool IsIdle(base::TimePoint now) const {
    if (slots.used() > 0 || slots.waiting() > 0) return false;
    return requests.IsFull(now) && tokens.IsFull(now) && (shared == nullptr || shared->IsIdle(now));
  }
  static std::shared_ptr<Slots> SlotsOf(const std::shared_ptr<Bucket>& bucket) { return {bucket, &bucket->slots}; }

  Verdict Look(Measure measure, const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) const {
    if (shared == nullptr) [[likely]]
      return Verdict::After(Alone(measure).WaitFor(rate, amount, now));
    return shared->Of(measure).Look(rate, amount, now, asking);
  }
  Verdict Take(Measure measure, const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) {
    if (shared == nullptr) [[likely]]
      return Verdict::After(Alone(measure).Take(rate, amount, now));
    return shared->Of(measure).Take(rate, amount, now, asking);
  }
  void Charge(Measure measure, const Rate& rate, std::int64_t amount, base::TimePoint now) {
    if (shared == nullptr) [[likely]]
      return Alone(measure).Charge(rate, amount, now);
    shared->Of(measure).Charge(rate, amount, now);
  }
  void Return(Measure measure, const Rate& rate, std::int64_t amount) {
    if (shared == nullptr) [[likely]]
      return Alone(measure).Return(rate, amount);
    shared->Of(measure).Return(rate, amount);
  }
  TokenBucket::Level At(Measure measure, const Rate& rate, base::TimePoint now) const {
    if (shared == nullptr) [[likely]]
      return Alone(measure).At(rate, now);
    return shared->Of(measure).At(rate, now);
  }

 private:
  TokenBucket& Alone(Measure measure) { return measure == Measure::kRequests ? requests : tokens; }
  const TokenBucket& Alone(Measure measure) const { return measure == Measure::kRequests ? requests : tokens; }
};

}  // namespace gatehouse::features::ratelimit
