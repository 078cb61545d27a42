#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "codec/config/node.h"
#include "features/oversight/approval_desk.h"

namespace gatehouse::app {

// The section `oversight`.
struct OversightConfig {
  features::oversight::ApprovalSettings approvals;
  std::string link;                                   // where people decide, for notices; "": none is told
  base::Duration too_fast = std::chrono::seconds(3);  // a decision sooner after the request was made than that
};

// Problems are noted on the tree.
OversightConfig ReadOversight(const codec::config::Node& node);

}  // namespace gatehouse::app
