#include "llm/dialect.h"

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/gemini/gemini.h"
#include "llm/operation.h"

namespace gatehouse::llm {

const ChatDialect* FindChatDialect(DialectId id) {
  switch (id) {
    case DialectId::kAnthropic: return &dialect::anthropic::Chat();
    case DialectId::kGemini: return &dialect::gemini::Chat();
    case DialectId::kOpenAiChat:
    case DialectId::kOpenAiResponses:
    case DialectId::kOpenAiCompletions:
    case DialectId::kBedrock:
    case DialectId::kCohere: return nullptr;
  }
  return nullptr;
}

const EmbeddingDialect* FindEmbeddingDialect(DialectId) { return nullptr; }

const CountDialect* FindCountDialect(DialectId id) {
  return id == DialectId::kAnthropic ? &dialect::anthropic::Count() : nullptr;
}

}  // namespace gatehouse::llm
