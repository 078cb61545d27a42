#pragma once

#include <string_view>

#include "llm/chat.h"
#include "llm/dialect/common/words.h"
#include "llm/event.h"

// The words of the Messages API and ours.
namespace gatehouse::llm::dialect::anthropic {

inline constexpr std::string_view kTarget = "Anthropic";

inline constexpr common::Word<Role> kRoles[] = {
    {"user", Role::kUser}, {"assistant", Role::kAssistant}, {"system", Role::kSystem}};

inline constexpr common::Word<ReasoningConfig::Mode> kThinkingModes[] = {
    {"enabled", ReasoningConfig::Mode::kEnabled},
    {"adaptive", ReasoningConfig::Mode::kAdaptive},
    {"disabled", ReasoningConfig::Mode::kDisabled},
};
inline constexpr std::string_view kDisplayOmitted = "omitted";
inline constexpr std::string_view kDisplaySummarized = "summarized";

inline constexpr common::Word<ToolChoice::Mode> kToolChoiceModes[] = {
    {"auto", ToolChoice::Mode::kAuto},
    {"any", ToolChoice::Mode::kRequired},
    {"tool", ToolChoice::Mode::kNamed},
    {"none", ToolChoice::Mode::kNone},
};

// The neutral words for service tiers are OpenAI's: "auto", and "default" for ordinary capacity only.
inline constexpr std::string_view kStandardOnly = "standard_only";
inline constexpr std::string_view kNeutralStandard = "default";

inline constexpr common::Word<FinishReason> kStopReasons[] = {
    {"end_turn", FinishReason::kStop},
    {"stop_sequence", FinishReason::kStopSequence},
    {"max_tokens", FinishReason::kLength},
    {"tool_use", FinishReason::kToolCalls},
    {"refusal", FinishReason::kContentFilter},
    {"pause_turn", FinishReason::kPause},
    {"model_context_window_exceeded", FinishReason::kContextWindow},
};
// A stop reason without a neutral word, carried in ChoiceFinished::detail.
inline constexpr std::string_view kCompaction = "compaction";

}  // namespace gatehouse::llm::dialect::anthropic
