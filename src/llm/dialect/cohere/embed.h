#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/loss.h"
#include "llm/operation.h"

// What the body of an embedding call has in common at Cohere and at Bedrock's Cohere models.
namespace gatehouse::llm::dialect::cohere {

// Members `texts`, `input_type`, `embedding_types`, `output_dimension`. `target` is for the losses: "Cohere".
void WriteEmbedRequest(codec::json::Writer& writer, const EmbeddingRequest& request,
                       std::span<const std::variant<std::string, TokenIds>> inputs, std::string_view target,
                       std::vector<Loss>& losses);

// `embeddings`, by type or as a plain array.
base::Status ReadEmbeddings(codec::json::Value embeddings, EmbeddingAnswer& answer);

}  // namespace gatehouse::llm::dialect::cohere
