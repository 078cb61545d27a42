#pragma once

#include <string_view>
#include <vector>

#include "providers/common/blueprint.h"

namespace gatehouse::app {

// The kinds of provider that a configuration may name.
providers::common::ReadBlueprint FindProviderKind(std::string_view kind);
std::vector<std::string_view> ProviderKinds();

}  // namespace gatehouse::app
