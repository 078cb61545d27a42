#pragma once

#include <span>

namespace gatehouse::app {

// `gatehouse guard ...`: the exit status. `arguments` are what follows `guard`.
int GuardCommand(std::span<char* const> arguments);

}  // namespace gatehouse::app
