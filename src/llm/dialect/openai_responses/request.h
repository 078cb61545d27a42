#pragma once

#include <cstdint>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/dialect.h"

// Requests of the Responses API and of its token count, which takes the members that make the prompt.
namespace gatehouse::llm::dialect::openai_responses {

enum class Purpose : std::uint8_t { kAnswer, kCount };

base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path);
base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options, Purpose purpose);

}  // namespace gatehouse::llm::dialect::openai_responses
