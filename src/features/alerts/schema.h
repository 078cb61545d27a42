#pragma once

#include "store/migrations.h"

namespace gatehouse::features::alerts {

// The outbox of alerts (docs/formats/database.md).
store::Schema AlertSchema();

}  // namespace gatehouse::features::alerts
