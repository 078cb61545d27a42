#pragma once

#include <string>

#include "features/guard/inspection.h"

namespace gatehouse::features::guard {

// Which rule does what with which findings, where, for people; and below it the surfaces on which nothing can be
// inspected.
std::string ToTable(const GuardSettings& settings);

}  // namespace gatehouse::features::guard
