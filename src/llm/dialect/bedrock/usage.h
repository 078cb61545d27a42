#pragma once

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/usage.h"

namespace gatehouse::llm::dialect::bedrock {

// Converse's `usage` in disjoint buckets. By the documentation inputTokens is without what was read from or written to
// a cache, and totalTokens is the sum of all four; two known deviations are told by the total and put right:
//   - some models' inputTokens holds the cached tokens (then the total is inputTokens + outputTokens);
//   - ConverseStream with thinking has reported the written tokens twice.
Usage ReadUsage(codec::json::Value usage);

void WriteUsage(codec::json::Writer& writer, const Usage& usage);

}  // namespace gatehouse::llm::dialect::bedrock
