#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::pipeline {

// When in an exchange a rule is asked.
enum class Phase : std::uint8_t { kRequest, kPrompt, kToolCall, kToolResult, kResponse, kHandoff };

std::string_view ToString(Phase phase);  // "request", "prompt", "tool_call", ...

// What a rule wants done, mildest first: where several rules speak, the strictest wins.
enum class Effect : std::uint8_t { kAllow, kRestrict, kChallenge, kDeny };

std::string_view ToString(Effect effect);  // "allow", "restrict", ...

// What one rule decided about an exchange. For the log, the ledger and the record.
struct Decision {
  std::string rule;  // its id
  Phase phase = Phase::kRequest;
  Effect effect = Effect::kAllow;
  enum class Mode : std::uint8_t { kEnforced, kShadow } mode = Mode::kEnforced;  // shadow: said, and not done
  std::string action;                 // of a restriction: "clamp_max_tokens 1000"
  std::vector<std::string> controls;  // "OWASP LLM01", ...
};

}  // namespace gatehouse::pipeline
