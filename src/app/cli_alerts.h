#pragma once

#include <string>
#include <vector>

#include "app/cli.h"
#include "app/cli_accounting.h"

namespace gatehouse::app {

// `gatehouse alert list`, `gatehouse alert channels`, `gatehouse alert test CHANNEL`. Fills in the request, or the
// problem.
CliRequest UnderstandAlert(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

}  // namespace gatehouse::app
