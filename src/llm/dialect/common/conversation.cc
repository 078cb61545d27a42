#include "llm/dialect/common/conversation.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <iterator>
#include <unordered_map>
#include <utility>

namespace gatehouse::llm::dialect::common {
namespace {

bool IsSystem(Role role) { return role == Role::kSystem || role == Role::kDeveloper; }
Role TurnRole(Role role) { return IsSystem(role) ? Role::kSystem : role; }
bool IsToolResult(const TurnBlock& turn_block) { return std::holds_alternative<ToolResultBlock>(*turn_block.block); }

bool StartsLikeAnError(std::string_view text) {
  constexpr std::string_view kWord = "error";
  return text.size() >= kWord.size() && std::ranges::equal(text.substr(0, kWord.size()), kWord, [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

using NamesById = std::unordered_map<std::string_view, std::string_view>;

void NoteCalls(const Message& message, NamesById& names) {
  for (const Block& block : message.blocks) {
    if (const auto* call = std::get_if<ToolCallBlock>(&block)) names[call->id] = call->name;
  }
}

void FillFrom(const NamesById& names, Message& message) {
  for (Block& block : message.blocks) {
    auto* result = std::get_if<ToolResultBlock>(&block);
    if (result == nullptr || !result->name.empty()) continue;
    if (const auto found = names.find(result->tool_call_id); found != names.end()) result->name = found->second;
  }
}

}  // namespace

std::size_t LeadingSystemMessages(std::span<const Message> messages) {
  const auto end = std::ranges::find_if(messages, [](const Message& m) { return !IsSystem(m.role); });
  return static_cast<std::size_t>(end - messages.begin());
}

std::string TurnBlock::path() const {
  return std::string(message->source).append(".content[").append(std::to_string(index)).append("]");
}

void PutToolResultsFirst(std::vector<TurnBlock>& blocks) {
  std::vector<TurnBlock> ordered;
  ordered.reserve(blocks.size());
  std::ranges::copy_if(blocks, std::back_inserter(ordered), IsToolResult);
  std::ranges::copy_if(blocks, std::back_inserter(ordered), std::not_fn(IsToolResult));
  blocks = std::move(ordered);
}

std::vector<Turn> MergeTurns(std::span<const Message> messages, ToolResultPlace place) {
  std::vector<Turn> turns;
  for (const Message& message : messages) {
    if (message.blocks.empty()) continue;
    const Role role = TurnRole(message.role);
    if (turns.empty() || turns.back().role != role) turns.push_back({role, {}});
    std::size_t index = 0;
    for (const Block& block : message.blocks) turns.back().blocks.push_back({&block, &message, index++});
  }
  if (place == ToolResultPlace::kFirst) {
    for (Turn& turn : turns) PutToolResultsFirst(turn.blocks);
  }
  return turns;
}

void FillToolNames(std::vector<Message>& messages) {
  NamesById names;
  for (Message& message : messages) {
    FillFrom(names, message);
    NoteCalls(message, names);
  }
}

std::string JoinText(std::span<const Block> blocks, std::string_view separator) {
  std::string text;
  bool first = true;
  for (const Block& block : blocks) {
    const auto* part = std::get_if<TextBlock>(&block);
    if (part == nullptr) continue;
    if (!first) text += separator;
    text += part->text;
    first = false;
  }
  return text;
}

std::string FailureText(std::string text) {
  if (!StartsLikeAnError(text)) text.insert(0, text.empty() ? "Error" : "Error: ");
  return text;
}

std::string ResultText(const ToolResultBlock& result) {
  std::string text = JoinText(result.content, "\n");
  if (text.empty()) text = result.structured;
  return result.outcome == ToolResultBlock::Outcome::kFailed ? FailureText(std::move(text)) : text;
}

bool IsPlainText(std::span<const Block> blocks) {
  return std::ranges::all_of(blocks, [](const Block& b) { return std::holds_alternative<TextBlock>(b); });
}

}  // namespace gatehouse::llm::dialect::common
