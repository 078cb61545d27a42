#pragma once

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::openai_chat {

// OpenAI chat completions, and what the servers that are compatible with it make of them.
const ChatDialect& Dialect();

}  // namespace gatehouse::llm::dialect::openai_chat
