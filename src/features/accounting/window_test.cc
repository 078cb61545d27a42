#include "features/accounting/window.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "codec/cel/timestamp.h"
#include "features/common/zone_files.h"

namespace gatehouse::features::accounting {
namespace {

using Kind = WindowSpec::Kind;
using Unit = WindowSpec::Unit;

const common::ZoneFiles& Zones() {
  static const common::ZoneFiles zones;
  return zones;
}

WindowSpec Calendar(Unit unit, const std::string& zone) {
  auto rules = Zones().Find(zone);
  EXPECT_TRUE(rules.ok()) << zone;
  return {.unit = unit, .kind = Kind::kCalendar, .zone = rules.ok() ? rules.value() : nullptr};
}

std::int64_t Second(std::string_view rfc3339) {
  const auto time = codec::cel::ParseTimestamp(rfc3339);
  EXPECT_TRUE(time.has_value()) << rfc3339;
  return time ? time->seconds : 0;
}

struct Example {
  Unit unit;
  const char* zone;
  const char* at;
  const char* begin;
  const char* end;
};

TEST(Window, CalendarSpansAreWhatACalendarSays) {
  const std::vector<Example> examples = {
      {Unit::kMinute, "UTC", "2026-11-23T10:20:30Z", "2026-11-23T10:20:00Z", "2026-11-23T10:21:00Z"},
      {Unit::kHour, "Asia/Kolkata", "2026-11-23T10:20:30Z", "2026-11-23T09:30:00Z", "2026-11-23T10:30:00Z"},
      {Unit::kDay, "Europe/Berlin", "2026-11-23T10:20:30Z", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"},
      {Unit::kWeek, "America/New_York", "2026-11-23T04:59:59Z", "2026-11-16T05:00:00Z", "2026-11-23T05:00:00Z"},
      {Unit::kWeek, "America/New_York", "2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z", "2026-11-30T05:00:00Z"},
      {Unit::kMonth, "Europe/Berlin", "2026-10-10T00:00:00Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"},
      {Unit::kMonth, "UTC", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {Unit::kMonth, "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
      // 23 and 25 hours.
      {Unit::kDay, "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
      {Unit::kDay, "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
      // Clocks go from midnight to one: the day begins at one.
      {Unit::kDay, "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
      // Clocks go back from midnight to eleven in the evening: the day begins after the repeated hour.
      {Unit::kDay, "Africa/Cairo", "2026-10-30T12:00:00Z", "2026-10-29T22:00:00Z", "2026-10-30T22:00:00Z"},
      // A day that never was.
      {Unit::kDay, "Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
      // Clocks are set by half an hour.
      {Unit::kHour, "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z"},
  };
  for (const Example& example : examples) {
    const Span expected{Second(example.begin), Second(example.end)};
    const Span span = CalendarSpan(Calendar(example.unit, example.zone), Second(example.at));
    EXPECT_EQ(span, expected) << example.zone << " " << example.at << ": " << span.begin - expected.begin << " "
                              << span.end - expected.end;
  }
}

// Whatever the zone, every second lies in one window, and windows touch.
TEST(Window, CalendarSpansDivideTime) {
  base::Random random(7);
  for (const char* zone : {"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo",
                           "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Asia/Beirut", "America/Havana",
                           "Antarctica/Troll", "Asia/Gaza", "Atlantic/Azores"}) {
    for (const Unit unit : {Unit::kMinute, Unit::kHour, Unit::kDay, Unit::kWeek, Unit::kMonth}) {
      const WindowSpec spec = Calendar(unit, zone);
      for (int i = 0; i < 300; ++i) {
        const auto second = static_cast<std::int64_t>(random.Below(3'000'000'000));
        const Span span = CalendarSpan(spec, second);
        ASSERT_LE(span.begin, second) << zone << " " << ToString(unit);
        ASSERT_GT(span.end, second) << zone << " " << ToString(unit);
        ASSERT_EQ(CalendarSpan(spec, span.begin), span) << zone << " " << ToString(unit) << " " << second;
        ASSERT_EQ(CalendarSpan(spec, span.end - 1), span) << zone << " " << ToString(unit) << " " << second;
        ASSERT_EQ(CalendarSpan(spec, span.end).begin, span.end) << zone << " " << ToString(unit) << " " << second;
      }
    }
  }
}

TEST(Window, TotalIsAllOfTime) {
  const WindowSpec total{.unit = Unit::kTotal, .kind = Kind::kCalendar, .zone = nullptr};
  EXPECT_EQ(CalendarSpan(total, 5), (Span{0, std::numeric_limits<std::int64_t>::max()}));
}

TEST(Window, PiecesOfARollingWindowDivideItsLength) {
  for (const Unit unit : {Unit::kMinute, Unit::kHour, Unit::kDay, Unit::kWeek, Unit::kMonth}) {
    const Rolling rolling = RollingOf(unit);
    EXPECT_EQ(rolling.piece * Rolling::kPieces, rolling.length) << ToString(unit);
    const WindowSpec spec{.unit = unit, .kind = Kind::kRolling, .zone = nullptr};
    const Span piece = PieceAt(spec, 1'700'000'123);
    EXPECT_EQ(piece.begin % rolling.piece, 0);
    EXPECT_EQ(piece.end - piece.begin, rolling.piece);
  }
}

TEST(ZoneFiles, WhatIsNoZoneIsRefused) {
  for (const char* name : {"", "Nowhere/Land", "../../../etc/passwd", "/etc/passwd", "Europe", "a b"}) {
    EXPECT_FALSE(Zones().Find(name).ok()) << name;
  }
}

}  // namespace
}  // namespace gatehouse::features::accounting
