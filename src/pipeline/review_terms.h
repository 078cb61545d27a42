#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace gatehouse::pipeline {

// Which of the exchanges that a rule lets go are looked at by people when they are over, and how.
struct ReviewTerms {
  static constexpr std::int64_t kAll = 1'000'000;
  std::int64_t share_ppm = kAll;  // of a million
  base::Duration decide_within = std::chrono::hours(24);
  std::int64_t reviewers = 1;  // how many people look at each
  bool operator==(const ReviewTerms&) const = default;
};

}  // namespace gatehouse::pipeline
