#include "llm/event.h"

namespace gatehouse::llm {

std::string_view ToString(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop: return "stop";
    case FinishReason::kStopSequence: return "stop_sequence";
    case FinishReason::kLength: return "length";
    case FinishReason::kToolCalls: return "tool_calls";
    case FinishReason::kContentFilter: return "content_filter";
    case FinishReason::kPause: return "pause";
    case FinishReason::kContextWindow: return "context_window";
    case FinishReason::kOther: return "other";
  }
  return "other";
}

}  // namespace gatehouse::llm
