#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/dialect/common/conversation.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::bedrock {

// Members `system` and `messages`; what cannot be said goes to `losses`.
base::Status WriteConversation(codec::json::Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                               std::span<const common::TurnBlock> system, std::span<const common::Turn> turns,
                               std::vector<Loss>& losses);

// {"cachePoint":{"type":"default","ttl"?}}
void WriteCachePoint(codec::json::Writer& writer, const std::optional<CacheMark>& mark);

}  // namespace gatehouse::llm::dialect::bedrock
