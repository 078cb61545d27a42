#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.h"

namespace gatehouse::app {

using CliOptions = std::multimap<std::string, std::string, std::less<>>;

// Whether a command's first word is one of these: "usage", "budget", "exchange".
bool IsAccountingWord(std::string_view word);

// `gatehouse usage`, `gatehouse budget list acme` and the like. Fills in the request, or the problem.
CliRequest UnderstandAccounting(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

}  // namespace gatehouse::app
