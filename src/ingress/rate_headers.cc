#include "ingress/rate_headers.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "codec/cel/timestamp.h"

namespace gatehouse::ingress {
namespace {

using Allowance = pipeline::RateStanding::Allowance;

void SetOpenAi(std::string_view what, const Allowance& allowance, http::HeaderMap& headers) {
  const std::string prefix = "x-ratelimit-";
  const std::string suffix = "-" + std::string(what);
  headers.Set(prefix + "limit" + suffix, std::to_string(allowance.limit));
  headers.Set(prefix + "remaining" + suffix, std::to_string(allowance.left));
  headers.Set(prefix + "reset" + suffix, DurationText(allowance.full_in));
}

void SetAnthropic(std::string_view what, const Allowance& allowance, base::WallTime now, http::HeaderMap& headers) {
  const std::string prefix = "anthropic-ratelimit-" + std::string(what);
  const auto full_at = std::chrono::ceil<std::chrono::seconds>(now + allowance.full_in);
  headers.Set(prefix + "-limit", std::to_string(allowance.limit));
  headers.Set(prefix + "-remaining", std::to_string(allowance.left));
  headers.Set(prefix + "-reset", codec::cel::TimestampText({full_at.time_since_epoch().count(), 0}));
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
  const auto set = [&](std::string_view what, const std::optional<Allowance>& allowance) {
    if (!allowance) return;
    if (dialect == llm::DialectId::kAnthropic) return SetAnthropic(what, *allowance, now, headers);
    SetOpenAi(what, *allowance, headers);
  };
  set("requests", standing.requests);
  set("tokens", standing.tokens);
}

}  // namespace gatehouse::ingress
