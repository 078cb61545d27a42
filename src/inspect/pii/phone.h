#pragma once

#include <cstddef>
#include <vector>

#include "inspect/pii/context.h"
#include "inspect/pii/sighting.h"

namespace gatehouse::inspect::pii {

// Sees telephone numbers: international ones by the country's code and length (ITU-T E.164), North American ones by
// their groups, others by a trunk zero and groups, by words before them or by the label behind them. Immutable.
class PhoneRecogniser {
 public:
  PhoneRecogniser();

  // The number that begins at `at`, a plus sign, a parenthesis or a digit that no letter or digit stands before.
  void See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

 private:
  ContextWords context_;
};

}  // namespace gatehouse::inspect::pii
