#include "llm/dialect/common/losses.h"

#include <algorithm>
#include <array>

namespace gatehouse::llm::dialect::common {
namespace {

// Members that never change what the model answers.
constexpr std::array<std::string_view, 9> kHints = {
    "store",
    "prompt_cache_options",
    "prompt_cache_retention",
    "stream_options.include_obfuscation",
    "diagnostics",
    "speed",
    "labels",
    "performanceConfig",
    "cache_control",
};

bool IsHint(std::string_view name) { return std::ranges::find(kHints, name) != kHints.end(); }

}  // namespace

std::string NoEquivalent(std::string_view target, std::string_view what) {
  return std::string(target).append(" has no equivalent of ").append(what);
}

void AddForeignExtras(const ChatRequest& request, std::string_view target, std::vector<Loss>& losses) {
  for (const ExtraField& field : request.extra) {
    losses.push_back({IsHint(field.name) ? Loss::Kind::kHint : Loss::Kind::kParameter, field.name,
                      NoEquivalent(target, field.name)});
  }
}

}  // namespace gatehouse::llm::dialect::common
