#pragma once

#include <memory>
#include <string>

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::bedrock {

// Event-stream messages.
std::unique_ptr<ResponseEncoder> NewEncoder();
std::string EncodeWhole(const Answer& answer);

}  // namespace gatehouse::llm::dialect::bedrock
