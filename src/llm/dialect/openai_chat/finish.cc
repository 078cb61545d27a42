#include "llm/dialect/openai_chat/finish.h"

#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

constexpr common::Word<FinishReason> kWords[] = {
    {"stop", FinishReason::kStop},
    {"length", FinishReason::kLength},
    {"tool_calls", FinishReason::kToolCalls},
    {"content_filter", FinishReason::kContentFilter},
    {"function_call", FinishReason::kToolCalls},
    {"model_length", FinishReason::kContextWindow},  // Mistral
    {"stop_sequence", FinishReason::kStopSequence},
    {"end_turn", FinishReason::kStop},
    {"eos", FinishReason::kStop},
    {"eos_token", FinishReason::kStop},
    {"tool_use", FinishReason::kToolCalls},
    {"max_tokens", FinishReason::kLength},
    {"safety", FinishReason::kContentFilter},
};

}  // namespace

FinishReason FinishFromWord(std::string_view word) {
  return common::FindValue(kWords, word).value_or(FinishReason::kOther);
}

std::string_view WordFromFinish(FinishReason reason, CallStyle style) {
  switch (reason) {
    case FinishReason::kLength:
    case FinishReason::kContextWindow: return "length";
    case FinishReason::kToolCalls: return style == CallStyle::kLegacyFunctions ? "function_call" : "tool_calls";
    case FinishReason::kContentFilter: return "content_filter";
    case FinishReason::kStop:
    case FinishReason::kStopSequence:
    case FinishReason::kPause:
    case FinishReason::kOther: return "stop";
  }
  return "stop";
}

}  // namespace gatehouse::llm::dialect::openai_chat
