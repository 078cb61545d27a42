#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "codec/cel/zone_rules.h"

namespace gatehouse::features::accounting {

// Over which time a limit counts.
struct WindowSpec {
  enum class Unit : std::uint8_t { kMinute, kHour, kDay, kWeek, kMonth, kTotal };
  // Calendar: from one midnight (Monday, first of the month) of the zone to the next. Rolling: the time behind now.
  enum class Kind : std::uint8_t { kCalendar, kRolling };

  Unit unit = Unit::kMonth;
  Kind kind = Kind::kCalendar;
  std::shared_ptr<const codec::cel::ZoneRules> zone;  // null: UTC; of calendar windows only
};

std::string_view ToString(WindowSpec::Unit unit);  // "minute", ...

// [begin, end) in seconds since 1970.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool operator==(const Span&) const = default;
};

// The calendar window that a second lies in. Windows of one spec follow each other without gap or overlap: where the
// clocks change at midnight, the day begins with the first second that bears its date, or after the last hour that is
// repeated. Weeks begin on Monday (ISO 8601). kTotal is all of time.
Span CalendarSpan(const WindowSpec& spec, std::int64_t second);

// A rolling window counts in pieces, so that it can forget them one by one: it covers at least its length, and at most
// one piece more.
struct Rolling {
  static constexpr std::int64_t kPieces = 60;
  std::int64_t length;  // seconds: 60, 3600, a day, 7 days, 30 days
  std::int64_t piece;
};
// REQUIRES: not kTotal.
Rolling RollingOf(WindowSpec::Unit unit);

// When what is counted now, at that second, begins to be forgotten: the piece of a rolling window, or the whole of a
// calendar one.
Span PieceAt(const WindowSpec& spec, std::int64_t second);

inline std::int64_t SecondsOf(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace gatehouse::features::accounting
