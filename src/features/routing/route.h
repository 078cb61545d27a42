#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "features/routing/health.h"
#include "llm/loss.h"
#include "pipeline/provider.h"

namespace gatehouse::features::routing {

// How the targets of a model are ordered for one request; the rest of the list is what failover tries.
enum class Strategy : std::uint8_t {
  kPriority,     // as listed
  kWeighted,     // at random, by weight
  kRoundRobin,   // in turn
  kLeastBusy,    // fewest exchanges under way
  kFastest,      // the better of two drawn at random, by peak-EWMA of the time to the first event
  kCheapest,     // least expected cost of this request
  kConditional,  // as listed, only those whose condition holds
  kSticky,       // by rendezvous hash of the session
};

// USD per million tokens, as the operator states them.
struct TargetPrice {
  double input = 0;
  double output = 0;
};

// All that is stated must hold.
struct Condition {
  std::optional<bool> tools;
  std::optional<bool> vision;
  std::optional<bool> stream;
  std::optional<std::uint64_t> min_input_tokens;  // estimated
  std::optional<std::uint64_t> max_input_tokens;
  std::vector<std::string> keys;   // names of API keys; empty: any
  std::vector<std::string> teams;  // empty: any
};

// A provider and its model, as one route sees it.
struct Target {
  std::string provider_name;
  std::string model;
  std::uint32_t weight = 1;
  std::vector<std::string> tags;                       // "eu", "on-premises"
  std::optional<pipeline::Capabilities> capabilities;  // what this model can do, where it is less than its provider
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> max_output_tokens;
  std::optional<TargetPrice> price;
  Condition when;
  std::shared_ptr<TargetHealth> health;  // shared by all loops, survives a reload
};

struct RetryPolicy {
  std::uint32_t max_attempts = 3;  // in all, failover included
  base::Duration base_delay = std::chrono::milliseconds(100);
  base::Duration max_delay = std::chrono::seconds(2);  // a longer retry-after sends the request elsewhere
};

// A public model name and what stands behind it. Immutable.
struct Route {
  std::string model;
  Strategy strategy = Strategy::kPriority;
  std::vector<Target> targets;
  std::vector<std::string> required_tags;
  RetryPolicy retry;
  base::Duration timeout = std::chrono::minutes(10);  // of the whole exchange
  std::optional<base::Duration> first_event_timeout;  // of one attempt
  llm::LossPolicy losses = llm::LossPolicy::kRefuse;
  std::shared_ptr<RetryBudget> retry_budget;  // shared by all loops, survives a reload
};

}  // namespace gatehouse::features::routing
