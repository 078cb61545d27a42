#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::bedrock {

// Amazon Bedrock: Converse and ConverseStream, token counts, Titan and Cohere embeddings by InvokeModel. Signs with
// SigV4, or sends a Bedrock API key as bearer token.
std::unique_ptr<const common::Blueprint> Read(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::bedrock
