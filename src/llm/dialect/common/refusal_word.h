#pragma once

#include <string_view>

#include "base/result.h"

namespace gatehouse::llm::dialect::common {

// The word with which the message of a refusal by the gateway's own rules begins, for programs: "approval_required",
// "approval_denied", "stopped" (docs/oversight.md); "" for any other error.
std::string_view RefusalWord(const base::Error& error);

}  // namespace gatehouse::llm::dialect::common
