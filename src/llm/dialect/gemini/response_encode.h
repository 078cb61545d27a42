#pragma once

#include <memory>
#include <string>

#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/usage.h"

namespace gatehouse::llm::dialect::gemini {

std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context);
std::string EncodeWhole(const Answer& answer, const AnswerContext& context);

// The object of `usageMetadata`: the prompt with what was read from a cache, the output without the thoughts.
void WriteUsage(codec::json::Writer& writer, const Usage& usage);

}  // namespace gatehouse::llm::dialect::gemini
