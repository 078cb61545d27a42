#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::gemini {

// The object `generationConfig`; "{}" when the request sets nothing of it.
base::Result<JsonText> GenerationConfig(const ChatRequest& request, const EncodeOptions& options,
                                        std::vector<Loss>& losses);

// Members of a Gemini client that the neutral vocabulary has no word for: those directly under `prefix` ("" or
// "toolConfig.").
bool HasExtra(const ChatRequest& request, std::string_view prefix);
void WriteExtra(codec::json::Writer& writer, const ChatRequest& request, std::string_view prefix,
                std::string_view except = {});
void WriteStrings(codec::json::Writer& writer, std::string_view name, std::span<const std::string> strings);

}  // namespace gatehouse::llm::dialect::gemini
