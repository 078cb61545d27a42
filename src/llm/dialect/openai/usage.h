#pragma once

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/usage.h"

namespace gatehouse::llm::dialect::openai {

// `usage` of chat completions, completions, embeddings and responses (whose members are input_tokens and output_tokens)
// as disjoint buckets. Cached and cache-write tokens are part of the prompt's count, reasoning of the completion's; of
// servers that count reasoning beside the completion (xAI) the total tells. Source kNone unless `usage` is an object.
Usage DecodeUsage(codec::json::Value usage);

// The `usage` object of chat completions and completions.
void WriteUsage(codec::json::Writer& writer, const Usage& usage);

}  // namespace gatehouse::llm::dialect::openai
