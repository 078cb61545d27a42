#include "llm/dialect.h"

#include "llm/dialect/anthropic/dialect.h"
#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/cohere/cohere.h"
#include "llm/dialect/gemini/gemini.h"
#include "llm/dialect/openai/embeddings.h"
#include "llm/dialect/openai_chat/dialect.h"
#include "llm/dialect/openai_completions/dialect.h"
#include "llm/dialect/openai_responses/dialect.h"
#include "llm/operation.h"

namespace gatehouse::llm {

const ChatDialect* FindChatDialect(DialectId id) {
  switch (id) {
    case DialectId::kOpenAiChat: return &dialect::openai_chat::Dialect();
    case DialectId::kOpenAiResponses: return &dialect::openai_responses::Chat();
    case DialectId::kOpenAiCompletions: return &dialect::openai_completions::Dialect();
    case DialectId::kAnthropic: return &dialect::anthropic::Chat();
    case DialectId::kGemini: return &dialect::gemini::Chat();
    case DialectId::kBedrock: return &dialect::bedrock::Chat();
    case DialectId::kCohere: return nullptr;
  }
  return nullptr;
}

const EmbeddingDialect* FindEmbeddingDialect(DialectId id) {
  switch (id) {
    case DialectId::kOpenAiChat: return &dialect::openai::Embeddings();
    case DialectId::kGemini: return &dialect::gemini::Embed();
    case DialectId::kBedrock: return &dialect::bedrock::Embed();
    case DialectId::kCohere: return &dialect::cohere::Embed();
    default: return nullptr;
  }
}

const CountDialect* FindCountDialect(DialectId id) {
  switch (id) {
    case DialectId::kOpenAiResponses: return &dialect::openai_responses::Count();
    case DialectId::kAnthropic: return &dialect::anthropic::Count();
    case DialectId::kGemini: return &dialect::gemini::Count();
    case DialectId::kBedrock: return &dialect::bedrock::Count();
    default: return nullptr;
  }
}

}  // namespace gatehouse::llm
