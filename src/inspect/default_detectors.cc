#include "inspect/default_detectors.h"

#include <utility>

#include "base/check.h"
#include "inspect/content/exfiltration_detector.h"
#include "inspect/content/injection_detector.h"
#include "inspect/secret/secret_detector.h"

namespace gatehouse::inspect {

std::vector<std::unique_ptr<const Detector>> DefaultDetectors(DetectorOptions options) {
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(std::make_unique<pii::PersonalDetector>(std::move(options.personal)));
  auto secrets = secret::MakeSecretDetector("");
  GH_CHECK(secrets.ok());  // its rules are part of the program
  detectors.push_back(std::move(secrets).value());
  detectors.push_back(std::make_unique<content::InjectionDetector>());
  detectors.push_back(std::make_unique<content::ExfiltrationDetector>(content::ExfiltrationDetector::Options{}));
  return detectors;
}

}  // namespace gatehouse::inspect
