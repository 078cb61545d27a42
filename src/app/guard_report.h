#pragma once

#include <span>
#include <string>
#include <string_view>

#include "inspect/finding.h"
#include "inspect/inspector.h"

namespace gatehouse::app {

// What was found in a text. None of the forms repeats any of what was found.
struct GuardReport {
  std::string_view name;  // of the file, "-" for standard input
  std::string_view text;
  std::span<const inspect::Finding> findings;  // by position
  inspect::Inspector::Coverage coverage = inspect::Inspector::Coverage::kWhole;
};

std::string ToText(const GuardReport& report);
std::string ToJson(const GuardReport& report);
// SARIF 2.1.0 (OASIS), for code hosts and editors.
std::string ToSarif(const GuardReport& report);

}  // namespace gatehouse::app
