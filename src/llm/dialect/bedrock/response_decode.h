#pragma once

#include <memory>
#include <string_view>

#include "llm/dialect.h"

namespace gatehouse::llm::dialect::bedrock {

std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange);

}  // namespace gatehouse::llm::dialect::bedrock
