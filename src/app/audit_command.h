#pragma once

#include <span>

namespace gatehouse::app {

// `gatehouse audit ...`: the exit status. `arguments` are what follows `audit`. Reads a log folder and no
// configuration, so that it runs where no gateway does.
int AuditCommand(std::span<char* const> arguments);

}  // namespace gatehouse::app
