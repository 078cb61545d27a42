#pragma once

#include <string>
#include <vector>

#include "app/cli.h"
#include "app/cli_accounting.h"

namespace gatehouse::app {

// `gatehouse kill list|all|node|model|tool|lift`. Fills in the request, or the problem.
CliRequest UnderstandKill(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

// `gatehouse approval list|show|approve|deny|revoke|reviewers`.
CliRequest UnderstandApproval(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

// `gatehouse review list|show|fine|not-fine|plant|reviewers`.
CliRequest UnderstandReview(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

}  // namespace gatehouse::app
