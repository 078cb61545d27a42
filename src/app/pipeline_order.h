#pragma once

#include <memory>

#include "app/config.h"
#include "features/accounting/loop_accounting.h"
#include "features/oversight/loop_stops.h"
#include "features/ratelimit/rule_set.h"
#include "features/routing/routing_stage.h"
#include "pipeline/stage.h"

namespace gatehouse::app {

// What stages work with that is the loop's, whatever the configuration; outlives them.
struct LoopParts {
  features::accounting::LoopAccounting& accounting;
  features::audit::LoopRecord* record;  // null where none is kept
  features::oversight::LoopStops& stops;
};

// The stages of one loop in the order in which they see an exchange. The order and its reasons are in the source.
// Authentication comes before all of them, before the exchange exists; `governing` is what GoverningStages() made.
std::shared_ptr<const pipeline::Pipeline> BuildPipeline(const Config& config, pipeline::Stages governing,
                                                        std::shared_ptr<const features::ratelimit::RuleSet> rates,
                                                        std::shared_ptr<const features::routing::RouteTable> routes,
                                                        LoopParts parts);

}  // namespace gatehouse::app
