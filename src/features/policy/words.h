#pragma once

#include <array>

#include "codec/config/node.h"
#include "features/policy/rule_set.h"
#include "pipeline/decision.h"

// Words that rules and the cases of a suite have in common.
namespace gatehouse::features::policy {

inline constexpr std::array<codec::config::Choice<pipeline::Phase>, kPhases> kPhaseWords = {
    {{"request", pipeline::Phase::kRequest},
     {"prompt", pipeline::Phase::kPrompt},
     {"tool_call", pipeline::Phase::kToolCall},
     {"tool_result", pipeline::Phase::kToolResult},
     {"response", pipeline::Phase::kResponse},
     {"handoff", pipeline::Phase::kHandoff}}};
inline constexpr std::array<codec::config::Choice<pipeline::Effect>, 4> kEffectWords = {
    {{"allow", pipeline::Effect::kAllow},
     {"restrict", pipeline::Effect::kRestrict},
     {"challenge", pipeline::Effect::kChallenge},
     {"deny", pipeline::Effect::kDeny}}};

}  // namespace gatehouse::features::policy
