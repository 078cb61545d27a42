#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "codec/cel/cel.h"
#include "codec/cel/zone_rules.h"
#include "features/policy/rule.h"
#include "pipeline/decision.h"

namespace gatehouse::features::policy {

inline constexpr std::size_t kPhases = static_cast<std::size_t>(pipeline::Phase::kHandoff) + 1;

// What came of asking one rule.
struct Finding {
  const Rule* rule = nullptr;
  enum class Outcome : std::uint8_t {
    kHolds,
    kDoesNotHold,
    kFailed,  // its condition could not be evaluated: then it denies, unless it is one that allows
  } outcome = Outcome::kDoesNotHold;
  std::string reason;  // of a failure

  // What the rule says: nothing where it does not hold.
  bool Speaks() const;
  pipeline::Effect Says() const;
};

// What a policy decides about one request. Reused from one to the next, so that it costs no memory.
struct Verdict {
  pipeline::Effect effect = pipeline::Effect::kAllow;
  const Finding* decisive = nullptr;  // the first of the strictest; null: the default decided
  std::vector<Finding> findings;      // one for each rule that was asked, shadow rules included
};

// The rules of a configuration and what holds where none speaks. Decides as Cedar does (docs.cedarpolicy.com,
// "authorization"): order does not matter, and what forbids wins over what permits; between them are restriction and
// challenge. Immutable and shared by all loops.
class RuleSet {
 public:
  struct Settings {
    std::array<pipeline::Effect, kPhases> otherwise{};   // kAllow or kDeny, by phase
    std::shared_ptr<const codec::cel::ZoneRules> zone;   // of time.hour and time.weekday; never null
    std::shared_ptr<const codec::cel::TimeZones> zones;  // what the conditions' programs refer to
    std::vector<Rule> rules;
  };
  explicit RuleSet(Settings settings);
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  const std::vector<Rule>& rules() const { return settings_.rules; }
  const codec::cel::ZoneRules& zone() const { return *settings_.zone; }
  pipeline::Effect Otherwise(pipeline::Phase phase) const {
    return settings_.otherwise.at(static_cast<std::size_t>(phase));
  }
  // Whether there is anything to decide: a rule, or a default that is not `allow`.
  bool empty() const;

  // The rules of a phase whose scope covers the subject, in the order of the configuration.
  std::vector<const Rule*> Select(pipeline::Phase phase, const Subject& subject) const;
  // Asks each of them. `facts` is read while this runs.
  void Judge(pipeline::Phase phase, const std::vector<const Rule*>& selected, const codec::cel::Activation& facts,
             codec::cel::Scratch& scratch, Verdict& verdict) const;

 private:
  Settings settings_;
  // Rules by phase and surface: those that cannot match there are not looked at.
  std::array<std::array<std::vector<const Rule*>, pipeline::kSurfaces>, kPhases> by_surface_;
};

}  // namespace gatehouse::features::policy
