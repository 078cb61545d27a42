#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::gemini {

// Members `systemInstruction`, `cachedContent` and `contents` of a request; what cannot be said goes to `losses`.
base::Status WriteConversation(codec::json::Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                               std::vector<Loss>& losses);

// {"functionCall":{...}} members of one part, without braces: shared by requests and answers.
void WriteFunctionCall(codec::json::Writer& writer, std::string_view id, std::string_view name,
                       std::string_view arguments);
void WriteInlineData(codec::json::Writer& writer, const InlineMedia& media);

}  // namespace gatehouse::llm::dialect::gemini
