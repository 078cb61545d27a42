#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "llm/chat.h"

// The shape of a conversation as dialects with alternating turns want it. Views only: nothing is copied.
namespace gatehouse::llm::dialect::common {

// How many messages at the beginning are the system prompt (roles kSystem and kDeveloper).
std::size_t LeadingSystemMessages(std::span<const Message> messages);

struct TurnBlock {
  const Block* block;
  const Message* message;
  std::size_t index;         // of the block in its message
  std::string path() const;  // "messages[3].content[1]", for losses and errors
};

// Consecutive messages of one role as one turn, never empty. kDeveloper counts as kSystem.
struct Turn {
  Role role;
  std::vector<TurnBlock> blocks;
};

// Where the results of tools stand in a user turn: where the client put them, or before everything else in it, as
// Anthropic and Bedrock demand.
enum class ToolResultPlace : std::uint8_t { kAsGiven, kFirst };

void PutToolResultsFirst(std::vector<TurnBlock>& blocks);

std::vector<Turn> MergeTurns(std::span<const Message> messages, ToolResultPlace place);

// Sets ToolResultBlock::name from the call it answers, where the client gave only the id. Call it in DecodeRequest.
void FillToolNames(std::vector<Message>& messages);

// The blocks' text, in order, with `separator` between blocks: for dialects whose field is a plain string.
std::string JoinText(std::span<const Block> blocks, std::string_view separator = "");
// What a tool said, for dialects whose results are plain text and know no failure: that is said in words.
std::string ResultText(const ToolResultBlock& result);
// The text as one that tells of a failure.
std::string FailureText(std::string text);
// Only TextBlocks (or none at all).
bool IsPlainText(std::span<const Block> blocks);

}  // namespace gatehouse::llm::dialect::common
