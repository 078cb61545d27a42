#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/channel.h"
#include "inspect/finding.h"
#include "pipeline/content_rules.h"
#include "pipeline/exchange.h"
#include "pipeline/inspection.h"

namespace gatehouse::features::guard {

// In which phase a text is judged.
pipeline::Phase PhaseOf(inspect::Channel channel, pipeline::Side side);

// What rules on content say of one exchange, phase by phase, each with all that was found there so far. Of one loop.
class ContentPhases {
 public:
  // Of so many findings all are told. Above that one is told where there is none yet of its entity, channel and view;
  // of others the greatest confidence is remembered.
  static constexpr std::size_t kMostFindings = 1000;
  static constexpr std::size_t kMostTools = 1000;

  // Both outlive it.
  ContentPhases(const pipeline::ContentRules& rules, pipeline::Exchange& exchange);

  // Whether any rule is about what goes that way.
  bool Reach(pipeline::Side side) const;
  bool Reach(pipeline::Phase phase) const { return StateOf(phase).rules == Rules::kSome; }

  // The exchange has come to that phase: Judge() asks about it, unless it was asked about before.
  void Meet(pipeline::Phase phase);
  void Add(pipeline::Phase phase, inspect::Channel channel, const inspect::Finding& finding);
  // The answer calls a tool.
  void AddCall(std::string_view tool);

  // Asks about all phases in which something is new. The first verdict that refuses, or nullptr.
  const pipeline::ContentVerdict* Judge();

  // The strictest that rules want done about a finding, by the latest verdict on its phase.
  struct Order {
    pipeline::Measure measure = pipeline::Measure::kNone;
    std::string_view rule;
  };
  Order StrictestOn(pipeline::Phase phase, const inspect::Finding& finding) const;

 private:
  enum class Rules : std::uint8_t { kNone, kSome };
  enum class News : std::uint8_t { kNone, kSome };
  struct State {
    Rules rules = Rules::kNone;
    News news = News::kNone;
    using Round = pipeline::ContentQuestion::Round;
    Round round = Round::kFirst;  // the next
    std::vector<pipeline::ContentFinding> findings;
    pipeline::ContentVerdict verdict;
  };
  static constexpr std::size_t kPhases = static_cast<std::size_t>(pipeline::Phase::kHandoff);

  State& StateOf(pipeline::Phase phase) { return states_.at(static_cast<std::size_t>(phase)); }
  const State& StateOf(pipeline::Phase phase) const { return states_.at(static_cast<std::size_t>(phase)); }

  const pipeline::ContentRules& rules_;
  pipeline::Exchange& exchange_;
  std::array<State, kPhases> states_;
  std::vector<std::string> tools_;
};

}  // namespace gatehouse::features::guard
