#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/cel/zone_rules.h"

namespace gatehouse::features::compliance {

// When reports are made, and about what time: each about one whole period of the calendar, after it is over. A value.
struct ReportSchedule {
  enum class Period : std::uint8_t { kDay, kWeek, kMonth, kQuarter, kYear } period = Period::kMonth;
  std::int32_t second_of_day = 0;                     // of the first day behind the period, by the clock of the zone
  std::shared_ptr<const codec::cel::ZoneRules> zone;  // never null
};

// One report that a schedule asks for. Times are seconds since 1970.
struct ReportOccasion {
  std::string name;  // "2026-11-23", "2026-W48", "2026-11", "2026-Q4", "2026": in the order of time
  std::int64_t from_s = 0;
  std::int64_t until_s = 0;  // not included
  std::int64_t due_s = 0;
};

// The latest one that is due by now. Those before it are not made up for: whoever was away for three months gets one.
ReportOccasion LatestDue(const ReportSchedule& schedule, std::int64_t now_s);

// Whether a folder can be that of an occasion of the period.
bool IsOccasionName(ReportSchedule::Period period, std::string_view name);

// "02:30" in seconds.
std::optional<std::int32_t> SecondOfDay(std::string_view text);

}  // namespace gatehouse::features::compliance
