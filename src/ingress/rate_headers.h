#pragma once

#include <string>

#include "base/clock.h"
#include "http/header_map.h"
#include "llm/dialect.h"
#include "pipeline/rate_standing.h"

namespace gatehouse::ingress {

// Tells a caller in the headers of its dialect how it stands with the gateway's own limits; what an upstream said under
// the same names is replaced. OpenAI: x-ratelimit-{limit,remaining,reset}-{requests,tokens}, the reset as a duration;
// Anthropic: anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}, the reset as a time. Google's API has no
// such headers: there a refusal says it, in its RetryInfo.
void SetRateHeaders(llm::DialectId dialect, const pipeline::RateStanding& standing, base::WallTime now,
                    http::HeaderMap& headers);

// "6m0s", "1.5s", "20ms", rounded up to a millisecond: the way Go writes durations.
std::string DurationText(base::Duration duration);

}  // namespace gatehouse::ingress
