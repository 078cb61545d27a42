#pragma once

#include <cstdint>
#include <string_view>

#include "llm/chat.h"
#include "llm/event.h"

// Gemini's vocabulary against the neutral one.
namespace gatehouse::llm::dialect::gemini {

// `saw_tool_call`: Gemini says STOP for a call, too.
enum class ToolCalls : std::uint8_t { kNone, kSome };
FinishReason ToFinishReason(std::string_view word, ToolCalls calls);
// `detail` wins where it is a finish reason of Gemini's own that means the same.
std::string_view FinishWord(FinishReason reason, std::string_view detail);

// Whether the model's output is of no use: a call that cannot be read, or one that was not to be made.
enum class Usable : std::uint8_t { kNo, kYes };
Usable UsableFinish(std::string_view word);

// How a model wants its thinking bounded: by thinkingLevel (Gemini 3 and later) or by thinkingBudget (2.5).
enum class ThinkingMeasure : std::uint8_t { kLevel, kBudget };
ThinkingMeasure MeasureOf(std::string_view model);

std::string_view LevelFor(Effort effort);

// Google's documented stand-in for the signature of a call that another model made (ai.google.dev/gemini-api/docs/
// thought-signatures): Gemini 3 refuses a call without any.
inline constexpr std::string_view kNoSignature = "skip_thought_signature_validator";

}  // namespace gatehouse::llm::dialect::gemini
