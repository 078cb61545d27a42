#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "features/accounting/window.h"
#include "pipeline/principal.h"

namespace gatehouse::features::accounting {

// What a limit counts.
enum class Dimension : std::uint8_t { kUsd, kTokens, kRequests };

std::string_view ToString(Dimension dimension);  // "usd", "tokens", "requests"

// What an exchange takes of each dimension.
struct Amounts {
  base::NanoUsd usd;
  std::int64_t tokens = 0;
  std::int64_t requests = 0;

  std::int64_t Of(Dimension dimension) const;
  bool operator==(const Amounts&) const = default;
};

// What so many tokens cost, in nano-USD, at a price in nano-USD per million; rounded up, and no more than can be
// counted. REQUIRES: neither is negative.
std::int64_t CostOfTokens(std::int64_t tokens, std::int64_t per_million);

// What happens when so much of a limit is used; short of a step of its own, the whole of it is a wall.
struct Step {
  enum class Action : std::uint8_t {
    kAlert,
    kDowngrade,  // to a cheaper model, from there on
    kThrottle,   // at the whole of it: so many exchanges a minute go on, instead of none
  };
  std::uint32_t permille = 1000;
  Action action = Action::kAlert;
  std::string model = {};        // kDowngrade: the public name of the cheaper one
  std::uint32_t per_minute = 0;  // kThrottle
  bool operator==(const Step&) const = default;
};

// How much a node of the tenancy tree, and all below it, may use within a window. Immutable.
struct Limit {
  std::int64_t id = 0;            // random, never used again
  pipeline::NodeId organization;  // under which the node is
  pipeline::NodeId node;          // whose limit it is
  std::string name;               // for people: "monthly"
  Dimension dimension = Dimension::kUsd;
  std::int64_t amount = 0;  // in nano-USD, tokens or requests
  WindowSpec window;
  std::string zone;         // the IANA name of window.zone
  std::string model;        // public names it concerns: "gpt-5", "gpt-*"; "": all
  std::string provider;     // the same for providers
  std::vector<Step> steps;  // rising
};

// Whether `name` is the pattern or, where that ends in `*`, begins as it does. The empty pattern fits everything.
bool Fits(std::string_view pattern, std::string_view name);

// "12.5 USD", "1200 tokens", "1 request".
std::string AmountText(Dimension dimension, std::int64_t amount);

}  // namespace gatehouse::features::accounting
