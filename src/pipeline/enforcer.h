#pragma once

#include <cstdint>
#include <string_view>

#include "pipeline/decision.h"
#include "pipeline/surface.h"

namespace gatehouse::pipeline {

// What a stage does about the rules of a phase on a surface.
enum class Enforcement : std::uint8_t { kNone, kEnforced };

// A stage that holds exchanges to rules, as the proof of coverage sees it. Immutable.
class Enforcer {
 public:
  virtual ~Enforcer() = default;
  // The stage's own name.
  virtual std::string_view Name() const = 0;
  // Whether it holds every exchange of that surface to the rules of that phase.
  virtual Enforcement Enforces(Surface surface, Phase phase) const = 0;
};

}  // namespace gatehouse::pipeline
