#pragma once

#include <span>

namespace gatehouse::app {

// `gatehouse reconcile EXPORT`: compares what a provider says was used with the ledger. 0: they agree, 1: they differ
// by more than is tolerated, or something failed, 2: wrong usage.
int ReconcileCommand(std::span<char* const> words);

}  // namespace gatehouse::app
