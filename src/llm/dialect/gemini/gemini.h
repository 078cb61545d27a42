#pragma once

#include <string_view>

#include "llm/dialect.h"
#include "llm/operation.h"

// Google's Gemini API (generativelanguage.googleapis.com) and its Vertex AI variant: generateContent and
// streamGenerateContent, countTokens, embedContent and batchEmbedContents, Vertex :predict. Facts: ai.google.dev/api.
// All dialects are ownerless and immutable.
namespace gatehouse::llm::dialect::gemini {

const ChatDialect& Chat();

// EncodeOptions::version of a target on Vertex AI, whose bodies differ from the Gemini API's where tokens are counted
// and embeddings are made.
inline constexpr std::string_view kVertex = "vertex";

// :countTokens. The Gemini API wraps the request in `generateContentRequest`, Vertex takes its members directly; either
// is read.
const CountDialect& Count();

// As a surface embedContent (one input) and batchEmbedContents (many), told apart by the body. Towards providers
// batchEmbedContents, and :predict on Vertex.
const EmbeddingDialect& Embed();

}  // namespace gatehouse::llm::dialect::gemini
