#pragma once

#include <string_view>
#include <vector>

#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::openai {

// The member `service_tier`: OpenAI's own words pass as they are, those of others that mean the same are translated,
// and the rest is a kHint.
void WriteServiceTier(codec::json::Writer& writer, const ChatRequest& request, std::string_view target,
                      std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::openai
