#pragma once

#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/alerts/settings.h"

namespace gatehouse::app {

// Reads the section `alerts`. Problems are noted on the tree; files of certificates are added to `files`.
features::alerts::AlertSettings ReadAlerts(const codec::config::Node& node, std::vector<std::string>& files);

}  // namespace gatehouse::app
