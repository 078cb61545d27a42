#pragma once

#include <string_view>

#include "llm/event.h"

namespace gatehouse::llm::dialect::openai_chat {

// `finish_reason` of chat completions and its compatible servers. An unknown word is kOther.
FinishReason FinishFromWord(std::string_view word);
enum class CallStyle : std::uint8_t { kTools, kLegacyFunctions };
std::string_view WordFromFinish(FinishReason reason, CallStyle style);

}  // namespace gatehouse::llm::dialect::openai_chat
