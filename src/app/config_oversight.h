#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "codec/config/node.h"
#include "features/oversight/approval_desk.h"

namespace gatehouse::app {

// The section `oversight.reviews`.
struct ReviewConfig {
  std::string link;                                    // where people look, for notices; "": none is told
  base::Duration too_fast = std::chrono::seconds(10);  // a verdict sooner than that after the one before
  std::int64_t max_waiting = 10'000;                   // in the database
};

// The section `oversight`.
struct OversightConfig {
  features::oversight::ApprovalSettings approvals;
  std::string link;                                   // where people decide, for notices; "": none is told
  base::Duration too_fast = std::chrono::seconds(3);  // a decision sooner after the request was made than that
  ReviewConfig reviews;
};

// Problems are noted on the tree.
OversightConfig ReadOversight(const codec::config::Node& node);

}  // namespace gatehouse::app
