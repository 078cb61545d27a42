#include "features/policy/terms_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::features::policy {
namespace {

using codec::config::Choice;
using codec::config::DurationRange;
using codec::config::Node;
using pipeline::ApprovalTerms;
using pipeline::ReviewTerms;
using std::chrono::nanoseconds;

constexpr std::int64_t kMostPeople = 10;
constexpr std::array<Choice<ApprovalTerms::Mode>, 2> kModes = {
    {{"pending", ApprovalTerms::Mode::kPending}, {"block", ApprovalTerms::Mode::kBlock}}};
constexpr DurationRange kHoldTimes = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                      .max = nanoseconds(std::chrono::minutes(10)).count()};
constexpr DurationRange kDecisionTimes = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                          .max = nanoseconds(std::chrono::hours(24 * 30)).count()};
constexpr DurationRange kReviewTimes = {.min = nanoseconds(std::chrono::seconds(1)).count(),
                                        .max = nanoseconds(std::chrono::hours(24 * 90)).count()};

std::optional<std::int64_t> DigitsOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failed == std::errc() && end == text.data() + text.size() && text.front() != '-';
  return whole ? std::optional(number) : std::nullopt;
}

// "5%", "0.25%": in millionths.
std::optional<std::int64_t> ShareOf(std::string_view text) {
  constexpr std::size_t kPlaces = 4;  // behind the point: a millionth is 0.0001 %
  if (!text.ends_with('%')) return {};
  text.remove_suffix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string behind(point == text.size() ? "" : text.substr(point + 1));
  if (digits.empty() || digits.size() > 3 || behind.size() > kPlaces || (point < text.size() && behind.empty())) {
    return {};
  }
  behind.resize(kPlaces, '0');
  const auto share = DigitsOf(digits.append(behind));
  return share && *share > 0 && *share <= ReviewTerms::kAll ? share : std::nullopt;
}

}  // namespace

ApprovalTerms ReadApprovalTerms(const Node& node) {
  return {.mode = node["mode"].AsEnum<ApprovalTerms::Mode>(kModes),
          .hold_timeout = node["hold_timeout"].AsDuration(kHoldTimes),
          .decide_within = node["decide_within"].AsDuration(kDecisionTimes),
          .use_within = node["use_within"].AsDuration(kDecisionTimes),
          .quorum = node["quorum"].AsInteger({.min = 1, .max = kMostPeople})};
}

std::optional<ReviewTerms> ReadReviewTerms(const Node& node) {
  if (!node.IsPresent()) return {};
  ReviewTerms terms;
  if (const auto text = node["share"].AsString()) {
    const auto share = ShareOf(*text);
    if (!share) node["share"].AddProblem("must be a share such as 5% or 0.25%, up to 100%");
    terms.share_ppm = share.value_or(terms.share_ppm);
  }
  terms.decide_within = node["decide_within"].AsDuration(kReviewTimes).value_or(terms.decide_within);
  terms.reviewers = node["reviewers"].AsInteger({.min = 1, .max = kMostPeople}).value_or(terms.reviewers);
  return terms;
}

}  // namespace gatehouse::features::policy
