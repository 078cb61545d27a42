#pragma once

#include "llm/dialect.h"
#include "llm/operation.h"

// OpenAI Responses (providers.md, 1.2).
namespace gatehouse::llm::dialect::openai_responses {

const ChatDialect& Chat();
const CountDialect& Count();

}  // namespace gatehouse::llm::dialect::openai_responses
