#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "codec/cel/cel.h"
#include "codec/cel/zone_rules.h"
#include "features/policy/fact_memory.h"
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

// What a policy decides about one request. Views into its docket, until that is judged again.
struct Verdict {
  pipeline::Effect effect = pipeline::Effect::kAllow;
  const Finding* decisive = nullptr;  // the first of the strictest; null: the default decided
  enum class Speaks : std::uint8_t { kNone, kSome } speaks = Speaks::kNone;  // whether any rule says anything
};

// What came of asking the rules of a docket, in little, to be remembered. Immutable: all requests of which the same
// came share one. The rule set outlives it.
struct Minutes {
  struct Mark {
    std::uint32_t rule = 0;  // its place in the set
    Finding::Outcome outcome = Finding::Outcome::kDoesNotHold;
  };
  pipeline::Effect effect = pipeline::Effect::kAllow;
  const Rule* decisive = nullptr;  // null: the default decided
  std::vector<Mark> marks;
  std::vector<std::string> reasons;  // of those that failed, in their order
};

// The rules that a subject is under, and what came of asking each of them the last time. One whose condition comes to
// the same for all requests of the subject is asked once, the others when a fact has changed that they look at
// (RuleSet::Judge). One thread; the rule set outlives it.
class Docket {
 public:
  Docket() = default;
  Docket(Docket&&) = default;
  Docket& operator=(Docket&&) = default;

  // In the order of the configuration, shadow rules included.
  const std::vector<Finding>& findings() const { return findings_; }
  // Those of them that are not the same for all requests.
  struct Open {
    std::uint32_t finding = 0;   // its place in findings()
    FactMemory::Mask reads = 0;  // the facts it looks at, of those that vary
  };
  const std::vector<Open>& open() const { return open_; }
  // What was judged last.
  std::shared_ptr<const Minutes> TakeMinutes();

 private:
  friend class RuleSet;
  Verdict Conclude() const;

  const Rule* first_rule_ = nullptr;  // of the set
  std::vector<Finding> findings_;
  std::vector<Open> open_;
  FactMemory memory_;
  Verdict verdict_;
  std::shared_ptr<const Minutes> minutes_;  // of verdict_; null until somebody takes them
  // Of those that are settled:
  const Finding* decisive_ = nullptr;
  bool allowed_ = false;
  bool speaks_ = false;
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
  // The same for a phase on a surface.
  bool AreAbout(pipeline::Surface surface, pipeline::Phase phase) const;

  // The rules of a phase whose scope covers the subject. `standing` shows the facts that all its requests share, and
  // the others as unknown; it is read while this runs.
  Docket DocketOf(pipeline::Phase phase, const Subject& subject, const codec::cel::Activation& standing,
                  codec::cel::Scratch& scratch) const;
  // Asks those that are open and look at a fact that is not what it was the last time. `facts` is read while this runs;
  // what it shares with `standing` is the same.
  static Verdict Judge(Docket& docket, const codec::cel::Activation& facts, codec::cel::Scratch& scratch);

 private:
  Settings settings_;
  // Rules by phase and surface: those that cannot match there are not looked at.
  std::array<std::array<std::vector<const Rule*>, pipeline::kSurfaces>, kPhases> by_surface_;
};

}  // namespace gatehouse::features::policy
