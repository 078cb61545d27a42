#pragma once

#include "store/migrations.h"

namespace gatehouse::features::oversight {

// Stops and approvals (docs/formats/database.md).
store::Schema OversightSchema();

}  // namespace gatehouse::features::oversight
