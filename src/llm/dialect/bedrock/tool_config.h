#pragma once

#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::bedrock {

// Member `toolConfig`. A choice among some of the tools becomes those tools alone. Converse wants the tools declared as
// long as the conversation holds calls of them: a request without tools, or with the choice "none", then declares them
// all the same.
base::Status WriteToolConfig(codec::json::Writer& writer, const ChatRequest& request, std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::bedrock
