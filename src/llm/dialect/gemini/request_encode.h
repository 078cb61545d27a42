#pragma once

#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::gemini {

// The members of a GenerateContentRequest, into an object that is open.
base::Status WriteRequest(codec::json::Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                          std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::gemini
