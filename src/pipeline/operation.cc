#include "pipeline/operation.h"

#include "pipeline/surface.h"

namespace gatehouse::pipeline {

base::Result<std::unique_ptr<const JsonBody>> JsonBody::Parse(std::string text) {
  std::unique_ptr<JsonBody> body(new JsonBody(std::move(text)));
  GH_CHECK_OK(body->document_.Parse(body->text_));
  if (!body->root().IsObject()) {
    return base::InvalidRequest("The request body must be a JSON object; found " +
                                std::string(codec::json::Describe(body->root().type())) + ".");
  }
  return std::unique_ptr<const JsonBody>(std::move(body));
}

std::string_view OperationName(const Operation& operation) {
  struct Name {
    std::string_view operator()(const ChatCall&) const { return "chat"; }
    std::string_view operator()(const EmbeddingCall&) const { return "embeddings"; }
    std::string_view operator()(const CountCall&) const { return "count_tokens"; }
    std::string_view operator()(const RerankCall&) const { return "rerank"; }
    std::string_view operator()(const PassThroughCall&) const { return "pass_through"; }
    std::string_view operator()(const ModelsCall&) const { return "list_models"; }
  };
  return std::visit(Name{}, operation);
}

std::optional<Surface> SurfaceOf(std::string_view name) {
  for (std::size_t i = 0; i < kSurfaces; ++i) {
    if (ToString(static_cast<Surface>(i)) == name) return static_cast<Surface>(i);
  }
  return {};
}

std::string_view ToString(Surface surface) {
  switch (surface) {
    case Surface::kOpenAiChat: return "openai.chat";
    case Surface::kOpenAiResponses: return "openai.responses";
    case Surface::kOpenAiCompletions: return "openai.completions";
    case Surface::kOpenAiEmbeddings: return "openai.embeddings";
    case Surface::kAnthropicMessages: return "anthropic.messages";
    case Surface::kGeminiGenerate: return "gemini.generate";
    case Surface::kGeminiEmbeddings: return "gemini.embeddings";
    case Surface::kTokenCount: return "token_count";
    case Surface::kRerank: return "rerank";
    case Surface::kModels: return "models";
    case Surface::kPassThrough: return "pass_through";
  }
  return "unknown";
}

}  // namespace gatehouse::pipeline
