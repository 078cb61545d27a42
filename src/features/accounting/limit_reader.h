#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codec/config/node.h"
#include "features/accounting/limit.h"
#include "features/common/zone_files.h"

namespace gatehouse::features::accounting {

// A limit as a configuration or a person states it: of the node at a path, which may not exist yet.
struct StatedLimit {
  std::string node;  // "acme/search", "acme/search/prod/app:checkout"
  Limit limit;       // without ids
};

// Reads the list `budgets`. Problems are noted on the tree. docs/budgets.md says what can be stated.
std::vector<StatedLimit> ReadLimits(const codec::config::Node& list, const common::ZoneFiles& zones);

// The steps of a limit as a JSON array, as the database keeps them, and back.
std::string StepsText(const std::vector<Step>& steps);
base::Result<std::vector<Step>> ParseSteps(std::string_view json);

}  // namespace gatehouse::features::accounting
