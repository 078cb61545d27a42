#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::cohere {

// Cohere: embed and rerank in its own format, chat by its OpenAI-compatible endpoint.
std::unique_ptr<const common::Blueprint> Read(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::cohere
