#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::llm {

// What a target dialect could not express of a request.
struct Loss {
  enum class Kind : std::uint8_t {
    kHint,       // changes cost or speed, never the answer (a cache mark): dropped with a warning, never refused
    kParameter,  // a setting: may be dropped where the operator allows it
    kContent,    // part of the conversation or a tool: always refused
  } kind = Kind::kParameter;
  std::string field;   // neutral name or path: "top_k", "messages[2].content[1]"
  std::string reason;  // "Anthropic has no equivalent of logit_bias"
};

enum class LossPolicy : std::uint8_t { kRefuse, kDrop };

// Refuses (kUnsupported, naming the field) or accepts the losses by policy. Accepted ones become `gatehouse-warning`
// headers.
base::Status JudgeLosses(const std::vector<Loss>& losses, LossPolicy policy, std::string_view target);

}  // namespace gatehouse::llm
