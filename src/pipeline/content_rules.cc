#include "pipeline/content_rules.h"

#include <algorithm>

namespace gatehouse::pipeline {

bool ContentMeasure::IsAbout(const inspect::Finding& finding) const {
  return categories.test(static_cast<std::size_t>(finding.category)) ||
         std::ranges::find(entities, finding.entity) != entities.end();
}

}  // namespace gatehouse::pipeline
