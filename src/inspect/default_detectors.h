#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "inspect/content/content_detector.h"
#include "inspect/content/exfiltration_detector.h"
#include "inspect/content/whole_text.h"
#include "inspect/detector.h"
#include "inspect/pii/personal_detector.h"

namespace gatehouse::inspect {

// What each detector is told; as they come, they are what holds without a configuration. One that is told nothing is
// left out.
struct DetectorOptions {
  std::optional<pii::PersonalDetector::Options> personal = pii::PersonalDetector::Options();
  std::optional<std::string> secret_rules = "";  // beside those of the program: the text of a rule file, or none
  enum class Injection : std::uint8_t { kOff, kOn } injection = Injection::kOn;
  std::optional<content::ExfiltrationDetector::Options> exfiltration = content::ExfiltrationDetector::Options();
  std::vector<content::ContentRule> content;
  std::vector<std::string> content_allowed;  // patterns of what no content rule is about
  // For whoever watches texts (content::TextWatch): no detector sees more of a text than is around a place.
  std::vector<content::WholeTextRule> whole_texts;
};

// Every detector there is. kInvalidRequest where the rule file or a content rule is wrong.
base::Result<std::vector<std::unique_ptr<const Detector>>> MakeDetectors(DetectorOptions options);
// The same as they come.
std::vector<std::unique_ptr<const Detector>> DefaultDetectors(DetectorOptions options = {});

}  // namespace gatehouse::inspect
