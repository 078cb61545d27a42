#pragma once

#include <cstdint>

#include "llm/usage.h"
#include "pipeline/exchange.h"

namespace gatehouse::features::ratelimit {

// About how many tokens an exchange will have read, before any is counted: four bytes of text a token, and a fixed
// number for a picture. What is not looked into counts nothing.
std::int64_t EstimatedInput(const pipeline::Operation& operation);

// What it did use, when it is over: the provider's figures; where the answer broke off before they came, `estimate` for
// the input and a token for each frame that was delivered. 0 when no provider answered.
std::int64_t UsedTokens(const pipeline::Outcome& outcome, std::int64_t estimate);

}  // namespace gatehouse::features::ratelimit
