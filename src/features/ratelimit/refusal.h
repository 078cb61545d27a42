#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "features/ratelimit/bucket.h"
#include "features/ratelimit/rule.h"

namespace gatehouse::features::ratelimit {

// The errors of requests that are refused, for the client: they name the rule and say when to come back.
base::Error TooFast(const Rule& rule, Measure measure, base::Duration wait);
// The store that gateways share does not answer, and nobody is let through without it.
base::Error Unchecked(const Rule& rule);
base::Error TooLarge(const Rule& rule, std::int64_t tokens);
// All slots are taken: nobody may wait for one, as many wait as may, or none came free in time.
enum class Waited : std::uint8_t { kNot, kQueueFull, kInVain };
base::Error TooMany(const Rule& rule, Waited waited);

}  // namespace gatehouse::features::ratelimit
