#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "features/routing/route.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::routing {

// What a request asks of a target. The views are into the exchange.
struct Needs {
  pipeline::Capabilities capabilities;
  std::uint64_t input_tokens = 0;   // estimated, four bytes a token
  std::uint64_t output_tokens = 0;  // what it allows, or 1024 where it does not say
  std::string_view session;
  std::string_view key;
  std::string_view team;
  std::string_view provider;  // the only one that may serve it; "": any
};
Needs NeedsOf(const pipeline::Exchange& exchange);

// One target that can serve the request, with its provider.
struct Candidate {
  const Target* target;
  pipeline::Provider* provider;
};

// A route's targets with the providers of one loop, in the order of `targets`.
struct BoundRoute {
  const Route* route;
  std::vector<pipeline::Provider*> providers;
};

// The targets that can serve the request, in the order in which the strategy wants them tried. Fails with the reason
// when none can (not when all are merely down): kUnsupported naming what is missing.
base::Result<std::vector<Candidate>> SelectTargets(const BoundRoute& bound, const Needs& needs, std::uint64_t turn,
                                                   base::TimePoint now, base::Random& random);

}  // namespace gatehouse::features::routing
