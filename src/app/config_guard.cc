#include "app/config_guard.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/config_detectors.h"
#include "app/config_fetch.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;
using features::guard::GuardRule;
using features::guard::GuardSettings;
using features::guard::HookSettings;
using features::guard::Measure;
using inspect::Category;
using inspect::Channel;
using pipeline::Decision;
using pipeline::Side;

constexpr std::array<Choice<Category>, 5> kCategories = {{{"pii", Category::kPii},
                                                          {"secret", Category::kSecret},
                                                          {"content", Category::kContent},
                                                          {"exfiltration", Category::kExfiltration},
                                                          {"injection", Category::kInjection}}};
constexpr std::array<Choice<Channel>, inspect::kChannels> kChannels = {{{"system", Channel::kSystem},
                                                                        {"user", Channel::kUser},
                                                                        {"assistant", Channel::kAssistant},
                                                                        {"tool_result", Channel::kToolResult},
                                                                        {"document", Channel::kDocument},
                                                                        {"tool_descriptor", Channel::kToolDescriptor},
                                                                        {"tool_arguments", Channel::kToolArguments},
                                                                        {"output", Channel::kOutput}}};
constexpr std::array<Choice<Side>, 2> kSides = {{{"request", Side::kRequest}, {"answer", Side::kAnswer}}};
constexpr std::array<Choice<Measure>, 8> kMeasures = {{{"none", Measure::kNone},
                                                       {"annotate", Measure::kAnnotate},
                                                       {"neutralise", Measure::kNeutralise},
                                                       {"tokenise", Measure::kTokenise},
                                                       {"hash", Measure::kHash},
                                                       {"mask", Measure::kMask},
                                                       {"drop", Measure::kDrop},
                                                       {"deny", Measure::kDeny}}};
constexpr std::array<Choice<Decision::Mode>, 2> kModes = {
    {{"enforce", Decision::Mode::kEnforced}, {"shadow", Decision::Mode::kShadow}}};
constexpr std::array<Choice<GuardSettings::Tokens>, 2> kTokens = {
    {{"exchange", GuardSettings::Tokens::kPerExchange}, {"conversation", GuardSettings::Tokens::kPerConversation}}};

constexpr codec::config::DurationRange kHookTimes = {
    .min = std::chrono::nanoseconds(std::chrono::milliseconds(10)).count(),
    .max = std::chrono::nanoseconds(std::chrono::minutes(1)).count()};
constexpr codec::config::DurationRange kConversationTimes = {
    .min = std::chrono::nanoseconds(std::chrono::minutes(1)).count(),
    .max = std::chrono::nanoseconds(std::chrono::hours(24 * 30)).count()};
constexpr std::size_t kMaxRules = 1000;
constexpr std::size_t kMaxId = 64;
constexpr std::uint64_t kLeastArguments = 4096;
constexpr std::uint64_t kMostArguments = std::uint64_t{64} << 20U;

std::vector<std::string> ReadTexts(const Node& node) {
  if (!node.IsPresent()) return {};
  if (node.kind() == Node::Kind::kScalar) return {node.AsString().value_or("")};
  return node.AsStrings().value_or(std::vector<std::string>());
}

// The words of a list as bits; all of them where there is none.
template <std::size_t N, class E>
std::bitset<N> ReadSet(const Node& node, const std::array<Choice<E>, N>& choices) {
  std::bitset<N> set;
  for (const std::string& word : ReadTexts(node)) {
    const auto* found = std::ranges::find(choices, word, &Choice<E>::name);
    if (found == choices.end()) {
      std::string problem = "`" + word + "` is none of";
      for (const auto& choice : choices) problem.append(" ").append(choice.name);
      node.AddProblem(std::move(problem));
    } else {
      set.set(static_cast<std::size_t>(found->value));
    }
  }
  return set.none() ? set.set() : set;
}

void ReadWhat(const Node& node, GuardRule& rule) {
  for (std::string& word : ReadTexts(node)) {
    const auto* category = std::ranges::find(kCategories, word, &Choice<Category>::name);
    if (category == kCategories.end()) {
      rule.entities.push_back(std::move(word));
    } else {
      rule.categories.set(static_cast<std::size_t>(category->value));
    }
  }
}

void ReadWhere(const Node& node, const Config& config, GuardRule& rule) {
  const auto surfaces = ReadTexts(node["surfaces"]);
  if (!surfaces.empty()) rule.surfaces.reset();
  for (const std::string& name : surfaces) {
    const auto surface = pipeline::SurfaceOf(name);
    if (surface) {
      rule.surfaces.set(static_cast<std::size_t>(*surface));
    } else {
      node["surfaces"].AddProblem("no surface is called `" + name + "`; they are like openai.chat");
    }
    if (surface == pipeline::Surface::kPassThrough) {
      node["surfaces"].AddProblem("`" + name + "` is opaque: nothing there can be inspected");
    }
  }
  rule.models = ReadTexts(node["models"]);
  for (const std::string& model : rule.models) {
    const bool known = config.routes == nullptr ||
                       std::ranges::any_of(*config.routes, [&](const auto& route) { return route.model == model; });
    if (!known) node["models"].AddProblem("there is no model `" + model + "` here");
  }
}

GuardRule ReadRule(const Node& node, const Config& config) {
  GuardRule rule;
  rule.id = node.Required("id").AsString().value_or("");
  if (rule.id.empty() || rule.id.size() > kMaxId) node["id"].AddProblem("must have 1 to 64 characters");
  ReadWhat(node["find"], rule);
  rule.channels = ReadSet(node["in"], kChannels);
  rule.sides = ReadSet(node["on"], kSides);
  ReadWhere(node, config, rule);
  rule.at_least = static_cast<float>(node["at_least"].AsNumber({.min = 0, .max = 1}).value_or(0));
  rule.measure = node.Required("effect").AsEnum<Measure>(kMeasures).value_or(Measure::kDeny);
  rule.mode = node["mode"].AsEnum<Decision::Mode>(kModes).value_or(Decision::Mode::kEnforced);
  rule.message = node["message"].AsString().value_or("");
  rule.controls = ReadTexts(node["controls"]);
  return rule;
}

HookSettings ReadHook(const Node& node, std::vector<std::string>& files) {
  constexpr std::array<Choice<HookSettings::Failure>, 2> kFailures = {
      {{"deny", HookSettings::Failure::kDeny}, {"allow", HookSettings::Failure::kAllow}}};
  constexpr std::uint64_t kMostShown = std::uint64_t{8} << 20U;
  HookSettings hook;
  hook.name = node.Required("name").AsString().value_or("");
  if (hook.name.empty() || hook.name.size() > kMaxId) node["name"].AddProblem("must have 1 to 64 characters");
  hook.trust = ReadTrust(node, "allow_http", files);
  hook.url = ReadUrl(node.Required("url"), hook.trust.plaintext);
  for (const auto& [name, value] : node["headers"].Members()) {
    if (auto secret = value.AsSecret()) hook.headers.emplace_back(name, *std::move(secret));
  }
  hook.timeout = node["timeout"].AsDuration(kHookTimes).value_or(hook.timeout);
  hook.on_failure = node["on_failure"].AsEnum<HookSettings::Failure>(kFailures).value_or(hook.on_failure);
  hook.sides = ReadSet(node["on"], kSides);
  hook.channels = ReadSet(node["in"], kChannels);
  hook.most_bytes = node["most_bytes"].AsBytes({.min = 1, .max = kMostShown}).value_or(hook.most_bytes);
  return hook;
}

}  // namespace

std::shared_ptr<const GuardSettings> ReadGuard(const Node& node, const Config& config,
                                               std::vector<std::string>& files) {
  if (!node["enabled"].AsBool().value_or(true)) {
    node.MarkRead();
    return nullptr;
  }
  auto settings = std::make_shared<GuardSettings>();
  std::set<std::string> ids;
  for (const Node& rule : node["rules"].Elements()) {
    settings->rules.push_back(ReadRule(rule, config));
    if (!ids.insert(settings->rules.back().id).second) rule.AddProblem("a rule of this id exists already");
  }
  if (settings->rules.size() > kMaxRules) node["rules"].AddProblem("has more than 1000 rules");
  if (node["defaults"].AsBool().value_or(true)) {
    std::ranges::move(features::guard::DefaultRules(), std::back_inserter(settings->rules));
  }
  settings->tokens =
      node["tokens"].AsEnum<GuardSettings::Tokens>(kTokens).value_or(GuardSettings::Tokens::kPerExchange);
  if (node["detectors"]["exfiltration"]["prompt_leaks"].AsBool().value_or(false)) {
    settings->prompt_leaks = GuardSettings::PromptLeaks::kFound;
  }
  settings->conversations_rest =
      node["conversations_rest"].AsDuration(kConversationTimes).value_or(settings->conversations_rest);
  settings->longest_arguments = node["longest_arguments"]
                                    .AsBytes({.min = kLeastArguments, .max = kMostArguments})
                                    .value_or(settings->longest_arguments);
  std::set<std::string> names;
  for (const Node& hook : node["hooks"].Elements()) {
    settings->hooks.push_back(ReadHook(hook, files));
    if (!names.insert(settings->hooks.back().name).second) hook.AddProblem("a hook of this name exists already");
  }
  auto options = ReadDetectors(node["detectors"], files);
  settings->whole_texts = std::move(options.whole_texts);
  auto detectors = inspect::MakeDetectors(std::move(options));
  auto inspector =
      detectors.ok() ? inspect::Inspector::Build(std::move(detectors).value()) : std::move(detectors).TakeError();
  if (!inspector.ok()) {
    node["detectors"].AddProblem(inspector.error().public_message);
    return nullptr;
  }
  settings->inspector = std::move(inspector).value();
  return settings;
}

}  // namespace gatehouse::app
