#pragma once

#include <string_view>

#include "llm/chat.h"

namespace gatehouse::llm::dialect::common {

// Log probabilities as another dialect spells them. `entries` is an array of the origin's own: OpenAI has an entry per
// token, {"token","logprob","bytes","top_logprobs"}; Gemini a `logprobsResult` per answer or chunk,
// {"chosenCandidates","topCandidates"}. "" where there is no common spelling.
JsonText OpenAiLogprobs(DialectId origin, std::string_view entries);
JsonText GeminiLogprobs(DialectId origin, std::string_view entries);

}  // namespace gatehouse::llm::dialect::common
