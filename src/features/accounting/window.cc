#include "features/accounting/window.h"

#include <limits>

#include "codec/cel/timestamp.h"

namespace gatehouse::features::accounting {
namespace {

using codec::cel::Civil;
using codec::cel::DaysFromCivil;
using codec::cel::ToCivil;
using codec::cel::ZoneRules;

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kWeek = 7 * kDay;

std::int64_t OffsetAt(const ZoneRules* zone, std::int64_t second) {
  return zone == nullptr ? 0 : zone->OffsetAt(second);
}

std::int64_t FloorTo(std::int64_t second, std::int64_t step) {
  const std::int64_t rest = second % step;
  return second - (rest < 0 ? rest + step : rest);
}

// The first second of [low, high] with the offset of `high`. REQUIRES: there is one change between them.
std::int64_t ChangeBetween(const ZoneRules& zone, std::int64_t low, std::int64_t high) {
  const std::int64_t after = zone.OffsetAt(high);
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (zone.OffsetAt(middle) == after ? high : low) = middle;
  }
  return high;
}

// When the day of that number since 1970 begins in the zone.
std::int64_t BeginOfDay(const ZoneRules* zone, std::int64_t day) {
  const std::int64_t midnight = day * kDay;  // of the zone's own clock
  if (zone == nullptr) return midnight;
  const std::int64_t before = zone->OffsetAt(midnight - kDay);
  const std::int64_t after = zone->OffsetAt(midnight + kDay);
  if (before == after) return midnight - after;
  const std::int64_t change = ChangeBetween(*zone, midnight - kDay, midnight + kDay);
  if (midnight - after >= change) return midnight - after;    // after the change, also where midnight comes twice
  if (midnight - before <= change) return midnight - before;  // before it
  return change;                                              // there is no midnight that day
}

std::int64_t DayOf(const ZoneRules* zone, std::int64_t second) {
  // The zone's own clock can read yesterday again within the day that has begun, and never by more than that.
  const std::int64_t day = FloorTo(second + OffsetAt(zone, second), kDay) / kDay;
  if (second < BeginOfDay(zone, day)) return day - 1;
  return second >= BeginOfDay(zone, day + 1) ? day + 1 : day;
}

Span DaySpan(const ZoneRules* zone, std::int64_t first_day, std::int64_t last_day) {
  return {BeginOfDay(zone, first_day), BeginOfDay(zone, last_day + 1)};
}

Span WeekSpan(const ZoneRules* zone, std::int64_t second) {
  const std::int64_t day = DayOf(zone, second);
  constexpr std::int64_t kThursday = 3;  // 1 January 1970, counted from Monday
  const std::int64_t monday = FloorTo(day + kThursday, 7) - kThursday;
  return DaySpan(zone, monday, monday + 6);
}

Span MonthSpan(const ZoneRules* zone, std::int64_t second) {
  const Civil civil = ToCivil(DayOf(zone, second) * kDay);
  const bool december = civil.month == 12;
  const std::int64_t first = DaysFromCivil(civil.year, civil.month, 1);
  const std::int64_t next = DaysFromCivil(december ? civil.year + 1 : civil.year, december ? 1 : civil.month + 1, 1);
  return DaySpan(zone, first, next - 1);
}

// Whole hours of the zone's clock; where it is set by a part of an hour, the hour ends there.
Span HourSpan(const ZoneRules* zone, std::int64_t second) {
  const std::int64_t offset = OffsetAt(zone, second);
  Span span{FloorTo(second + offset, kHour) - offset, 0};
  span.end = span.begin + kHour;
  if (zone == nullptr) return span;
  if (zone->OffsetAt(span.begin) != offset) span.begin = ChangeBetween(*zone, span.begin, second);
  if (zone->OffsetAt(span.end - 1) != offset) span.end = ChangeBetween(*zone, second, span.end - 1);
  return span;
}

}  // namespace

std::string_view ToString(WindowSpec::Unit unit) {
  switch (unit) {
    case WindowSpec::Unit::kMinute: return "minute";
    case WindowSpec::Unit::kHour: return "hour";
    case WindowSpec::Unit::kDay: return "day";
    case WindowSpec::Unit::kWeek: return "week";
    case WindowSpec::Unit::kMonth: return "month";
    case WindowSpec::Unit::kTotal: return "total";
  }
  return "unknown";
}

Span CalendarSpan(const WindowSpec& spec, std::int64_t second) {
  const ZoneRules* zone = spec.zone.get();
  switch (spec.unit) {
    case WindowSpec::Unit::kMinute: return {FloorTo(second, kMinute), FloorTo(second, kMinute) + kMinute};
    case WindowSpec::Unit::kHour: return HourSpan(zone, second);
    case WindowSpec::Unit::kDay: return DaySpan(zone, DayOf(zone, second), DayOf(zone, second));
    case WindowSpec::Unit::kWeek: return WeekSpan(zone, second);
    case WindowSpec::Unit::kMonth: return MonthSpan(zone, second);
    case WindowSpec::Unit::kTotal: break;
  }
  return {0, std::numeric_limits<std::int64_t>::max()};
}

Rolling RollingOf(WindowSpec::Unit unit) {
  std::int64_t length = 30 * kDay;
  switch (unit) {
    case WindowSpec::Unit::kMinute: length = kMinute; break;
    case WindowSpec::Unit::kHour: length = kHour; break;
    case WindowSpec::Unit::kDay: length = kDay; break;
    case WindowSpec::Unit::kWeek: length = kWeek; break;
    case WindowSpec::Unit::kMonth:
    case WindowSpec::Unit::kTotal: break;
  }
  return {.length = length, .piece = length / Rolling::kPieces};
}

Span PieceAt(const WindowSpec& spec, std::int64_t second) {
  if (spec.kind == WindowSpec::Kind::kCalendar || spec.unit == WindowSpec::Unit::kTotal) {
    return CalendarSpan(spec, second);
  }
  const std::int64_t piece = RollingOf(spec.unit).piece;
  return {FloorTo(second, piece), FloorTo(second, piece) + piece};
}

}  // namespace gatehouse::features::accounting
