#pragma once

#include <cstdint>
#include <string_view>

#include "llm/token/split.h"

namespace gatehouse::llm::token {

enum class Certainty : std::uint8_t {
  kExact,      // the model's own vocabulary
  kEstimated,  // another one's, times a factor: the provider's figures may differ
};

// How to count tokens for a model whose provider is not asked.
struct Family {
  Pattern pattern = Pattern::kO200k;
  Certainty certainty = Certainty::kEstimated;
  std::uint32_t factor_permille = 1000;  // the model's tokens per thousand of the vocabulary's
};

// By name, with or without a vendor's prefix: "gpt-4o-mini", "openai/gpt-4o", "ft:gpt-4o:acme::1",
// "us.anthropic.claude-sonnet-4-v1:0", "models/gemini-3-pro". An unknown name is estimated on the high side, because a
// budget is a wall.
Family FamilyOf(std::string_view model);

// The file of a pattern's vocabulary, within the folder of the token tables.
std::string_view TableFileName(Pattern pattern);

}  // namespace gatehouse::llm::token
