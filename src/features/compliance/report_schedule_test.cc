#include "features/compliance/report_schedule.h"

#include <gtest/gtest.h>

#include <chrono>

#include "features/common/zone_files.h"

namespace gatehouse::features::compliance {
namespace {

using Period = ReportSchedule::Period;

ReportSchedule In(Period period, std::string_view at, const char* zone = "Europe/Berlin") {
  return {.period = period, .second_of_day = SecondOfDay(at).value(), .zone = common::ZoneFiles().Find(zone).value()};
}

std::int64_t Utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): calendar literals of a test
  const sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return (date + hours(hour) + minutes(minute)).time_since_epoch() / seconds(1);
}

TEST(ReportSchedule, IsAboutThePeriodThatIsOver) {
  const std::int64_t now = Utc(2026, 11, 23, 20, 30);  // a Monday
  const struct {
    Period period;
    const char* name;
    std::int64_t from;
    std::int64_t until;
  } cases[] = {
      {Period::kDay, "2026-11-22", Utc(2026, 11, 21, 23), Utc(2026, 11, 22, 23)},
      {Period::kWeek, "2026-W47", Utc(2026, 11, 15, 23), Utc(2026, 11, 22, 23)},
      {Period::kMonth, "2026-10", Utc(2026, 9, 30, 22), Utc(2026, 10, 31, 23)},  // summer's end within
      {Period::kQuarter, "2026-Q3", Utc(2026, 6, 30, 22), Utc(2026, 9, 30, 22)},
      {Period::kYear, "2025", Utc(2024, 12, 31, 23), Utc(2025, 12, 31, 23)},
  };
  for (const auto& one : cases) {
    const ReportOccasion occasion = LatestDue(In(one.period, "02:30"), now);
    EXPECT_EQ(occasion.name, one.name);
    EXPECT_EQ(occasion.from_s, one.from) << one.name;
    EXPECT_EQ(occasion.until_s, one.until) << one.name;
    EXPECT_EQ(occasion.due_s, one.until + 9000) << one.name;
    EXPECT_TRUE(IsOccasionName(one.period, occasion.name));
  }
}

TEST(ReportSchedule, IsDueAtItsTimeOfDay) {
  const auto at_half_past_two = In(Period::kDay, "02:30");
  EXPECT_EQ(LatestDue(at_half_past_two, Utc(2026, 11, 23, 1, 29)).name, "2026-11-21");
  EXPECT_EQ(LatestDue(at_half_past_two, Utc(2026, 11, 23, 1, 30)).name, "2026-11-22");
  EXPECT_EQ(LatestDue(In(Period::kDay, "23:59", "UTC"), Utc(2026, 11, 23, 23, 58)).name, "2026-11-21");
  EXPECT_EQ(LatestDue(In(Period::kMonth, "00:00", "America/New_York"), Utc(2026, 12, 1, 4, 59)).name, "2026-10");
  EXPECT_EQ(LatestDue(In(Period::kMonth, "00:00", "America/New_York"), Utc(2026, 12, 1, 5)).name, "2026-11");
}

// 02:30 is not there on 2026-03-29, and twice on 2026-10-25.
TEST(ReportSchedule, KeepsToTheClockWhenItIsChanged) {
  const auto schedule = In(Period::kDay, "02:30");
  EXPECT_EQ(LatestDue(schedule, Utc(2026, 3, 29, 12)).due_s, Utc(2026, 3, 29, 1, 30));
  EXPECT_EQ(LatestDue(schedule, Utc(2026, 10, 25, 12)).name, "2026-10-24");
  const ReportOccasion longest = LatestDue(In(Period::kDay, "12:00"), Utc(2026, 10, 26, 12));
  EXPECT_EQ(longest.until_s - longest.from_s, 25 * 3600);
}

// Every occasion begins where the one before ends, and is asked for exactly once.
TEST(ReportSchedule, OccasionsAreSeamlessOverYears) {
  for (const Period period : {Period::kDay, Period::kWeek, Period::kMonth, Period::kQuarter, Period::kYear}) {
    const auto schedule = In(period, "03:00");
    ReportOccasion before = LatestDue(schedule, Utc(2019, 1, 1));
    for (std::int64_t now = Utc(2019, 1, 1); now < Utc(2033, 1, 1); now += 6 * 3600) {
      const ReportOccasion next = LatestDue(schedule, now);
      EXPECT_LE(next.due_s, now);
      if (next.name == before.name) continue;
      EXPECT_EQ(next.from_s, before.until_s) << next.name;
      EXPECT_LT(before.name, next.name) << "in the order of time";
      before = next;
    }
  }
}

TEST(ReportSchedule, KnowsNamesAndTimes) {
  EXPECT_EQ(SecondOfDay("00:00"), 0);
  EXPECT_EQ(SecondOfDay("23:59"), 86'340);
  for (const char* wrong : {"24:00", "12:60", "2:30", "02:30:00", "", "ab:cd"}) EXPECT_FALSE(SecondOfDay(wrong));
  EXPECT_FALSE(IsOccasionName(Period::kMonth, "2026-W12"));
  EXPECT_FALSE(IsOccasionName(Period::kMonth, "notes"));
  EXPECT_FALSE(IsOccasionName(Period::kDay, "2026-11"));
}

}  // namespace
}  // namespace gatehouse::features::compliance
