#pragma once

#include "store/migrations.h"

namespace gatehouse::features::accounting {

// The tables of ledger and limits. docs/formats/database.md describes them.
store::Schema LedgerSchema();

}  // namespace gatehouse::features::accounting
