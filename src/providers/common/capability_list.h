#pragma once

#include <initializer_list>

#include "codec/config/node.h"
#include "pipeline/provider.h"

namespace gatehouse::providers::common {

pipeline::Capabilities CapabilityList(std::initializer_list<pipeline::Capability> list);

// A list of capability names, or `otherwise` where the node is absent.
pipeline::Capabilities ReadCapabilities(const codec::config::Node& node, pipeline::Capabilities otherwise);

}  // namespace gatehouse::providers::common
