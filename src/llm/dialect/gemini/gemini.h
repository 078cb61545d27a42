#pragma once

#include <string>
#include <string_view>

#include "llm/dialect.h"
#include "llm/operation.h"

// Google's Gemini API (generativelanguage.googleapis.com) and its Vertex AI variant: generateContent and
// streamGenerateContent, countTokens, embedContent and batchEmbedContents, Vertex :predict. Facts: ai.google.dev/api.
// All dialects are ownerless and immutable.
namespace gatehouse::llm::dialect::gemini {

const ChatDialect& Chat();

// EncodeOptions::version of a target on Vertex AI, whose bodies differ from the Gemini API's where tokens are counted
// and embeddings are made.
inline constexpr std::string_view kVertex = "vertex";

// :countTokens. The Gemini API wraps the request in `generateContentRequest`, Vertex takes its members directly; either
// is read.
const CountDialect& Count();

// As a surface embedContent (one input) and batchEmbedContents (many), told apart by the body. Towards providers
// batchEmbedContents, and :predict on Vertex.
const EmbeddingDialect& Embed();

// Cuts a streamed answer into what the client reads: SSE events that end in \r\n\r\n, or one JSON array that grows
// (without alt=sse). Also for passing an upstream's chunks on in the other cut. One answer, one thread.
class ChunkWriter {
 public:
  explicit ChunkWriter(Framing framing) : framing_(framing) {}
  void Append(std::string_view json, std::string& out);
  // Closes the array; nothing for SSE.
  void Finish(std::string& out) const;

 private:
  Framing framing_;
  bool first_ = true;
};

}  // namespace gatehouse::llm::dialect::gemini
