#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/config/node.h"
#include "features/policy/rule_set.h"

namespace gatehouse::features::policy {

// What rules may refer to.
struct KnownNames {
  std::vector<std::string> models;     // public names
  std::vector<std::string> providers;  // as configured
};

// Reads the section `policies`. Problems are noted on the node's tree, those of a condition with its own line and
// column; what is wrong is left out.
std::shared_ptr<const RuleSet> ReadRules(const codec::config::Node& node, const KnownNames& known);

}  // namespace gatehouse::features::policy
