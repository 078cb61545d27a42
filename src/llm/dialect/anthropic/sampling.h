#pragma once

#include <vector>

#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/anthropic/generation.h"
#include "llm/loss.h"

// Temperature and its like, which newer models and newer versions of the API refuse.
namespace gatehouse::llm::dialect::anthropic {

enum class Thought : std::uint8_t { kNo, kYes };

// Writes temperature, top_p and top_k as far as the model takes them; the rest becomes losses.
void WriteSampling(codec::json::Writer& writer, const ChatRequest& request, Capabilities::Sampling sampling,
                   Thought thought, std::vector<Loss>& losses);

// The settings for which Anthropic has no word at all.
void LoseForeignSettings(const ChatRequest& request, std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::anthropic
