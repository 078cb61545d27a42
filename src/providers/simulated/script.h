#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "llm/chat.h"
#include "llm/event.h"
#include "llm/usage.h"

namespace gatehouse::providers::simulated {

// The whole answer to `request`, as events: the same for the same request.
std::vector<llm::Event> AnswerTo(const llm::ChatRequest& request, std::string_view model, std::string_view id);

// An instance of a JSON Schema: required properties, first enum values, empty where nothing is asked.
std::string InstanceOf(std::string_view schema);

// A unit vector that is close for texts that share words.
std::vector<float> Embed(std::string_view text, std::size_t dimensions);

// Four bytes a token, at least one.
std::uint64_t EstimateTokens(std::string_view text);
std::uint64_t EstimateTokens(const llm::ChatRequest& request);

}  // namespace gatehouse::providers::simulated
