#pragma once

#include <string>
#include <vector>

#include "features/compliance/answer.h"

namespace gatehouse::features::compliance {

// A sample as a report shows it: where its files lie, or why there is no proof.
struct ProvenSample {
  Sample sample;
  std::string file;     // without its ending, relative to the report; "" without a proof
  std::string problem;  // why there is none
};

// A page that stands by itself: no script, no file beside it, charts as SVG, for the screen in light and dark, and for
// paper. Everything from the record is escaped.
std::string ReportHtml(const Report& report, const std::vector<ProvenSample>& samples);

}  // namespace gatehouse::features::compliance
