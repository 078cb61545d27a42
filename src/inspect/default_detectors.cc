#include "inspect/default_detectors.h"

namespace gatehouse::inspect {

std::vector<std::unique_ptr<const Detector>> DefaultDetectors() { return {}; }

}  // namespace gatehouse::inspect
