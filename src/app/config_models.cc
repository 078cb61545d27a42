#include "app/config_models.h"

#include <array>
#include <set>
#include <string>
#include <utility>

#include "providers/common/capability_list.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;
using features::routing::BreakerPolicy;
using features::routing::Condition;
using features::routing::RetryBudget;
using features::routing::Route;
using features::routing::Strategy;
using features::routing::Target;

constexpr std::array<Choice<Strategy>, 8> kStrategies = {{{"priority", Strategy::kPriority},
                                                          {"weighted", Strategy::kWeighted},
                                                          {"round_robin", Strategy::kRoundRobin},
                                                          {"least_busy", Strategy::kLeastBusy},
                                                          {"fastest", Strategy::kFastest},
                                                          {"cheapest", Strategy::kCheapest},
                                                          {"conditional", Strategy::kConditional},
                                                          {"sticky", Strategy::kSticky}}};
constexpr std::array<Choice<llm::LossPolicy>, 2> kLossPolicies = {
    {{"refuse", llm::LossPolicy::kRefuse}, {"drop", llm::LossPolicy::kDrop}}};

std::optional<std::uint64_t> ReadCount(const Node& node) {
  const auto value = node.AsInteger({.min = 0, .max = 1'000'000'000});
  return value ? std::optional<std::uint64_t>(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

BreakerPolicy ReadBreaker(const Node& node) {
  BreakerPolicy policy;
  if (const auto value = node["consecutive_failures"].AsInteger({.min = 1, .max = 1'000'000}))
    policy.consecutive_failures = static_cast<std::uint32_t>(*value);
  if (const auto value = node["error_rate"].AsNumber({.min = 0.01, .max = 1})) policy.error_rate = *value;
  if (const auto value = node["minimum_calls"].AsInteger({.min = 1, .max = 1'000'000}))
    policy.minimum_calls = static_cast<std::uint32_t>(*value);
  if (const auto value = node["open_for"].AsDuration()) policy.open_for = *value;
  if (const auto value = node["open_at_most"].AsDuration()) policy.open_at_most = *value;
  return policy;
}

RetryBudget::Policy ReadRetryBudget(const Node& node) {
  RetryBudget::Policy policy;
  policy.ratio = node["ratio"].AsNumber({.min = 0, .max = 10}).value_or(policy.ratio);
  policy.burst = node["burst"].AsNumber({.min = 0, .max = 1e6}).value_or(policy.burst);
  return policy;
}

Condition ReadCondition(const Node& node) {
  return {.tools = node["tools"].AsBool(),
          .vision = node["vision"].AsBool(),
          .stream = node["stream"].AsBool(),
          .min_input_tokens = ReadCount(node["min_input_tokens"]),
          .max_input_tokens = ReadCount(node["max_input_tokens"]),
          .keys = node["keys"].AsStrings().value_or(std::vector<std::string>()),
          .teams = node["teams"].AsStrings().value_or(std::vector<std::string>())};
}

Target ReadTarget(const Node& node, const Config& config, const BreakerPolicy& policy,
                  features::routing::HealthBoard& board) {
  Target target;
  const Node provider = node.Required("provider");
  target.provider_name = provider.AsString().value_or("");
  if (provider.IsPresent() && !config.providers.contains(target.provider_name)) {
    provider.AddProblem("no provider is called `" + target.provider_name + "`");
  }
  target.model = node.Required("model").AsString().value_or("");
  target.weight = static_cast<std::uint32_t>(node["weight"].AsInteger({.min = 0, .max = 1'000'000}).value_or(1));
  target.tags = node["tags"].AsStrings().value_or(std::vector<std::string>());
  if (node["capabilities"].IsPresent())
    target.capabilities = providers::common::ReadCapabilities(node["capabilities"], {});
  target.context_tokens = ReadCount(node["context_tokens"]);
  target.max_output_tokens = ReadCount(node["max_output_tokens"]);
  if (const Node price = node["price"]; price.IsPresent()) {
    target.price =
        features::routing::TargetPrice{.input = price.Required("input").AsNumber({.min = 0, .max = 1e6}).value_or(0),
                                       .output = price.Required("output").AsNumber({.min = 0, .max = 1e6}).value_or(0)};
  }
  target.when = ReadCondition(node["when"]);
  target.health = board.Get(target.provider_name, target.model, policy);
  return target;
}

Route ReadRoute(const Node& node, const Config& config, const BreakerPolicy& policy,
                features::routing::HealthBoard& board) {
  Route route;
  route.model = node.Required("name").AsString().value_or("");
  route.strategy = node["strategy"].AsEnum<Strategy>(kStrategies).value_or(Strategy::kPriority);
  for (const Node& target : node.Required("targets").Elements()) {
    route.targets.push_back(ReadTarget(target, config, policy, board));
  }
  if (route.targets.empty() && node["targets"].IsPresent()) node["targets"].AddProblem("needs at least one target");
  route.required_tags = node["require_tags"].AsStrings().value_or(std::vector<std::string>());
  const Node retry = node["retry"];
  if (const auto value = retry["max_attempts"].AsInteger({.min = 1, .max = 20}))
    route.retry.max_attempts = static_cast<std::uint32_t>(*value);
  if (const auto value = retry["base_delay"].AsDuration()) route.retry.base_delay = *value;
  if (const auto value = retry["max_delay"].AsDuration()) route.retry.max_delay = *value;
  route.timeout = node["timeout"].AsDuration().value_or(route.timeout);
  route.first_event_timeout = node["first_event_timeout"].AsDuration();
  route.losses = node["on_unsupported"].AsEnum<llm::LossPolicy>(kLossPolicies).value_or(llm::LossPolicy::kRefuse);
  route.retry_budget = board.GetBudget(route.model, ReadRetryBudget(retry["budget"]));
  return route;
}

}  // namespace

std::shared_ptr<const std::vector<Route>> ReadModels(const Node& list, const Config& config, const Node& health,
                                                     features::routing::HealthBoard& board) {
  const BreakerPolicy policy = ReadBreaker(health["breaker"]);
  auto routes = std::make_shared<std::vector<Route>>();
  std::set<std::string> names;
  for (const Node& node : list.Elements()) {
    routes->push_back(ReadRoute(node, config, policy, board));
    if (!names.insert(routes->back().model).second) node.AddProblem("a model of this name exists already");
  }
  return routes;
}

}  // namespace gatehouse::app
