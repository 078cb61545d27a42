#pragma once

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::openai_completions {

// OpenAI's retired /v1/completions as a chat dialect: the prompt is one user message, the answer its text. What only
// this API knows (`echo`, `suffix`, `best_of`) stays with it as extra fields; several prompts, or a prompt of token
// ids, reach no other dialect.
const ChatDialect& Dialect();

}  // namespace gatehouse::llm::dialect::openai_completions
