#include "pipeline/provider.h"

#include <array>

namespace gatehouse::pipeline {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Capability::kCount)> kNames = {
    "chat",        "streaming", "tools",      "vision",      "documents", "audio",
    "json_schema", "reasoning", "embeddings", "token_count", "rerank",    "pass_through"};

}  // namespace

std::string_view ToString(Capability capability) { return kNames.at(static_cast<std::size_t>(capability)); }

std::optional<Capability> ParseCapability(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<Capability>(i);
  }
  return {};
}

}  // namespace gatehouse::pipeline
