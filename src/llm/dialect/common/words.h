#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "llm/chat.h"
#include "llm/event.h"

// Tables between a dialect's words and ours.
namespace gatehouse::llm::dialect::common {

template <class E>
struct Word {
  std::string_view text;
  E value;
};

// The value of a word, or nullopt.
template <class E, std::size_t n>
std::optional<E> FindValue(const Word<E> (&words)[n], std::string_view text) {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  return std::nullopt;
}

// The first word of a value; "" when the table has none.
template <class E, std::size_t n>
std::string_view FindText(const Word<E> (&words)[n], E value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return {};
}

// The name of a schema where the client's dialect has none and the target's demands one.
inline constexpr std::string_view kUnnamedSchema = "response";

// Reasoning effort in the words most dialects share: none, minimal, low, medium, high, xhigh, max.
std::string_view ToString(Effort effort);
std::optional<Effort> ParseEffort(std::string_view text);

// Between effort and a budget of thinking tokens (providers.md, section 2). kNone is 0.
std::uint32_t BudgetFor(Effort effort);
Effort EffortFor(std::uint32_t budget_tokens);
// What a request asks for, in either measure; nullopt when it asks for nothing. kDisabled is kNone.
std::optional<Effort> EffortOf(const ReasoningConfig& config);
// The budget a request asks for, kept under `max_output_tokens` where that is known; 0 for none.
std::uint32_t BudgetOf(const ReasoningConfig& config, std::optional<std::uint64_t> max_output_tokens);

}  // namespace gatehouse::llm::dialect::common
