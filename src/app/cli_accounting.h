#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli.h"

namespace gatehouse::app {

using CliOptions = std::multimap<std::string, std::string, std::less<>>;

// Whether a command's first word is one of these: "usage", "budget", "exchange", "alert", "erase", "kill", "approval",
// "review".
bool IsAccountingWord(std::string_view word);

// A problem for any option that is neither one of these nor has a meaning everywhere.
void CheckOptions(const CliOptions& options, std::initializer_list<std::string_view> allowed, std::string_view command,
                  std::string& problem);
// "?from=...&by=..." of the options that are there.
std::string QueryOf(const CliOptions& options, std::initializer_list<std::string_view> names);

// `gatehouse usage`, `gatehouse budget list acme` and the like. Fills in the request, or the problem.
CliRequest UnderstandAccounting(const std::vector<std::string>& plain, const CliOptions& options, std::string& problem);

}  // namespace gatehouse::app
