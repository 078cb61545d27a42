#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/dialect.h"
#include "llm/usage.h"

namespace gatehouse::llm::dialect::gemini {

std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange);

// `usageMetadata` in disjoint buckets. What was generated is the total without what was read: whether
// candidatesTokenCount holds the thoughts differs between Google's own surfaces.
Usage ReadUsage(codec::json::Value metadata);

}  // namespace gatehouse::llm::dialect::gemini
