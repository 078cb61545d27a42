#include "inspect/default_detectors.h"

#include <utility>

#include "base/check.h"
#include "inspect/content/injection_detector.h"
#include "inspect/secret/secret_detector.h"

namespace gatehouse::inspect {

base::Result<std::vector<std::unique_ptr<const Detector>>> MakeDetectors(DetectorOptions options) {
  std::vector<std::unique_ptr<const Detector>> detectors;
  if (options.personal) detectors.push_back(std::make_unique<pii::PersonalDetector>(*std::move(options.personal)));
  if (options.secret_rules) {
    GH_TRY(auto secrets, secret::MakeSecretDetector(*options.secret_rules));
    detectors.push_back(std::move(secrets));
  }
  if (options.injection == DetectorOptions::Injection::kOn) {
    detectors.push_back(std::make_unique<content::InjectionDetector>());
  }
  if (options.exfiltration) {
    detectors.push_back(std::make_unique<content::ExfiltrationDetector>(*std::move(options.exfiltration)));
  }
  if (!options.content.empty()) {
    GH_TRY(auto rules, content::ContentDetector::Make(std::move(options.content), options.content_allowed));
    detectors.push_back(std::move(rules));
  }
  return detectors;
}

std::vector<std::unique_ptr<const Detector>> DefaultDetectors(DetectorOptions options) {
  auto detectors = MakeDetectors(std::move(options));
  GH_CHECK(detectors.ok());  // the rules that come with the program are read by its tests
  return std::move(detectors).value();
}

}  // namespace gatehouse::inspect
