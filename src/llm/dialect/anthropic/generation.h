#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "llm/dialect/common/arrange.h"

// What a Claude model accepts, told from its name and from the API version. Names of the hosted variants
// ("us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-5@20251101") are understood.
namespace gatehouse::llm::dialect::anthropic {

struct Generation {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  auto operator<=>(const Generation&) const = default;
};

// nullopt for a model that is not a Claude (hosts that imitate the API). A Claude without a number is the newest.
std::optional<Generation> GenerationOf(std::string_view model);

// How a target differs from what the request may say.
struct Capabilities {
  enum class Thinking : std::uint8_t {
    kNone,
    kBudget,    // {"type": "enabled", "budget_tokens": n}
    kEither,    // with a budget, or adaptive with an effort, which the vendor prefers
    kAdaptive,  // {"type": "adaptive"}; a budget is an error
  } thinking = Thinking::kBudget;
  enum class Sampling : std::uint8_t {
    kFree,       // temperature, top_p and top_k
    kOneOfBoth,  // temperature or top_p, not both
    kRefused,    // 400, whatever the value
  } sampling = Sampling::kFree;
  common::MidSystem mid_system = common::MidSystem::kHoisted;
  enum class Documents : std::uint8_t { kAnywhere, kUserOnly } assistant_documents = Documents::kAnywhere;
  enum class Citations : std::uint8_t { kAnywhere, kAssistantOnly } text_citations = Citations::kAnywhere;
};

// `version` is the value of anthropic-version; "" is the oldest.
Capabilities CapabilitiesOf(std::string_view model, std::string_view version);

// The hosted variants (Bedrock InvokeModel, Vertex rawPredict) take the version in the body and the model and the
// delivery in the path. Their versions begin with "bedrock-" or "vertex-".
bool IsHostedVersion(std::string_view version);

}  // namespace gatehouse::llm::dialect::anthropic
