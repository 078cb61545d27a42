#pragma once

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/dialect.h"

namespace gatehouse::llm::dialect::openai_completions {

base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path);
base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options);

}  // namespace gatehouse::llm::dialect::openai_completions
