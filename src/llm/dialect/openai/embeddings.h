#pragma once

#include "llm/operation.h"

namespace gatehouse::llm::dialect::openai {

// /v1/embeddings, as a surface and of OpenAI-like providers. Vectors travel as numbers or as base64 of little-endian
// float32; an answer is understood in either form, whichever was asked for.
const EmbeddingDialect& Embeddings();

}  // namespace gatehouse::llm::dialect::openai
