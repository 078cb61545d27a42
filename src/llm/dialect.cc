#include "llm/dialect.h"

#include "llm/dialect/gemini/gemini.h"
#include "llm/operation.h"

namespace gatehouse::llm {

const ChatDialect* FindChatDialect(DialectId id) {
  switch (id) {
    case DialectId::kGemini: return &dialect::gemini::Chat();
    case DialectId::kOpenAiChat:
    case DialectId::kOpenAiResponses:
    case DialectId::kOpenAiCompletions:
    case DialectId::kAnthropic:
    case DialectId::kBedrock:
    case DialectId::kCohere: return nullptr;
  }
  return nullptr;
}

const EmbeddingDialect* FindEmbeddingDialect(DialectId) { return nullptr; }

const CountDialect* FindCountDialect(DialectId) { return nullptr; }

}  // namespace gatehouse::llm
