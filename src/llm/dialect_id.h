#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::llm {

// A wire format, of a surface or of a provider.
enum class DialectId : std::uint8_t {
  kOpenAiChat,
  kOpenAiResponses,
  kOpenAiCompletions,
  kAnthropic,
  kGemini,
  kBedrock,
  kCohere,
};

std::string_view ToString(DialectId id);  // "openai.chat", "anthropic.messages", ...

}  // namespace gatehouse::llm
