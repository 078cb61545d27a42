#pragma once

#include <string_view>

#include "features/oversight/loop_stops.h"
#include "pipeline/stage.h"

namespace gatehouse::features::oversight {

// Refuses what is stopped, before anything is done for it. Belongs to one loop.
class StopStage final : public pipeline::Stage {
 public:
  // `stops` outlives the stage.
  explicit StopStage(LoopStops& stops) : stops_(stops) {}

  std::string_view Name() const override { return "stop"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  LoopStops& stops_;
};

// Around the calls of upstreams, and behind what sees a call through whose client has gone: ends what is under way when
// it is stopped, the upstream's call first. Belongs to one loop.
class HaltStage final : public pipeline::Stage {
 public:
  // `stops` outlives the stage and the replies.
  explicit HaltStage(LoopStops& stops) : stops_(stops) {}

  std::string_view Name() const override { return "halt"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  LoopStops& stops_;
};

}  // namespace gatehouse::features::oversight
