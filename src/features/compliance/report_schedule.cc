#include "features/compliance/report_schedule.h"

#include <array>
#include <chrono>

namespace gatehouse::features::compliance {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::year_month_day;
using Period = ReportSchedule::Period;

constexpr std::int64_t kDaySeconds = 86'400;
constexpr unsigned kMonthsOfQuarter = 3;

std::int64_t SecondsOf(local_days day) { return std::int64_t{day.time_since_epoch().count()} * kDaySeconds; }

// When the clock of the zone shows that. A time that a change of the clock leaves out is taken as that much later.
std::int64_t UtcOf(std::int64_t local_s, const codec::cel::ZoneRules& zone) {
  const std::int64_t guess = local_s - zone.OffsetAt(local_s);
  return local_s - zone.OffsetAt(guess);
}

local_days FirstOf(Period period, local_days day) {
  const year_month_day date(day);
  switch (period) {
    case Period::kDay: return day;
    case Period::kWeek: return day - (std::chrono::weekday(day) - std::chrono::Monday);
    case Period::kMonth: return local_days(date.year() / date.month() / 1);
    case Period::kQuarter: {
      const unsigned month = static_cast<unsigned>(date.month()) - 1;
      return local_days(date.year() / std::chrono::month(month - month % kMonthsOfQuarter + 1) / 1);
    }
    case Period::kYear: return local_days(date.year() / std::chrono::January / 1);
  }
  return day;
}

std::string Digits(int number, std::size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

// ISO 8601: a week is of the year that its Thursday is in.
std::string WeekName(local_days monday) {
  const local_days thursday = monday + days(3);
  const year_month_day date(thursday);
  const local_days january = local_days(date.year() / std::chrono::January / 1);
  constexpr int kWeek = 7;
  const auto week = static_cast<int>((thursday - january).count()) / kWeek + 1;
  return Digits(static_cast<int>(date.year()), 4) + "-W" + Digits(week, 2);
}

std::string NameOf(Period period, local_days first) {
  if (period == Period::kWeek) return WeekName(first);
  const year_month_day date(first);
  std::string year = Digits(static_cast<int>(date.year()), 4);
  const auto month = static_cast<unsigned>(date.month());
  if (period == Period::kYear) return year;
  if (period == Period::kQuarter) return year + "-Q" + std::to_string((month - 1) / kMonthsOfQuarter + 1);
  const std::string name = year + "-" + Digits(static_cast<int>(month), 2);
  return period == Period::kMonth ? name : name + "-" + Digits(static_cast<int>(static_cast<unsigned>(date.day())), 2);
}

// 9 is any digit, the rest is itself.
bool HasForm(std::string_view form, std::string_view name) {
  if (form.size() != name.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool fits = form[i] == '9' ? name[i] >= '0' && name[i] <= '9' : name[i] == form[i];
    if (!fits) return false;
  }
  return true;
}

}  // namespace

ReportOccasion LatestDue(const ReportSchedule& schedule, std::int64_t now_s) {
  const codec::cel::ZoneRules& zone = *schedule.zone;
  const auto today =
      std::chrono::floor<days>(std::chrono::local_seconds(std::chrono::seconds(now_s + zone.OffsetAt(now_s))));
  local_days behind = FirstOf(schedule.period, today);
  if (now_s < UtcOf(SecondsOf(behind) + schedule.second_of_day, zone)) {
    behind = FirstOf(schedule.period, behind - days(1));
  }
  const local_days first = FirstOf(schedule.period, behind - days(1));
  return {.name = NameOf(schedule.period, first),
          .from_s = UtcOf(SecondsOf(first), zone),
          .until_s = UtcOf(SecondsOf(behind), zone),
          .due_s = UtcOf(SecondsOf(behind) + schedule.second_of_day, zone)};
}

bool IsOccasionName(Period period, std::string_view name) {
  constexpr std::array<std::string_view, 5> kForms = {"9999-99-99", "9999-W99", "9999-99", "9999-Q9", "9999"};
  return HasForm(kForms.at(static_cast<std::size_t>(period)), name);
}

std::optional<std::int32_t> SecondOfDay(std::string_view text) {
  if (!HasForm("99:99", text)) return {};
  constexpr int kTen = 10;
  const int hour = (text[0] - '0') * kTen + (text[1] - '0');
  const int minute = (text[3] - '0') * kTen + (text[4] - '0');
  if (hour > 23 || minute > 59) return {};
  return (hour * 60 + minute) * 60;
}

}  // namespace gatehouse::features::compliance
