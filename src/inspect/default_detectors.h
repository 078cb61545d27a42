#pragma once

#include <memory>
#include <vector>

#include "inspect/detector.h"
#include "inspect/pii/personal_detector.h"

namespace gatehouse::inspect {

// What each detector is told; as they come, they are what holds without a configuration.
struct DetectorOptions {
  pii::PersonalDetector::Options personal;
};

// Every detector there is.
std::vector<std::unique_ptr<const Detector>> DefaultDetectors(DetectorOptions options = {});

}  // namespace gatehouse::inspect
