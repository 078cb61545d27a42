#include "llm/dialect_id.h"

namespace gatehouse::llm {

std::string_view ToString(DialectId id) {
  switch (id) {
    case DialectId::kOpenAiChat: return "openai.chat";
    case DialectId::kOpenAiResponses: return "openai.responses";
    case DialectId::kOpenAiCompletions: return "openai.completions";
    case DialectId::kAnthropic: return "anthropic.messages";
    case DialectId::kGemini: return "gemini.generate";
    case DialectId::kBedrock: return "bedrock.converse";
    case DialectId::kCohere: return "cohere.chat";
  }
  return "unknown";
}

}  // namespace gatehouse::llm
