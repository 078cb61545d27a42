#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "inspect/finding.h"

namespace gatehouse::inspect::pii {

// Something that looks like personal data.
struct Sighting {
  std::string_view entity;  // of static storage
  Span span;
  float confidence = 0;
};

// Text between two seams, and what stands before it: nothing behind `text` may be looked at.
struct Piece {
  std::string_view text;  // up to the second seam
  std::size_t begin = 0;  // the first seam: nothing that is seen begins before it

  std::size_t end() const { return text.size(); }
};

}  // namespace gatehouse::inspect::pii
