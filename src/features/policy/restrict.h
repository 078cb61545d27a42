#pragma once

#include <vector>

#include "base/result.h"
#include "features/policy/rule.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::policy {

// Does to the exchange what these rules want, in their order, and says so in its warnings. What cannot be done is a
// refusal (kDenied) that names the rule: a restriction is never left out silently.
base::Status Restrict(const std::vector<const Rule*>& rules, pipeline::Exchange& exchange);

}  // namespace gatehouse::features::policy
