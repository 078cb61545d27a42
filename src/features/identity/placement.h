#pragma once

#include <cstdint>

#include "base/result.h"
#include "pipeline/principal.h"

namespace gatehouse::features::identity {

// Finds where somebody stands in the tenancy tree who came with names and not with a key: by a token, a certificate, a
// password. Thread-safe; outlives who asks.
class Placement {
 public:
  virtual ~Placement() = default;
  // Fills in the chain from the principal's organization, team, project, kind and name. kDenied where the tree has
  // suspended any of them.
  virtual base::Status Place(pipeline::Principal& principal) const = 0;
  // Changes whenever an answer of Place() may have.
  virtual std::uint64_t version() const = 0;
};

}  // namespace gatehouse::features::identity
