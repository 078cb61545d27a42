#include "app/pipeline_order.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/route_offers.h"
#include "features/accounting/accounting_stage.h"
#include "features/audit/record_stage.h"
#include "features/oversight/stop_stage.h"
#include "features/ratelimit/rate_limit_stage.h"

namespace gatehouse::app {

std::shared_ptr<const pipeline::Pipeline> BuildPipeline(const Config& config, pipeline::Stages governing,
                                                        std::shared_ptr<const features::ratelimit::RuleSet> rates,
                                                        std::shared_ptr<const features::routing::RouteTable> routes,
                                                        LoopParts parts) {
  pipeline::Stages stages;
  // What people stopped is not even judged.
  stages.push_back(std::make_unique<features::oversight::StopStage>(parts.stops));
  // Then the rules: nothing is held, looked up or sent for what they refuse, and no stage can answer before them.
  std::ranges::move(governing, std::back_inserter(stages));
  // The cheapest refusal is next, and who waits for a place holds no money meanwhile.
  if (!rates->empty()) stages.push_back(std::make_unique<features::ratelimit::RateLimitStage>(std::move(rates)));
  // Around everything that can cost money, and behind everything that can refuse for another reason: what is refused
  // there is not held here.
  if (config.accounting.keeping == AccountingConfig::Keeping::kOn) {
    stages.push_back(std::make_unique<features::accounting::AccountingStage>(
        parts.accounting, config.accounting.settings, config.prices,
        std::make_shared<const RouteOffers>(*config.routes)));
  }
  // Behind everything that decides, and before anything is done: what was decided is on record by then.
  if (parts.record != nullptr) stages.push_back(std::make_unique<features::audit::RecordStage>(*parts.record));
  // Behind the accounting, which sees a call through whose client has gone and hears of one that is ended as of one
  // that failed; around all that calls an upstream.
  stages.push_back(std::make_unique<features::oversight::HaltStage>(parts.stops));
  // Around the routing, because it answers only what no target would.
  stages.push_back(std::make_unique<features::token_count::LocalCountStage>(config.token_tables));
  // The choice of a target comes last: whatever is refused above never reaches an upstream.
  stages.push_back(std::make_unique<features::routing::RoutingStage>(std::move(routes)));
  return std::make_shared<const pipeline::Pipeline>(std::move(stages));
}

}  // namespace gatehouse::app
