#include "pipeline/decision.h"

namespace gatehouse::pipeline {

std::string_view ToString(Phase phase) {
  switch (phase) {
    case Phase::kRequest: return "request";
    case Phase::kPrompt: return "prompt";
    case Phase::kToolCall: return "tool_call";
    case Phase::kToolResult: return "tool_result";
    case Phase::kResponse: return "response";
    case Phase::kHandoff: return "handoff";
  }
  return "unknown";
}

std::string_view ToString(Effect effect) {
  switch (effect) {
    case Effect::kAllow: return "allow";
    case Effect::kRestrict: return "restrict";
    case Effect::kChallenge: return "challenge";
    case Effect::kDeny: return "deny";
  }
  return "unknown";
}

}  // namespace gatehouse::pipeline
