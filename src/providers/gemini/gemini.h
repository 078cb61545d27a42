#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::gemini {

// The Gemini API with an API key.
std::unique_ptr<const common::Blueprint> ReadGemini(const std::string& name, const codec::config::Node& node);

// Vertex AI: the same format under a project and a location, with an OAuth access token, which the operator's own agent
// keeps fresh in a file (the configuration is read again when it changes).
std::unique_ptr<const common::Blueprint> ReadVertex(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::gemini
