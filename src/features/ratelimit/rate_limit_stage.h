#pragma once

#include <memory>
#include <string_view>

#include "features/ratelimit/selection.h"
#include "pipeline/stage.h"

namespace gatehouse::features::ratelimit {

class Admission;

// Lets exchanges through no faster, and no more at once, than the rules say, and tells each how it stands. Asking which
// models there are is free. One loop; the buckets behind the rules are those of all loops.
class RateLimitStage final : public pipeline::Stage {
 public:
  explicit RateLimitStage(std::shared_ptr<const RuleSet> rules) : selection_(std::move(rules)) {}

  std::string_view Name() const override { return "rate_limit"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  void Guard(pipeline::Exchange& exchange, Admission& admission) const;
  net::Task<base::Result<pipeline::Reply>> FetchAndServe(pipeline::Exchange& exchange, Admission& admission,
                                                         pipeline::Next next) const;
  static net::Task<base::Result<pipeline::Reply>> Refuse(base::Error error);
  static net::Task<base::Result<pipeline::Reply>> Serve(pipeline::Exchange& exchange, Admission& admission,
                                                        pipeline::Next next);

  const RuleSet& rules() const { return selection_.rules(); }

  mutable Selection selection_;  // the loop's, like the stage
};

}  // namespace gatehouse::features::ratelimit
