#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "features/compliance/answer.h"

// Charts as SVG that takes its colours from the page.
namespace gatehouse::features::compliance {

// One bar for each value, with a scale, labels at the ends and the middle, and a title for those who cannot see it.
// Periods of more than 130 bars are added up. "" where there is nothing to draw.
std::string BarChart(const Chart& chart);

// Parts of a whole on one line; the names are classes of the page.
std::string VerdictBar(const std::vector<std::pair<std::string, std::uint64_t>>& parts);

}  // namespace gatehouse::features::compliance
