#pragma once

#include "llm/dialect.h"
#include "llm/operation.h"

// Anthropic Messages, versions 2023-06-01 and 2026-10-21, and its hosted variants (providers.md, 1.5).
namespace gatehouse::llm::dialect::anthropic {

const ChatDialect& Chat();
const CountDialect& Count();

}  // namespace gatehouse::llm::dialect::anthropic
