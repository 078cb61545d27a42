#include "features/accounting/budget_notice.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "codec/cel/timestamp.h"

namespace gatehouse::features::accounting {
namespace {

using common::Severity;

constexpr std::int64_t kLeastPeriod = 3600;  // seconds in which a step is one event, however short the window
constexpr std::uint32_t kWhole = 1000;
constexpr std::uint32_t kSerious = 800;

bool Ends(const Limit& limit) { return limit.window.unit != WindowSpec::Unit::kTotal; }
bool IsRolling(const Limit& limit) { return limit.window.kind == WindowSpec::Kind::kRolling; }

// Names the time in which passing the step is one event.
std::string PeriodOf(const Limit& limit, std::int64_t window_ends, std::int64_t now) {
  if (!Ends(limit)) return "always";
  const std::int64_t period = std::max(RollingOf(limit.window.unit).length, kLeastPeriod);
  if (IsRolling(limit)) return "r" + std::to_string(now / period);
  if (limit.window.unit == WindowSpec::Unit::kMinute) return "h" + std::to_string((window_ends - 1) / kLeastPeriod);
  return std::to_string(window_ends);
}

// "80", "99.5".
std::string PercentText(std::uint32_t permille) {
  std::string text = std::to_string(permille / 10);
  if (permille % 10 != 0) text.append(".").append(std::to_string(permille % 10));
  return text;
}

std::uint32_t PermilleOf(std::int64_t spent, std::int64_t amount) {
  if (amount <= 0) return kWhole;
  return static_cast<std::uint32_t>(std::clamp<__int128>(static_cast<__int128>(spent) * 1000 / amount, 0, 1'000'000));
}

std::string AmountOf(const Limit& limit) {
  std::string text = AmountText(limit.dimension, limit.amount);
  if (!Ends(limit)) return text + " in total";
  text.append(IsRolling(limit) ? " within any " : " per ").append(ToString(limit.window.unit));
  if (!limit.zone.empty() && limit.zone != "UTC") text.append(" (").append(limit.zone).append(")");
  return text;
}

std::string ScopeOf(const Limit& limit) {
  std::string text;
  if (!limit.model.empty()) text.append(" for the models '").append(limit.model).append("'");
  if (!limit.provider.empty()) text.append(" at the provider '").append(limit.provider).append("'");
  return text;
}

const Step* StepOf(const Limit& limit, Step::Action action) {
  const auto found = std::ranges::find(limit.steps, action, &Step::action);
  return found == limit.steps.end() ? nullptr : &*found;
}

std::string UntilText(const Limit& limit, std::int64_t window_ends) {
  if (!Ends(limit)) return "until the budget is raised";
  if (IsRolling(limit)) return "until enough of it is older than a " + std::string(ToString(limit.window.unit));
  return "until " + codec::cel::TimestampText({window_ends, 0});
}

// What is in force from now on, and what comes next.
std::string ConsequencesOf(const Limit& limit, std::uint32_t permille, std::int64_t window_ends) {
  std::string text;
  const Step* downgrade = StepOf(limit, Step::Action::kDowngrade);
  const Step* throttle = StepOf(limit, Step::Action::kThrottle);
  if (downgrade != nullptr && permille >= downgrade->permille) {
    text += "The model '" + downgrade->model + "' answers instead of dearer ones. ";
  } else if (downgrade != nullptr) {
    text += "From " + PercentText(downgrade->permille) + " % on the model '" + downgrade->model + "' answers instead. ";
  }
  const bool over = permille >= kWhole;
  text += over ? "It is used up: " : "When it is used up, ";
  if (throttle != nullptr) {
    text += std::to_string(throttle->per_minute) + " requests a minute go on, the others are refused, ";
  } else {
    text += "requests are refused, ";
  }
  return text + UntilText(limit, window_ends) + ".";
}

std::vector<std::pair<std::string, std::string>> FactsOf(const Passed& passed, const std::string& path) {
  const Limit& limit = *passed.limit;
  const auto amount = [&](std::int64_t value) {
    return limit.dimension == Dimension::kUsd ? base::FormatUsd({value}) : std::to_string(value);
  };
  std::vector<std::pair<std::string, std::string>> facts = {{"budget", limit.name},
                                                            {"budget_id", std::to_string(limit.id)},
                                                            {"node", path},
                                                            {"unit", std::string(ToString(limit.dimension))},
                                                            {"amount", amount(limit.amount)},
                                                            {"spent", amount(passed.spent)},
                                                            {"step_percent", PercentText(passed.permille)},
                                                            {"per", std::string(ToString(limit.window.unit))},
                                                            {"window", IsRolling(limit) ? "rolling" : "calendar"}};
  if (Ends(limit) && !IsRolling(limit)) {
    facts.emplace_back("window_ends", codec::cel::TimestampText({passed.window_ends, 0}));
  }
  if (!limit.model.empty()) facts.emplace_back("models", limit.model);
  if (!limit.provider.empty()) facts.emplace_back("provider", limit.provider);
  return facts;
}

}  // namespace

common::Notice NoticeOf(const Passed& passed, NodeWords where, std::int64_t now) {
  const Limit& limit = *passed.limit;
  const bool over = passed.permille >= kWhole;
  common::Notice notice{.kind = std::string(over ? common::kBudgetUsedUp : common::kBudgetThreshold),
                        .key = "budget/" + std::to_string(limit.id) + "/" + std::to_string(limit.amount) + "/" +
                               PeriodOf(limit, passed.window_ends, now) + "/" + std::to_string(passed.permille),
                        .severity = over                          ? Severity::kCritical
                                    : passed.permille >= kSerious ? Severity::kWarning
                                                                  : Severity::kInfo,
                        .chain = std::move(where.chain),
                        .path = std::move(where.path)};
  const std::string name = "'" + limit.name + "' of " + notice.path;
  notice.title = over ? "The budget " + name + " is used up"
                      : PercentText(passed.permille) + " % of the budget " + name + " is spent";
  notice.text = "The budget " + name + ScopeOf(limit) + " allows " + AmountOf(limit) + "; " +
                AmountText(limit.dimension, passed.spent) + " (" + PercentText(PermilleOf(passed.spent, limit.amount)) +
                " %) are spent. " + ConsequencesOf(limit, passed.permille, passed.window_ends);
  notice.facts = FactsOf(passed, notice.path);
  if (over) notice.lasts = common::Notice::Lasts::kUntilMended;
  return notice;
}

std::optional<Passed> ReachedStep(const Treasury::Standing& standing) {
  const Limit& limit = *standing.limit;
  const auto reached = [&](std::uint32_t permille) {
    return static_cast<__int128>(standing.spent) * kWhole >= static_cast<__int128>(limit.amount) * permille;
  };
  std::uint32_t highest = standing.spent > 0 && reached(kWhole) ? kWhole : 0;
  for (const Step& step : limit.steps) {
    if (standing.spent > 0 && reached(step.permille)) highest = std::max(highest, step.permille);
  }
  if (highest == 0) return {};
  return Passed{.limit = standing.limit, .permille = highest, .spent = standing.spent, .window_ends = standing.ends};
}

std::vector<Passed> HighestOf(std::vector<Passed> passed) {
  const auto order = [](const Passed& one) {
    return std::tuple(one.limit->id, one.window_ends, one.permille, one.spent);
  };
  // What is spent whole is used up, whether or not the limit has a step there.
  for (Passed& one : passed) {
    if (one.spent >= one.limit->amount) one.permille = std::max(one.permille, kWhole);
  }
  std::ranges::sort(passed, {}, order);
  std::vector<Passed> highest;
  for (Passed& one : passed) {
    const bool same =
        !highest.empty() && highest.back().limit->id == one.limit->id && highest.back().window_ends == one.window_ends;
    if (!same) highest.emplace_back();
    highest.back() = std::move(one);
  }
  return highest;
}

}  // namespace gatehouse::features::accounting
