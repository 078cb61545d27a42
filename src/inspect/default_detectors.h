#pragma once

#include <memory>
#include <vector>

#include "inspect/detector.h"

namespace gatehouse::inspect {

// Every detector there is, as it is without a configuration.
std::vector<std::unique_ptr<const Detector>> DefaultDetectors();

}  // namespace gatehouse::inspect
