#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace gatehouse::codec::http2 {

// Allows `burst` at once and `per_second` in the long run. Time comes from the caller.
class TokenBucket {
 public:
  enum class Verdict : std::uint8_t { kWithin, kExceeded };

  TokenBucket(std::uint32_t burst, std::uint32_t per_second)
      : capacity_(burst * kScale), level_(capacity_), per_second_(per_second) {}

  Verdict Take(base::TimePoint now) {
    Refill(now);
    if (level_ < kScale) return Verdict::kExceeded;
    level_ -= kScale;
    return Verdict::kWithin;
  }
  void GiveBack() { level_ = std::min(capacity_, level_ + kScale); }

 private:
  static constexpr std::int64_t kScale = 1'000'000'000;  // tokens are kept in billionths: one per nanosecond and rate

  void Refill(base::TimePoint now) {
    const auto elapsed = std::min<std::int64_t>((now - last_).count(), kLongestRefill);
    last_ = now;
    if (elapsed > 0) level_ = std::min(capacity_, level_ + elapsed * per_second_);
  }

  static constexpr std::int64_t kLongestRefill = 60 * kScale;
  std::int64_t capacity_;
  std::int64_t level_;
  std::int64_t per_second_;
  base::TimePoint last_{};
};

}  // namespace gatehouse::codec::http2
