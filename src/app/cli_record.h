#pragma once

#include <string>
#include <vector>

#include "app/cli.h"
#include "app/cli_accounting.h"

namespace gatehouse::app {

// `gatehouse erase NODE --basis WORD`, `gatehouse erase --key KEY --basis WORD`. Fills in the request, or the problem.
CliRequest UnderstandErase(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);
// `gatehouse payload ENTRY --reason WORD`.
CliRequest UnderstandPayload(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);
// `gatehouse record keys|rotate-key|master-key|rotate-master-key`.
CliRequest UnderstandRecord(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);
// `gatehouse hold place NAME --reason TEXT [--node PATH | --key KEY] [--class CLASS] [--from DATE] [--until DATE]`,
// `gatehouse hold lift NAME --reason TEXT`, `gatehouse hold list [--all]`.
CliRequest UnderstandHold(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

}  // namespace gatehouse::app
