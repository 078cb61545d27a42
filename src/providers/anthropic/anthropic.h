#pragma once

#include <memory>
#include <string>

#include "codec/config/node.h"
#include "providers/common/blueprint.h"

namespace gatehouse::providers::anthropic {

// Anthropic's Messages API, and servers that speak it. Calls that the gateway originates use `version`; a client of the
// same dialect keeps its own.
std::unique_ptr<const common::Blueprint> Read(const std::string& name, const codec::config::Node& node);

}  // namespace gatehouse::providers::anthropic
