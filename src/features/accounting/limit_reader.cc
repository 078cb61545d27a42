#include "features/accounting/limit_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::features::accounting {
namespace {

using codec::config::Choice;
using codec::config::Node;

constexpr std::array<Choice<WindowSpec::Unit>, 6> kUnits = {{{"minute", WindowSpec::Unit::kMinute},
                                                             {"hour", WindowSpec::Unit::kHour},
                                                             {"day", WindowSpec::Unit::kDay},
                                                             {"week", WindowSpec::Unit::kWeek},
                                                             {"month", WindowSpec::Unit::kMonth},
                                                             {"total", WindowSpec::Unit::kTotal}}};
constexpr std::array<Choice<WindowSpec::Kind>, 2> kKinds = {
    {{"calendar", WindowSpec::Kind::kCalendar}, {"rolling", WindowSpec::Kind::kRolling}}};
constexpr std::array<Choice<Step::Action>, 3> kActions = {
    {{"alert", Step::Action::kAlert}, {"downgrade", Step::Action::kDowngrade}, {"throttle", Step::Action::kThrottle}}};

constexpr std::int64_t kMostAmount = std::int64_t{1} << 53U;
constexpr std::array<std::uint32_t, 3> kUsualAlerts = {500, 800, 950};

void ReadAmount(const Node& node, Limit& limit) {
  const int stated =
      (node["usd"].IsPresent() ? 1 : 0) + (node["tokens"].IsPresent() ? 1 : 0) + (node["requests"].IsPresent() ? 1 : 0);
  if (stated != 1) node.AddProblem("must state exactly one of `usd`, `tokens` and `requests`");
  if (const auto usd = node["usd"].AsString()) {
    const auto amount = base::ParseUsd(*usd);
    if (!amount || amount->value < 0) {
      node["usd"].AddProblem("must be dollars with at most nine decimals, such as 250 or 0.5");
    }
    limit.dimension = Dimension::kUsd;
    limit.amount = amount.value_or(base::NanoUsd{}).value;
  }
  if (const auto tokens = node["tokens"].AsInteger({.min = 0, .max = kMostAmount})) {
    limit.dimension = Dimension::kTokens;
    limit.amount = *tokens;
  }
  if (const auto requests = node["requests"].AsInteger({.min = 0, .max = kMostAmount})) {
    limit.dimension = Dimension::kRequests;
    limit.amount = *requests;
  }
}

void ReadWindow(const Node& node, const common::ZoneFiles& zones, Limit& limit) {
  limit.window.unit = node.Required("per").AsEnum<WindowSpec::Unit>(kUnits).value_or(WindowSpec::Unit::kMonth);
  limit.window.kind = node["window"].AsEnum<WindowSpec::Kind>(kKinds).value_or(WindowSpec::Kind::kCalendar);
  limit.zone = node["zone"].AsString().value_or("UTC");
  if (node["zone"].IsPresent() && limit.window.kind == WindowSpec::Kind::kRolling) {
    node["zone"].AddProblem("says nothing to a rolling window; leave it out, or make the window `calendar`");
  }
  if (limit.zone == "UTC") return;
  auto zone = zones.Find(limit.zone);
  if (zone.ok()) {
    limit.window.zone = std::move(zone).value();
  } else {
    node["zone"].AddProblem(zone.error().public_message);
  }
}

// 80, 99.5: percent.
std::optional<std::uint32_t> ReadPermille(const Node& node) {
  const auto percent = node.AsNumber({.min = 0.1, .max = 100});
  if (!percent) return {};
  return static_cast<std::uint32_t>(std::lround(*percent * 10));
}

void ReadSteps(const Node& node, Limit& limit) {
  if (node["alerts"].IsPresent()) {
    for (const Node& at : node["alerts"].Elements()) {
      if (const auto permille = ReadPermille(at)) limit.steps.push_back({.permille = *permille});
    }
  } else {
    for (const std::uint32_t permille : kUsualAlerts) limit.steps.push_back({.permille = permille});
  }
  if (const Node downgrade = node["downgrade"]; downgrade.IsPresent()) {
    const auto permille = ReadPermille(downgrade.Required("at"));
    const auto model = downgrade.Required("to").AsString();
    if (permille && model) {
      limit.steps.push_back({.permille = *permille, .action = Step::Action::kDowngrade, .model = *model});
    }
  }
  if (const auto per_minute = node["throttle_per_minute"].AsInteger({.min = 1, .max = 1'000'000})) {
    limit.steps.push_back({.permille = 1000,
                           .action = Step::Action::kThrottle,
                           .model = {},
                           .per_minute = static_cast<std::uint32_t>(*per_minute)});
  }
  std::ranges::sort(limit.steps, [](const Step& a, const Step& b) {
    return std::tie(a.permille, a.action) < std::tie(b.permille, b.action);
  });
}

StatedLimit ReadLimit(const Node& node, const common::ZoneFiles& zones) {
  StatedLimit stated{.node = node.Required("node").AsString().value_or(""), .limit = {}};
  stated.limit.name = node.Required("name").AsString().value_or("");
  constexpr std::size_t kLongestName = 64;
  if (stated.limit.name.size() > kLongestName) node["name"].AddProblem("must have at most 64 characters");
  ReadAmount(node, stated.limit);
  ReadWindow(node, zones, stated.limit);
  stated.limit.model = node["models"].AsString().value_or("");
  stated.limit.provider = node["provider"].AsString().value_or("");
  ReadSteps(node, stated.limit);
  return stated;
}

}  // namespace

std::vector<StatedLimit> ReadLimits(const Node& list, const common::ZoneFiles& zones) {
  std::vector<StatedLimit> limits;
  std::set<std::pair<std::string, std::string>> names;
  for (const Node& node : list.Elements()) {
    limits.push_back(ReadLimit(node, zones));
    if (!names.emplace(limits.back().node, limits.back().limit.name).second) {
      node.AddProblem("this node has a budget of this name already");
    }
  }
  return limits;
}

std::string StepsText(const std::vector<Step>& steps) {
  std::string text;
  codec::json::Writer writer(text);
  writer.BeginArray();
  for (const Step& step : steps) {
    writer.BeginObject().Field("permille", step.permille);
    for (const auto& [name, action] : kActions) {
      if (action == step.action) writer.Field("action", name);
    }
    if (!step.model.empty()) writer.Field("model", step.model);
    if (step.per_minute != 0) writer.Field("per_minute", step.per_minute);
    writer.EndObject();
  }
  writer.EndArray();
  return text;
}

base::Result<std::vector<Step>> ParseSteps(std::string_view json) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(json));
  if (document.root().type() != codec::json::Type::kArray) return base::InvalidRequest("steps must be an array");
  std::vector<Step> steps;
  for (const auto& element : document.root()) {
    const auto permille = element.value["permille"].AsInteger();
    Step step{.model = std::string(element.value["model"].string())};
    const auto name = element.value["action"].string();
    const auto action = std::ranges::find(kActions, name, &Choice<Step::Action>::name);
    if (!permille || *permille < 1 || *permille > 1000 || action == kActions.end()) {
      return base::InvalidRequest("a step needs `permille`, from 1 to 1000, and `action`");
    }
    step.permille = static_cast<std::uint32_t>(*permille);
    step.action = action->value;
    step.per_minute = static_cast<std::uint32_t>(element.value["per_minute"].AsInteger().value_or(0));
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace gatehouse::features::accounting
