#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/anthropic/generation.h"
#include "llm/dialect/common/conversation.h"
#include "llm/loss.h"

// The neutral wish to reason in the words of one Claude.
namespace gatehouse::llm::dialect::anthropic {

struct Thinking {
  enum class Type : std::uint8_t { kUnsaid, kBudget, kAdaptive, kDisabled } type = Type::kUnsaid;
  std::uint32_t budget_tokens = 0;    // kBudget
  std::optional<Effort> effort = {};  // output_config.effort
  std::string_view display = {};      // of the request's text or of ours

  bool thinks() const { return type == Type::kBudget || type == Type::kAdaptive; }
};

// What is asked of the model: the client's own words where the model understands them, else the nearest. A wish that
// would make the request fail is left out and becomes a loss.
Thinking PlanThinking(const ChatRequest& request, const Capabilities& can, std::uint64_t max_tokens,
                      std::span<const common::Turn> turns, std::vector<Loss>& losses);

void WriteThinking(codec::json::Writer& writer, const Thinking& thinking);
std::string_view EffortWord(Effort effort);

}  // namespace gatehouse::llm::dialect::anthropic
