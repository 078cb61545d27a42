#include "providers/common/vendor.h"

#include <algorithm>
#include <array>

namespace gatehouse::providers::common {

std::optional<std::string> Vendor::CountTarget(std::string_view) const { return {}; }
std::optional<std::string> Vendor::EmbeddingTarget(std::string_view) const { return {}; }
std::optional<std::string> Vendor::RerankTarget() const { return {}; }
std::optional<std::string> Vendor::PassThroughTarget(const pipeline::PassThroughCall&) const { return {}; }

const llm::EmbeddingDialect* Vendor::EmbeddingCodec(std::string_view) const {
  return llm::FindEmbeddingDialect(llm::DialectId::kOpenAiChat);
}

bool Vendor::ForwardsHeader(std::string_view lower_case_name) const {
  constexpr std::array<std::string_view, 3> kPrefixes = {"x-ratelimit-", "anthropic-ratelimit-",
                                                         "openai-processing-ms"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return lower_case_name.starts_with(prefix); });
}

}  // namespace gatehouse::providers::common
