#pragma once

#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::anthropic {

// Writes `tools` and `tool_choice`. A choice among some of the tools becomes those tools alone; kinds of tools that
// Anthropic does not know become losses. kInvalidRequest for a schema that is no JSON object.
base::Status WriteTools(codec::json::Writer& writer, const ChatRequest& request, std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::anthropic
