#include "inspect/default_detectors.h"

#include <utility>

#include "base/check.h"
#include "inspect/secret/secret_detector.h"

namespace gatehouse::inspect {

std::vector<std::unique_ptr<const Detector>> DefaultDetectors() {
  std::vector<std::unique_ptr<const Detector>> detectors;
  auto secrets = secret::MakeSecretDetector("");
  GH_CHECK(secrets.ok());  // its rules are part of the program
  detectors.push_back(std::move(secrets).value());
  return detectors;
}

}  // namespace gatehouse::inspect
