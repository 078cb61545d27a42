#pragma once

#include <span>

namespace gatehouse::app {

// `gatehouse audit vault --log DIR --vault DIR [--json]`: compares every payload that the entries of a log speak of
// with the vault, and says what became of each: whole, erased or expired as a later entry says, or lost. Needs no key.
// The exit status: 0; 2 where somebody has to answer for one; 4 where it cannot be compared (the gateway that owns the
// vault is running, or there is none); 1 for a wrong command line.
int AuditVaultCommand(std::span<char* const> arguments);

}  // namespace gatehouse::app
