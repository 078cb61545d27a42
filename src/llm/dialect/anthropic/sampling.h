#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/anthropic/generation.h"
#include "llm/loss.h"

// Temperature and its like, which newer models and newer versions of the API refuse.
namespace gatehouse::llm::dialect::anthropic {

enum class Thought : std::uint8_t { kNo, kYes };

// The parameters as far as the model takes them.
struct Sampling {
  std::optional<double> temperature = {};
  std::optional<double> top_p = {};
  std::optional<std::uint64_t> top_k = {};
};

// What the model does not take becomes losses.
Sampling PlanSampling(const ChatRequest& request, Capabilities::Sampling can, Thought thought,
                      std::vector<Loss>& losses);

void WriteSampling(codec::json::Writer& writer, const Sampling& sampling);

// The settings for which Anthropic has no word at all.
void LoseForeignSettings(const ChatRequest& request, std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::anthropic
