#include "llm/dialect/openai/service_tier.h"

#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::openai {
namespace {

constexpr common::Word<std::string_view> kTiers[] = {
    {"auto", "auto"},       {"flex", "flex"},        {"priority", "priority"},
    {"default", "default"}, {"standard", "default"}, {"standard_only", "default"},
};

bool IsOpenAi(DialectId id) { return id == DialectId::kOpenAiChat || id == DialectId::kOpenAiResponses; }

}  // namespace

void WriteServiceTier(codec::json::Writer& writer, const ChatRequest& request, std::string_view target,
                      std::vector<Loss>& losses) {
  const std::string& tier = request.service_tier;
  if (tier.empty()) return;
  if (IsOpenAi(request.origin)) {
    writer.Field("service_tier", tier);
  } else if (const auto word = common::FindValue(kTiers, tier)) {
    writer.Field("service_tier", *word);
  } else {
    losses.push_back({Loss::Kind::kHint, "service_tier", common::NoEquivalent(target, "the service tier " + tier)});
  }
}

}  // namespace gatehouse::llm::dialect::openai
