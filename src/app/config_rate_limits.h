#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "codec/config/node.h"
#include "features/ratelimit/rule.h"

namespace gatehouse::app {

struct Config;

// Reads the list `rate_limits`. Problems are noted on the tree, also rules that no provider or model of `config` could
// ever come under.
std::shared_ptr<const std::vector<features::ratelimit::Rule>> ReadRateLimits(const codec::config::Node& list,
                                                                             const Config& config);

}  // namespace gatehouse::app
