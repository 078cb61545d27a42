#include "llm/dialect/common/token_count.h"

#include "codec/json/document.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::common {

base::Result<std::uint64_t> DecodeTokenCount(std::string_view body, std::string_view member) {
  codec::json::Document document;
  if (!document.Parse(body).ok()) return BadUpstream("the token count is not JSON");
  const auto count = document.root()[member].AsInteger();
  if (!count || *count < 0) return BadUpstream("the token count has no number");
  return static_cast<std::uint64_t>(*count);
}

}  // namespace gatehouse::llm::dialect::common
