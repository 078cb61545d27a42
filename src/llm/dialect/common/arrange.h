#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "llm/chat.h"
#include "llm/dialect/common/conversation.h"

// The conversation as dialects with a system prompt of its own want it.
namespace gatehouse::llm::dialect::common {

struct Conversation {
  std::vector<TurnBlock> system;  // for the system prompt
  std::vector<Turn> turns;        // user and assistant alternate; tool results stand first in their turn
};

// Where a system message in the middle goes: to the end of the system prompt, so that it keeps its authority, or, where
// the target knows such messages, after the turn of the user that it stands at.
enum class MidSystem : std::uint8_t { kHoisted, kInPlace };

Conversation Arrange(std::span<const Message> messages, MidSystem mid_system);

}  // namespace gatehouse::llm::dialect::common
