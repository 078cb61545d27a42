#pragma once

#include <memory>
#include <vector>

#include "app/config.h"
#include "codec/config/node.h"

namespace gatehouse::app {

// Reads `models`, whose targets name providers that `config` already has, and the breaker policy under `health`.
std::shared_ptr<const std::vector<features::routing::Route>> ReadModels(const codec::config::Node& list,
                                                                        const Config& config,
                                                                        const codec::config::Node& health,
                                                                        features::routing::HealthBoard& board);

}  // namespace gatehouse::app
