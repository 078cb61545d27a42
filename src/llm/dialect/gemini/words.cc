#include "llm/dialect/gemini/words.h"

#include <algorithm>
#include <iterator>

#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

// The first word of each reason is the one that is written.
constexpr common::Word<FinishReason> kFinishWords[] = {
    {"STOP", FinishReason::kStop},
    {"MAX_TOKENS", FinishReason::kLength},
    {"SAFETY", FinishReason::kContentFilter},
    {"RECITATION", FinishReason::kContentFilter},
    {"LANGUAGE", FinishReason::kContentFilter},
    {"BLOCKLIST", FinishReason::kContentFilter},
    {"PROHIBITED_CONTENT", FinishReason::kContentFilter},
    {"SPII", FinishReason::kContentFilter},
    {"IMAGE_SAFETY", FinishReason::kContentFilter},
    {"IMAGE_PROHIBITED_CONTENT", FinishReason::kContentFilter},
    {"IMAGE_RECITATION", FinishReason::kContentFilter},
    {"MODEL_ARMOR", FinishReason::kContentFilter},
    {"OTHER", FinishReason::kOther},
    {"MALFORMED_FUNCTION_CALL", FinishReason::kOther},
    {"UNEXPECTED_TOOL_CALL", FinishReason::kOther},
    {"TOO_MANY_TOOL_CALLS", FinishReason::kOther},
    {"MISSING_THOUGHT_SIGNATURE", FinishReason::kOther},
    {"IMAGE_OTHER", FinishReason::kOther},
    {"NO_IMAGE", FinishReason::kOther},
    {"CONTINUATION", FinishReason::kOther},
    {"MALFORMED_RESPONSE", FinishReason::kOther},
};

// What each neutral reason is called where `detail` does not say it better.
FinishReason Coarse(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
    case FinishReason::kStopSequence:
    case FinishReason::kToolCalls:
    case FinishReason::kPause: return FinishReason::kStop;
    case FinishReason::kLength:
    case FinishReason::kContextWindow: return FinishReason::kLength;
    case FinishReason::kContentFilter: return FinishReason::kContentFilter;
    case FinishReason::kOther: return FinishReason::kOther;
  }
  return FinishReason::kOther;
}

}  // namespace

FinishReason ToFinishReason(std::string_view word, ToolCalls calls) {
  const auto known = common::FindValue(kFinishWords, word);
  // Gemini stops when it calls; servers that imitate it have words of their own for that.
  if (calls == ToolCalls::kSome && known.value_or(FinishReason::kStop) == FinishReason::kStop) {
    return FinishReason::kToolCalls;
  }
  return known.value_or(FinishReason::kOther);
}

Usable UsableFinish(std::string_view word) {
  constexpr std::string_view kUseless[] = {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL",
                                           "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"};
  return std::ranges::find(kUseless, word) == std::end(kUseless) ? Usable::kYes : Usable::kNo;
}

std::string_view FinishWord(FinishReason reason, std::string_view detail) {
  const auto coarse = Coarse(reason);
  for (const auto& word : kFinishWords) {
    if (word.value == coarse && word.text == detail) return word.text;
  }
  return common::FindText(kFinishWords, coarse);
}

ThinkingMeasure MeasureOf(std::string_view model) {
  return model.contains("gemini-2") || model.contains("gemini-1") ? ThinkingMeasure::kBudget : ThinkingMeasure::kLevel;
}

std::string_view LevelFor(Effort effort) {
  switch (effort) {
    case Effort::kNone:
    case Effort::kMinimal: return "MINIMAL";
    case Effort::kLow: return "LOW";
    case Effort::kMedium: return "MEDIUM";
    case Effort::kHigh:
    case Effort::kXHigh:
    case Effort::kMax: return "HIGH";
  }
  return "HIGH";
}

}  // namespace gatehouse::llm::dialect::gemini
