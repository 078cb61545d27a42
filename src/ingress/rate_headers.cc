#include "ingress/rate_headers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "codec/cel/timestamp.h"

namespace gatehouse::ingress {
namespace {

using Allowance = pipeline::RateStanding::Allowance;

// What the fields of one allowance are called.
struct Names {
  std::string_view limit;
  std::string_view remaining;
  std::string_view reset;
};
constexpr Names kOpenAiRequests = {"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
                                   "x-ratelimit-reset-requests"};
constexpr Names kOpenAiTokens = {"x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
                                 "x-ratelimit-reset-tokens"};
constexpr Names kAnthropicRequests = {"anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining",
                                      "anthropic-ratelimit-requests-reset"};
constexpr Names kAnthropicTokens = {"anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining",
                                    "anthropic-ratelimit-tokens-reset"};

void SetNumber(std::string_view name, std::int64_t number, http::HeaderMap& headers) {
  constexpr std::size_t kLongest = 20;
  std::array<char, kLongest> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  headers.Set(name, {digits.data(), end});
}

void Set(const Names& names, const Allowance& allowance, std::string_view reset, http::HeaderMap& headers) {
  SetNumber(names.limit, allowance.limit, headers);
  SetNumber(names.remaining, allowance.left, headers);
  headers.Set(names.reset, reset);
}

std::string TimeText(base::WallTime when) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(when);
  return codec::cel::TimestampText({seconds.time_since_epoch().count(), 0});
}

// 1.5, 90, 0.02: seconds without zeros at the end.
std::string SecondsText(std::int64_t milliseconds) {
  std::string text = std::to_string(milliseconds / 1000);
  if (milliseconds % 1000 == 0) return text;
  const std::string fraction = std::to_string(1000 + milliseconds % 1000).substr(1);
  return text + "." + fraction.substr(0, fraction.find_last_not_of('0') + 1);
}

}  // namespace

std::string DurationText(base::Duration duration) {
  constexpr std::int64_t kMinute = 60'000;
  const std::int64_t milliseconds =
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(duration).count());
  if (milliseconds == 0) return "0s";
  if (milliseconds < 1000) return std::to_string(milliseconds) + "ms";
  std::string text;
  if (milliseconds >= 60 * kMinute) text.append(std::to_string(milliseconds / (60 * kMinute))).append("h");
  if (milliseconds >= kMinute) text.append(std::to_string(milliseconds / kMinute % 60)).append("m");
  return text + SecondsText(milliseconds % kMinute) + "s";
}

void SetRateHeaders(llm::DialectId dialect, const pipeline::RateStanding& standing, base::WallTime now,
                    http::HeaderMap& headers) {
  if (dialect == llm::DialectId::kGemini) return;
  const bool anthropic = dialect == llm::DialectId::kAnthropic;
  const auto set = [&](const Names& names, const std::optional<Allowance>& allowance) {
    if (!allowance) return;
    Set(names, *allowance, anthropic ? TimeText(now + allowance->full_in) : DurationText(allowance->full_in), headers);
  };
  set(anthropic ? kAnthropicRequests : kOpenAiRequests, standing.requests);
  set(anthropic ? kAnthropicTokens : kOpenAiTokens, standing.tokens);
}

}  // namespace gatehouse::ingress
