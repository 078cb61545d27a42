#include "pipeline/measure.h"

namespace gatehouse::pipeline {

std::string_view ToString(Measure measure) {
  switch (measure) {
    case Measure::kNone: return "none";
    case Measure::kAnnotate: return "annotate";
    case Measure::kNeutralise: return "neutralise";
    case Measure::kTokenise: return "tokenise";
    case Measure::kHash: return "hash";
    case Measure::kMask: return "mask";
    case Measure::kDrop: return "drop";
    case Measure::kDeny: return "deny";
  }
  return "unknown";
}

}  // namespace gatehouse::pipeline
