#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace gatehouse::pipeline {

// How a caller stands with the tightest of the limits on its rate, for the headers that its dialect has for that.
// Attached to the exchange by the stage that knows.
struct RateStanding {
  struct Allowance {
    std::int64_t limit = 0;    // at once, after a pause
    std::int64_t left = 0;     // now
    base::Duration full_in{};  // until all of it is there again
    bool operator==(const Allowance&) const = default;
  };
  std::optional<Allowance> requests;  // nullopt: no such limit
  std::optional<Allowance> tokens;
  bool operator==(const RateStanding&) const = default;
};

}  // namespace gatehouse::pipeline
