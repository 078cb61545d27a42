#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "llm/chat.h"
#include "llm/loss.h"

namespace gatehouse::llm::dialect::common {

// "<target> has no equivalent of <what>".
std::string NoEquivalent(std::string_view target, std::string_view what);

// One Loss for every extra field of a request whose origin is not the target's: a kHint where leaving it out changes
// only cost, speed or bookkeeping (`store`, `prompt_cache_retention`), kContent where it stands for a part of the
// conversation (`previous_response_id`), else a kParameter. `target` in a person's words:
// "Anthropic".
void AddForeignExtras(const ChatRequest& request, std::string_view target, std::vector<Loss>& losses);

// Keeps what changes the prompt: a token count does not depend on settings.
void KeepContentLosses(std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::common
