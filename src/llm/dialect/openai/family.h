#pragma once

#include "llm/dialect_id.h"

namespace gatehouse::llm::dialect::openai {

// Whether stored files, custom tools and cache breakpoints of that dialect mean the same in all of OpenAI's.
constexpr bool IsOpenAi(DialectId id) {
  return id == DialectId::kOpenAiChat || id == DialectId::kOpenAiResponses || id == DialectId::kOpenAiCompletions;
}

}  // namespace gatehouse::llm::dialect::openai
