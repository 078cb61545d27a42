#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/cel/value.h"

namespace gatehouse::codec::cel {

// Points in time from 0001-01-01T00:00:00Z up to 9999-12-31T23:59:59.999999999Z; durations in nanoseconds.

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// nullopt: out of range.
std::optional<Timestamp> MakeTimestamp(std::int64_t seconds, std::uint32_t nanos);
std::optional<Timestamp> Plus(Timestamp time, std::int64_t nanos);
std::optional<std::int64_t> Minus(Timestamp a, Timestamp b);

// RFC 3339 with an offset: 2026-11-22T18:30:00.5+01:00.
std::optional<Timestamp> ParseTimestamp(std::string_view text);
std::string TimestampText(Timestamp time);  // in UTC, with as many digits of a second as it takes

// A sign and numbers with units, "1h30m", "-1.5s", "250ms", "0"; units h, m, s, ms, us, ns. nullopt: not one, or out of
// range.
std::optional<std::int64_t> ParseDuration(std::string_view text);
std::string DurationText(std::int64_t nanos);  // seconds: "5400s", "0.25s"

// The calendar and the clock, at an offset from UTC.
struct Civil {
  std::int64_t year;
  int month;        // 1 to 12
  int day;          // 1 to 31
  int day_of_year;  // 0 to 365
  int weekday;      // 0: Sunday
  int hour;
  int minute;
  int second;
};
Civil ToCivil(std::int64_t seconds_since_epoch);
// Days from 1970-01-01 to a date of the Gregorian calendar.
std::int64_t DaysFromCivil(std::int64_t year, int month, int day);

// Seconds east of UTC: "+02:00", "-09:30", "02:00". nullopt: not of that form.
std::optional<std::int32_t> ParseOffset(std::string_view text);

// Where named time zones come from: a seam, for they are files or a service, and this layer reads neither. Called by
// the threads that evaluate, at the same time.
class TimeZones {
 public:
  TimeZones() = default;
  TimeZones(const TimeZones&) = delete;
  TimeZones& operator=(const TimeZones&) = delete;
  virtual ~TimeZones() = default;
  // Seconds east of UTC in the zone of that IANA name at that time; nullopt: no such zone.
  virtual std::optional<std::int32_t> OffsetAt(std::string_view name, std::int64_t seconds_since_epoch) const = 0;
};

}  // namespace gatehouse::codec::cel
