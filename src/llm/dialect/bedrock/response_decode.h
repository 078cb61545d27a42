#pragma once

#include <memory>

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::bedrock {

std::unique_ptr<ResponseDecoder> NewDecoder();

}  // namespace gatehouse::llm::dialect::bedrock
