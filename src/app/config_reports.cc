#include "app/config_reports.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/config.h"
#include "features/common/zone_files.h"

namespace gatehouse::app {
namespace {

namespace compliance = features::compliance;

using codec::config::Choice;
using codec::config::Node;
using Period = compliance::ReportSchedule::Period;

constexpr std::array<Choice<Period>, 5> kPeriods = {{{"day", Period::kDay},
                                                     {"week", Period::kWeek},
                                                     {"month", Period::kMonth},
                                                     {"quarter", Period::kQuarter},
                                                     {"year", Period::kYear}}};
constexpr std::size_t kMostReports = 100;
constexpr std::size_t kLongestName = 64;
constexpr std::int64_t kMostKept = 10'000;

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// Those that come with the program, or one in a file.
std::shared_ptr<const compliance::Framework> ReadFramework(const Node& node, std::vector<std::string>& files) {
  const Node named = node["framework"];
  const Node written = node["catalogue"];
  if (named.IsPresent() == written.IsPresent()) {
    node.AddProblem("needs either `framework` or `catalogue`");
    written.MarkRead();
    return nullptr;
  }
  auto framework = [&]() -> base::Result<compliance::Framework> {
    if (named.IsPresent()) return compliance::DefaultFramework(named.AsString().value_or(""));
    const std::string file = written.AsString().value_or("");
    files.push_back(file);
    GH_TRY(const std::string text, ReadFile(file));
    return compliance::ParseFramework(text, file);
  }();
  if (framework.ok()) return std::make_shared<const compliance::Framework>(std::move(framework).value());
  (named.IsPresent() ? named : written).AddProblem(framework.error().public_message);
  return nullptr;
}

compliance::Scope ReadScope(const Node& node) {
  compliance::Scope scope;
  const auto& known = compliance::Scope::MemberNames();
  for (const Node::Member& member : node.Members()) {
    if (std::ranges::find(known, member.key) == known.end()) {
      member.value.AddProblem("is no org, team, project, sub, model or surface");
    }
    scope.members.emplace(member.key, member.value.AsString().value_or(""));
  }
  return scope;
}

compliance::ReportSchedule ReadSchedule(const Node& node, std::string& zone) {
  compliance::ReportSchedule schedule;
  schedule.period = node.Required("period").AsEnum<Period>(kPeriods).value_or(Period::kMonth);
  if (const auto at = node["at"].AsString()) {
    const auto second = compliance::SecondOfDay(*at);
    if (!second) node["at"].AddProblem("must be a time of day such as \"02:30\"");
    schedule.second_of_day = second.value_or(0);
  }
  zone = node["zone"].AsString().value_or("UTC");
  auto rules = features::common::ZoneFiles().Find(zone);
  if (!rules.ok()) node["zone"].AddProblem(rules.error().public_message);
  schedule.zone = rules.ok() ? std::move(rules).value() : std::make_shared<const codec::cel::ZoneRules>();
  return schedule;
}

ReportPlan ReadPlan(const Node& node, std::vector<std::string>& files) {
  ReportPlan plan;
  const Node name = node.Required("name");
  plan.name = name.AsString().value_or("");
  if (name.IsPresent() && !IsName(plan.name)) name.AddProblem("must be at most 64 of a-z, 0-9, `-` and `_`");
  plan.framework = ReadFramework(node, files);
  plan.scope = ReadScope(node["scope"]);
  plan.scope_text = TextOf(plan.scope);
  plan.schedule = ReadSchedule(node, plan.zone);
  plan.folder = node.Required("folder").AsString().value_or("");
  if (node["folder"].IsPresent() && plan.folder.empty()) node["folder"].AddProblem("must be the path of a folder");
  plan.keep = static_cast<std::size_t>(node["keep"].AsInteger({.min = 0, .max = kMostKept}).value_or(0));
  return plan;
}

}  // namespace

std::string TextOf(const compliance::Scope& scope) {
  std::string text;
  for (const auto& [name, value] : scope.members) {
    text.append(text.empty() ? "" : ", ").append(name).append(" ").append(value);
  }
  return text.empty() ? text : "exchanges of " + text;
}

std::vector<ReportPlan> ReadReports(const Node& node, std::vector<std::string>& files) {
  std::vector<ReportPlan> plans;
  for (const Node& element : node.Elements()) {
    plans.push_back(ReadPlan(element, files));
    if (std::ranges::count(plans, plans.back().name, &ReportPlan::name) > 1) {
      element.AddProblem("a report of this name exists already");
    }
  }
  if (plans.size() > kMostReports) node.AddProblem("are more than 100");
  return plans;
}

}  // namespace gatehouse::app
