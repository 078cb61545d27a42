#pragma once

#include "base/result.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::gemini {

// A GenerateContentRequest. `body` need not be the root: countTokens wraps one.
base::Result<ChatRequest> ReadRequest(const common::Node& body, const RequestPath& path);

}  // namespace gatehouse::llm::dialect::gemini
