#pragma once

#include <span>

namespace gatehouse::app {

// `gatehouse policy ...`: the exit status. `arguments` are what follows `policy`.
int PolicyCommand(std::span<char* const> arguments);

}  // namespace gatehouse::app
