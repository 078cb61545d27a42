#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "features/routing/selection.h"
#include "llm/event.h"
#include "pipeline/exchange.h"
#include "pipeline/operation.h"

namespace gatehouse::features::routing {

// One call to one target, until its answer has begun: sends, and for chat pulls the first events, so that a failure
// that arrives inside a 200 still counts as a failure of this attempt. Tells the target's health how it went and notes
// the attempt on the exchange. Dropped, it withdraws its question from the target's health.
net::Task<base::Result<pipeline::Reply>> MakeAttempt(pipeline::Exchange& exchange, const Route& route,
                                                     Candidate candidate, std::string reason);

}  // namespace gatehouse::features::routing
