#pragma once

#include "base/result.h"
#include "llm/chat.h"
#include "llm/dialect.h"

namespace gatehouse::llm::dialect::bedrock {

enum class Purpose : std::uint8_t { kAnswer, kCount };

// A body of Converse and ConverseStream, or of /count-tokens around one.
base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options, Purpose purpose);

}  // namespace gatehouse::llm::dialect::bedrock
