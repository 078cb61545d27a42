#pragma once

#include <cstddef>
#include <vector>

#include "inspect/finding.h"

namespace gatehouse::inspect {

// Of findings[first, end) leaves each thing once, by position:
// - The same entity at the same bytes in several views is one finding: of the raw view, else the normalised one, with
//   the highest confidence.
// - Of personal data and secrets that overlap one is kept, because it may be masked: the more confident, else the
//   longer. A key inside of an address is a key.
// - Of other entities overlapping findings are one if they are the same entity; different ones say different things
//   about the same bytes (a hidden text that has a key in it is both).
void ResolveOverlaps(std::vector<Finding>& findings, std::size_t first);

}  // namespace gatehouse::inspect
