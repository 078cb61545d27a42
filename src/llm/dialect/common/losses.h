#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
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

// What is left out of a foreign conversation without changing what it says, as one kHint each: cache marks, for targets
// that cache by themselves, and reasoning, which only its maker can read. `keeps` says whether the target takes a block
// of reasoning.
void NoteCacheMarks(const ChatRequest& request, std::string_view target, std::vector<Loss>& losses);
void NoteReasoning(const ChatRequest& request, std::string_view target,
                   const std::function<bool(const ReasoningBlock&)>& keeps, std::vector<Loss>& losses);

// Whether reasoning is switched off in a way that only asks for the ordinary: clients of dialects in which models think
// unasked say so to every model, and models that cannot think refuse the word.
enum class SwitchedOff : std::uint8_t { kNo, kYes };
SwitchedOff ThinkingSwitchedOff(const ChatRequest& request);

// kInvalidRequest where nothing is left of the conversation that could be sent: `turns` were written. Content that was
// lost is the better reason to refuse.
base::Status RequireTurns(std::size_t turns, std::string_view target, const std::vector<Loss>& losses);

// Keeps what changes the prompt: a token count does not depend on settings.
void KeepContentLosses(std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::common
