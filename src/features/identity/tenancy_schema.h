#pragma once

#include "store/migrations.h"

namespace gatehouse::features::identity {

// The tables of the tenancy tree, its keys and roles, and of what was done through the admin API
// (docs/formats/tenancy_tables.md).
store::Schema TenancySchema();

}  // namespace gatehouse::features::identity
