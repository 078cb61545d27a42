#include "app/config_oversight.h"

#include <array>
#include <chrono>

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::DurationRange;
using codec::config::Node;
using features::oversight::ApprovalSettings;
using std::chrono::nanoseconds;

constexpr std::array<Choice<ApprovalSettings::Mode>, 2> kModes = {
    {{"pending", ApprovalSettings::Mode::kPending}, {"block", ApprovalSettings::Mode::kBlock}}};
constexpr DurationRange kHoldTimes = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                      .max = nanoseconds(std::chrono::minutes(10)).count()};
constexpr DurationRange kBeats = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                  .max = nanoseconds(std::chrono::minutes(1)).count()};
constexpr DurationRange kDecisionTimes = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                          .max = nanoseconds(std::chrono::hours(24 * 30)).count()};
constexpr DurationRange kFastTimes = {.min = 0, .max = nanoseconds(std::chrono::minutes(10)).count()};
constexpr std::int64_t kMostPeople = 10;
constexpr std::int64_t kMostPending = 100'000;
constexpr std::size_t kLongestLink = 500;

ApprovalSettings ReadApprovals(const Node& node) {
  ApprovalSettings settings;
  settings.mode = node["mode"].AsEnum<ApprovalSettings::Mode>(kModes).value_or(settings.mode);
  if (node["detach"].AsBool().value_or(false)) settings.gone = ApprovalSettings::Gone::kKept;
  settings.hold_timeout = node["hold_timeout"].AsDuration(kHoldTimes).value_or(settings.hold_timeout);
  settings.keep_alive = node["keep_alive"].AsDuration(kBeats).value_or(settings.keep_alive);
  settings.decide_within = node["decide_within"].AsDuration(kDecisionTimes).value_or(settings.decide_within);
  settings.use_within = node["use_within"].AsDuration(kDecisionTimes).value_or(settings.use_within);
  settings.quorum = node["quorum"].AsInteger({.min = 1, .max = kMostPeople}).value_or(settings.quorum);
  auto& bounds = settings.bounds;
  bounds.pending = node["max_pending"].AsInteger({.min = 1, .max = kMostPending}).value_or(bounds.pending);
  bounds.pending_of_one =
      node["max_pending_of_one"].AsInteger({.min = 1, .max = kMostPending}).value_or(bounds.pending_of_one);
  return settings;
}

// A place in the console, or wherever people decide.
std::string ReadLink(const Node& node) {
  std::string link = node.AsString().value_or("");
  const bool is_url = link.starts_with("https://") || link.starts_with("http://");
  if (!link.empty() && (!is_url || link.size() > kLongestLink)) {
    node.AddProblem("must be a URL such as https://gatehouse.example.com/approvals");
  }
  return link;
}

ReviewConfig ReadReviews(const Node& node) {
  ReviewConfig config;
  config.link = ReadLink(node["link"]);
  config.too_fast = node["too_fast"].AsDuration(kFastTimes).value_or(config.too_fast);
  config.max_waiting = node["max_waiting"].AsInteger({.min = 1, .max = kMostPending}).value_or(config.max_waiting);
  return config;
}

}  // namespace

OversightConfig ReadOversight(const Node& node) {
  OversightConfig config;
  const Node approvals = node["approvals"];
  config.approvals = ReadApprovals(approvals);
  config.link = ReadLink(approvals["link"]);
  config.too_fast = approvals["too_fast"].AsDuration(kFastTimes).value_or(config.too_fast);
  config.reviews = ReadReviews(node["reviews"]);
  return config;
}

}  // namespace gatehouse::app
