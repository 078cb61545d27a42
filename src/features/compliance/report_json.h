#pragma once

#include <string>
#include <vector>

#include "features/compliance/report_html.h"

namespace gatehouse::features::compliance {

// The same as the page, for programs (docs/compliance.md has the members).
std::string ReportJson(const Report& report, const std::vector<ProvenSample>& samples);

}  // namespace gatehouse::features::compliance
