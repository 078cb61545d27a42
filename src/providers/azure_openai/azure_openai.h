#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::azure_openai {

// Azure OpenAI: the target's model is the deployment and stands in the path; `api-key`, or an Entra access token.
// Responses and token counts live outside the deployments.
std::unique_ptr<const common::Blueprint> Read(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::azure_openai
