#pragma once

#include <span>
#include <vector>

#include "llm/chat.h"
#include "llm/dialect/anthropic/generation.h"
#include "llm/dialect/common/conversation.h"

// The conversation as the Messages API wants it.
namespace gatehouse::llm::dialect::anthropic {

struct Conversation {
  std::vector<common::TurnBlock> system;  // for the member `system`
  std::vector<common::Turn> turns;        // user and assistant alternate; tool results stand first in their turn
};

// A system message in the middle goes where the model takes it: after the turn of the user that it stands at, or, where
// the model knows no such messages, to the end of the system prompt, so that it keeps its authority.
Conversation Arrange(std::span<const Message> messages, Capabilities::MidSystem mid_system);

}  // namespace gatehouse::llm::dialect::anthropic
