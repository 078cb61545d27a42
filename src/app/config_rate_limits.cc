#include "app/config_rate_limits.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "app/config.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;
using features::ratelimit::Fits;
using features::ratelimit::NodePath;
using features::ratelimit::Rate;
using features::ratelimit::Rule;

constexpr std::int64_t kMostPerMinute = 1'000'000'000'000;
constexpr std::int64_t kMostConcurrent = 1'000'000;
constexpr std::int64_t kMostWaiting = 10'000;
constexpr base::Duration kLongestWait = std::chrono::minutes(1);

std::optional<Rate> ReadRate(const Node& node, const Node& burst) {
  const auto per_minute = node.AsInteger({.min = 1, .max = kMostPerMinute});
  const auto at_once = burst.AsInteger({.min = 1, .max = kMostPerMinute});
  if (!node.IsPresent() && burst.IsPresent()) burst.AddProblem("needs a rate beside it");
  if (!per_minute) return {};
  return Rate(*per_minute, at_once.value_or(*per_minute));
}

void ReadQueue(const Node& node, Rule& rule) {
  if (!node.IsPresent()) return;
  if (rule.concurrent == 0) node.AddProblem("needs `concurrent`: what waits is a place among those under way");
  if (rule.ByProvider()) node.AddProblem("cannot be had with `provider`: such a rule sends requests to other targets");
  rule.queue.at_most =
      node["at_most"].AsDuration({.min = 1, .max = kLongestWait.count()}).value_or(std::chrono::seconds(2));
  rule.queue.waiting =
      static_cast<std::uint32_t>(node["waiting"].AsInteger({.min = 1, .max = kMostWaiting}).value_or(100));
}

std::vector<std::string> ReadModelPatterns(const Node& node, const Config& config) {
  std::vector<std::string> patterns;
  if (!node.IsPresent()) return patterns;
  if (node.kind() == Node::Kind::kScalar) {
    patterns.push_back(node.AsString().value_or(""));
  } else {
    patterns = node.AsStrings().value_or(patterns);
  }
  for (const std::string& pattern : patterns) {
    const bool known = config.routes == nullptr || std::ranges::any_of(*config.routes, [&](const auto& route) {
                         return Fits(pattern, route.model);
                       });
    if (!known) node.AddProblem("`" + pattern + "` fits none of the models");
  }
  return patterns;
}

std::string ReadProviderPattern(const Node& node, const Config& config) {
  std::string pattern = node.AsString().value_or("");
  const bool known =
      std::ranges::any_of(config.providers, [&](const auto& entry) { return Fits(pattern, entry.first); });
  if (!pattern.empty() && !known) node.AddProblem("`" + pattern + "` fits none of the providers");
  return pattern;
}

void ReadWho(const Node& node, Rule& rule) {
  constexpr std::array<Choice<pipeline::NodeKind>, 7> kEach = {{{"organization", pipeline::NodeKind::kOrganization},
                                                                {"team", pipeline::NodeKind::kTeam},
                                                                {"project", pipeline::NodeKind::kProject},
                                                                {"user", pipeline::NodeKind::kUser},
                                                                {"application", pipeline::NodeKind::kApplication},
                                                                {"agent", pipeline::NodeKind::kAgent},
                                                                {"key", pipeline::NodeKind::kKey}}};
  rule.each = node["each"].AsEnum<pipeline::NodeKind>(kEach);
  const auto text = node["node"].AsString();
  if (!text) return;
  auto path = NodePath::Parse(*text);
  if (path.ok()) {
    rule.node = std::move(path).value();
  } else {
    node["node"].AddProblem(path.error().public_message);
  }
}

Rule ReadRule(const Node& node, const Config& config) {
  Rule rule;
  rule.name = node.Required("name").AsString().value_or("");
  constexpr std::size_t kLongestName = 64;
  if (rule.name.size() > kLongestName) node["name"].AddProblem("must have at most 64 characters");
  ReadWho(node, rule);
  rule.models = ReadModelPatterns(node["models"], config);
  rule.provider = ReadProviderPattern(node["provider"], config);
  rule.requests = ReadRate(node["requests_per_minute"], node["burst"]["requests"]);
  rule.tokens = ReadRate(node["tokens_per_minute"], node["burst"]["tokens"]);
  rule.concurrent =
      static_cast<std::uint32_t>(node["concurrent"].AsInteger({.min = 1, .max = kMostConcurrent}).value_or(0));
  ReadQueue(node["queue"], rule);
  const bool says_something = node["requests_per_minute"].IsPresent() || node["tokens_per_minute"].IsPresent() ||
                              node["concurrent"].IsPresent();
  if (!says_something) {
    node.AddProblem("limits nothing: say `requests_per_minute`, `tokens_per_minute` or `concurrent`");
  }
  return rule;
}

}  // namespace

std::shared_ptr<const std::vector<Rule>> ReadRateLimits(const Node& list, const Config& config) {
  auto rules = std::make_shared<std::vector<Rule>>();
  std::set<std::string> names;
  for (const Node& node : list.Elements()) {
    rules->push_back(ReadRule(node, config));
    if (!names.insert(rules->back().name).second) node.AddProblem("a rate limit of this name exists already");
  }
  return rules;
}

}  // namespace gatehouse::app
