#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::openai {

// OpenAI itself: chat completions, responses, completions, embeddings, input token counts, and its opaque endpoints.
std::unique_ptr<const common::Blueprint> ReadOpenAi(const std::string& name, const codec::config::Node& node);

// Any server that speaks OpenAI's format (vLLM, Ollama, llama.cpp, Mistral, Groq, DeepSeek, xAI, Together, OpenRouter).
// `dialects` names what it understands beside chat completions; `capabilities` what its models can do.
std::unique_ptr<const common::Blueprint> ReadCompatible(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::openai
