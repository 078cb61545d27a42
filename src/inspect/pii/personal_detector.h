#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/detector.h"

namespace gatehouse::inspect::pii {

// Sees personal data, under the names that Presidio gives to its kinds ("EMAIL_ADDRESS", "US_SSN"); docs/guard.md lists
// them. A candidate is confirmed by its form and check digits; how sure it is depends on how it is written and on the
// words before it.
class PersonalDetector final : public Detector {
 public:
  struct Options {
    float threshold = 0.5F;                                // of confidence, below which nothing is told
    std::map<std::string, float, std::less<>> thresholds;  // of single entities
    std::vector<std::string> entities;                     // to look for; empty: all
    std::vector<std::string> allowed_values;               // never told: as written, letters of either case
    std::vector<std::string> allowed_domains;              // of mail addresses and URLs, with what is below them
  };

  explicit PersonalDetector(Options options);
  ~PersonalDetector() override;

  std::string_view Name() const override { return "pii"; }
  std::vector<Trigger> Triggers() const override;
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override;
  Wakes WokenBy() const override { return Wakes::kAlways; }

  // All that can be told of.
  static std::vector<std::string_view> Entities();

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace gatehouse::inspect::pii
