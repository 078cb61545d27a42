#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/dialect.h"
#include "llm/operation.h"

// Cohere's v2 API beside chat (which goes by its OpenAI-compatible endpoint): /v2/embed and /v2/rerank. Facts:
// docs.cohere.com/reference.
namespace gatehouse::llm::dialect::cohere {

const EmbeddingDialect& Embed();

base::Result<RerankRequest> DecodeRerank(codec::json::Value body);
EncodedRequest EncodeRerank(const RerankRequest& request, const EncodeOptions& options);
base::Result<RerankAnswer> DecodeRerankAnswer(std::string_view body);
std::string EncodeRerankAnswer(const RerankAnswer& answer);

// {"message"}
ErrorReply EncodeError(const base::Error& error, std::string_view request_id);
base::Error DecodeError(std::uint16_t status, std::string_view body);

}  // namespace gatehouse::llm::dialect::cohere
