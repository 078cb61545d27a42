#pragma once

#include <string>
#include <vector>

#include "codec/config/node.h"
#include "inspect/default_detectors.h"

namespace gatehouse::app {

// Reads `guard.detectors`. Problems are noted on the tree; a file of rules is added to `files`.
inspect::DetectorOptions ReadDetectors(const codec::config::Node& node, std::vector<std::string>& files);

}  // namespace gatehouse::app
