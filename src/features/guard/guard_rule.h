#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/channel.h"
#include "inspect/finding.h"
#include "pipeline/decision.h"
#include "pipeline/inspection.h"
#include "pipeline/measure.h"
#include "pipeline/surface.h"

namespace gatehouse::features::guard {

using pipeline::Measure;

// What is to be done about which findings. Immutable.
struct GuardRule {
  std::string id;
  // Which findings: of one of these categories or entities; all where both are empty.
  std::bitset<5> categories;
  std::vector<std::string> entities;
  float at_least = 0;  // confidence
  std::bitset<inspect::kChannels> channels = std::bitset<inspect::kChannels>().set();
  std::bitset<2> sides = std::bitset<2>().set();
  std::bitset<pipeline::kSurfaces> surfaces = std::bitset<pipeline::kSurfaces>().set();
  std::vector<std::string> models;  // public names; all where empty

  Measure measure = Measure::kAnnotate;
  pipeline::Decision::Mode mode = pipeline::Decision::Mode::kEnforced;
  std::string message;                // for the caller, of a denial
  std::vector<std::string> controls;  // "OWASP LLM02", ...

  bool IsAbout(const inspect::Finding& finding, inspect::Channel channel, pipeline::Side side) const;
};

// The rules about one exchange, in order.
class Docket {
 public:
  Docket(const std::vector<GuardRule>& rules, pipeline::Surface surface, std::string_view model);

  // The first enforced rule of kNone that is about it ends the search; else the strictest enforced one, the first of
  // equals; nullptr where none is. `shadow` is called for each rule that would have spoken.
  template <class Shadow>
  const GuardRule* Decide(const inspect::Finding& finding, inspect::Channel channel, pipeline::Side side,
                          Shadow shadow) const {
    const GuardRule* strictest = nullptr;
    for (const GuardRule* rule : rules_) {
      if (!rule->IsAbout(finding, channel, side)) continue;
      if (rule->mode == pipeline::Decision::Mode::kShadow) {
        shadow(*rule);
        continue;
      }
      if (rule->measure == Measure::kNone) return rule;
      if (strictest == nullptr || rule->measure > strictest->measure) strictest = rule;
    }
    return strictest;
  }

  bool empty() const { return rules_.empty(); }
  bool Reaches(pipeline::Side side) const;

 private:
  std::vector<const GuardRule*> rules_;  // owned by whoever made it
};

// What holds without a configuration: secrets are masked on their way out and in the answer, what would load from hosts
// nobody named is written so that it does not, injections in what tools and documents say are refused where there is
// little doubt; everything else is noted.
std::vector<GuardRule> DefaultRules();

}  // namespace gatehouse::features::guard
