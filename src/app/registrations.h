#pragma once

#include <string_view>
#include <vector>

#include "providers/common/blueprint.h"
#include "store/migrations.h"

namespace gatehouse::app {

// The kinds of provider that a configuration may name.
providers::common::ReadBlueprint FindProviderKind(std::string_view kind);
std::vector<std::string_view> ProviderKinds();

// The tables of all parts of the program. A later one may refer to those before it.
std::vector<store::Schema> Schemas();

}  // namespace gatehouse::app
