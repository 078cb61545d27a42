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

// :countTokens of the Gemini API (the request wrapped in `generateContentRequest`) and of Vertex (its members
// directly). Either reads both.
const CountDialect& Count();
const CountDialect& VertexCount();

// embedContent (one input) and batchEmbedContents (many), told apart by the body; and Vertex :predict.
const EmbeddingDialect& Embed();
const EmbeddingDialect& VertexEmbed();

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
