#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::codec::cel {

// Whether a text can be an IANA name: letters, digits, `/`, `_`, `-` and `+`, not starting with `/`. A reader of files
// relies on it: no name leads out of its folder.
bool IsZoneName(std::string_view name);

// One time zone, as a TZif file has it (RFC 9636): changes in the past, and a rule for the time behind them. A value.
class ZoneRules {
 public:
  // Versions 2 to 4. Errors: kInvalidRequest, for a file that is not one or is cut short.
  static base::Result<ZoneRules> Parse(std::string_view file);

  // Seconds east of UTC at a time, in seconds since 1970.
  std::int32_t OffsetAt(std::int64_t seconds) const;

 private:
  friend class ZoneReader;
  // When within a year a rule changes the clock.
  struct YearDay {
    enum class Form : std::uint8_t { kMonthWeekDay, kJulianNoLeap, kZeroBased } form = Form::kMonthWeekDay;
    int month = 0;
    int week = 0;
    int day = 0;
    std::int32_t clock = 2 * 3600;  // seconds after midnight, of the time before the change
    std::int64_t DaysSinceEpoch(std::int64_t year) const;
  };
  struct Rule {
    std::int32_t standard = 0;
    struct Summer {
      std::int32_t offset = 0;
      YearDay begin;
      YearDay end;
    };
    std::optional<Summer> summer;
    std::int32_t OffsetAt(std::int64_t seconds) const;
  };

  std::vector<std::int64_t> changes_;  // rising
  std::vector<std::int32_t> offsets_;  // from each change on
  std::int32_t before_ = 0;            // until the first
  std::optional<Rule> rule_;           // from the last change on
};

}  // namespace gatehouse::codec::cel
