#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "features/ratelimit/rule.h"

namespace gatehouse::features::ratelimit {

// What a rule counts.
enum class Measure : std::uint8_t { kRequests, kTokens };

// The errors of requests that are refused, for the client: they name the rule and say when to come back.
base::Error TooFast(const Rule& rule, Measure measure, base::Duration wait);
base::Error TooLarge(const Rule& rule, std::int64_t tokens);
// All slots are taken: nobody may wait for one, as many wait as may, or none came free in time.
enum class Waited : std::uint8_t { kNot, kQueueFull, kInVain };
base::Error TooMany(const Rule& rule, Waited waited);

}  // namespace gatehouse::features::ratelimit
