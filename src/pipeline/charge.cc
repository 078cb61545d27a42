#include "pipeline/charge.h"

namespace gatehouse::pipeline {

std::string_view ToString(Charge::Basis basis) {
  switch (basis) {
    case Charge::Basis::kNothing: return "nothing";
    case Charge::Basis::kProvider: return "provider";
    case Charge::Basis::kEstimated: return "estimated";
    case Charge::Basis::kWorstCase: return "worst_case";
  }
  return "unknown";
}

}  // namespace gatehouse::pipeline
