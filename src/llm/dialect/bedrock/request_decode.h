#pragma once

#include "base/result.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::bedrock {

// A body of Converse or ConverseStream. `body` need not be the root: /count-tokens wraps one.
base::Result<ChatRequest> ReadRequest(const common::Node& body, const RequestPath& path);

}  // namespace gatehouse::llm::dialect::bedrock
