#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/channel.h"
#include "inspect/finding.h"
#include "pipeline/decision.h"
#include "pipeline/exchange.h"
#include "pipeline/measure.h"
#include "pipeline/surface.h"

// Where those who look into content meet those who decide about it.
namespace gatehouse::pipeline {

// The phases in which texts have been looked at.
inline bool IsOfContent(Phase phase) { return phase > Phase::kRequest && phase < Phase::kHandoff; }

// What was found in a text of an exchange, and in whose words. Its span is of that text, which nobody has here.
struct ContentFinding {
  inspect::Channel channel = inspect::Channel::kUser;
  inspect::Finding finding;
};

// What a rule wants done, to findings of one of these categories or entities.
struct ContentMeasure {
  static constexpr std::size_t kCategories = static_cast<std::size_t>(inspect::Category::kInjection) + 1;

  Measure measure = Measure::kMask;
  std::bitset<kCategories> categories;
  std::vector<std::string> entities;

  bool IsAbout(const inspect::Finding& finding) const;
};

// What is known of an exchange's content in one phase.
struct ContentQuestion {
  Phase phase = Phase::kPrompt;
  const std::vector<ContentFinding>& findings;                               // all of the phase so far
  const std::vector<std::string>& tools;                                     // that the answer calls so far, by name
  enum class Round : std::uint8_t { kFirst, kAgain } round = Round::kFirst;  // again: something came since
};

// What rules say about that.
struct ContentVerdict {
  struct Order {
    std::string_view rule;  // both belong to the rules
    const ContentMeasure* measure = nullptr;
  };
  std::vector<Order> orders;
  // Where a rule (or that none allows) refuses the exchange: what its client is told, and the rule's id.
  std::optional<base::Error> refusal;
  std::string refused_by;
};

// Rules on content. Of one loop.
class ContentRules {
 public:
  virtual ~ContentRules() = default;
  // Whether there is anything to ask in that phase.
  virtual bool AreAbout(Surface surface, Phase phase) const = 0;
  // Decides, and notes with the exchange and wherever decisions are kept what was decided, each thing once.
  virtual ContentVerdict Judge(Exchange& exchange, const ContentQuestion& question) const = 0;
};

}  // namespace gatehouse::pipeline
