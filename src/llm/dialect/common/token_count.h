#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace gatehouse::llm::dialect::common {

// The number at `member` of a token count's answer; kBadUpstream where there is none.
base::Result<std::uint64_t> DecodeTokenCount(std::string_view body, std::string_view member);

}  // namespace gatehouse::llm::dialect::common
