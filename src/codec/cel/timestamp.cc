#include "codec/cel/timestamp.h"

#include <array>
#include <charconv>
#include <limits>

namespace gatehouse::codec::cel {
namespace {

constexpr std::int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z
constexpr std::int64_t kDay = 86400;

__extension__ using Wide = __int128;

// Takes exactly `count` digits off the front.
std::optional<int> TakeDigits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool IsLeap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(std::int64_t year, int month) {
  constexpr std::array kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

std::optional<std::int64_t> TakeDate(std::string_view& text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-') || *month < 1 || *month > 12) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || *day < 1 || *day > DaysInMonth(*year, *month)) return std::nullopt;
  return DaysFromCivil(*year, *month, *day);
}

std::optional<std::int64_t> TakeClock(std::string_view& text) {
  const auto hour = TakeDigits(text, 2);
  if (!hour || !Take(text, ':') || *hour > 23) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !Take(text, ':') || *minute > 59) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

// Digits behind the point; those beyond nanoseconds are dropped.
std::optional<std::uint32_t> TakeFraction(std::string_view& text) {
  if (!Take(text, '.')) return 0;
  std::uint32_t nanos = 0;
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 9) nanos = nanos * 10 + static_cast<std::uint32_t>(text[0] - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

std::string Padded(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width > text.size() ? width - text.size() : 0, '0') + text;
}

// ".5" and so on; nothing for 0.
std::string Fraction(std::uint32_t nanos) {
  if (nanos == 0) return {};
  std::string digits = Padded(nanos, 9);
  digits.resize(digits.find_last_not_of('0') + 1);
  return "." + digits;
}

std::optional<std::int64_t> TakeUnit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    std::int64_t nanos;
  };
  constexpr std::array kUnits = {
      Unit{"ns", 1},
      Unit{"us", 1000},
      Unit{"\xC2\xB5s", 1000},
      Unit{"\xCE\xBCs", 1000},
      Unit{"ms", 1'000'000},
      Unit{"s", kNanosPerSecond},
      Unit{"m", 60 * kNanosPerSecond},
      Unit{"h", 3600 * kNanosPerSecond},
  };
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.nanos;
  }
  return std::nullopt;
}

// One number with its unit, in nanoseconds.
std::optional<Wide> TakePart(std::string_view& text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  const bool has_whole = error == std::errc();
  if (error == std::errc::result_out_of_range || whole > kMost) return std::nullopt;
  if (has_whole) text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!has_whole && !text.starts_with('.')) return std::nullopt;
  const auto fraction = TakeFraction(text);
  const auto unit = TakeUnit(text);
  if (!fraction || !unit) return std::nullopt;
  return Wide{*unit} * whole + Wide{*unit} * *fraction / kNanosPerSecond;
}

}  // namespace

std::optional<Timestamp> MakeTimestamp(std::int64_t seconds, std::uint32_t nanos) {
  if (seconds < kFirstSecond || seconds > kLastSecond || nanos >= kNanosPerSecond) return std::nullopt;
  return Timestamp{seconds, nanos};
}

std::optional<Timestamp> Plus(Timestamp time, std::int64_t nanos) {
  const Wide total = Wide{time.seconds} * kNanosPerSecond + time.nanos + nanos;
  Wide seconds = total / kNanosPerSecond;
  Wide rest = total % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    --seconds;
  }
  return MakeTimestamp(static_cast<std::int64_t>(seconds), static_cast<std::uint32_t>(rest));
}

std::optional<std::int64_t> Minus(Timestamp a, Timestamp b) {
  const Wide difference = (Wide{a.seconds} - b.seconds) * kNanosPerSecond + a.nanos - b.nanos;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  if (difference > kMost || difference < -kMost - 1) return std::nullopt;
  return static_cast<std::int64_t>(difference);
}

std::optional<Timestamp> ParseTimestamp(std::string_view text) {
  const auto days = TakeDate(text);
  if (!days || !Take(text, 'T')) return std::nullopt;
  const auto clock = TakeClock(text);
  if (!clock) return std::nullopt;
  const auto nanos = TakeFraction(text);
  if (!nanos) return std::nullopt;
  std::int64_t offset = 0;
  if (!Take(text, 'Z')) {
    const auto parsed = text.starts_with('+') || text.starts_with('-') ? ParseOffset(text) : std::nullopt;
    if (!parsed) return std::nullopt;
    offset = *parsed;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  return MakeTimestamp(*days * kDay + *clock - offset, *nanos);
}

std::string TimestampText(Timestamp time) {
  const Civil civil = ToCivil(time.seconds);
  return Padded(civil.year, 4) + "-" + Padded(civil.month, 2) + "-" + Padded(civil.day, 2) + "T" +
         Padded(civil.hour, 2) + ":" + Padded(civil.minute, 2) + ":" + Padded(civil.second, 2) + Fraction(time.nanos) +
         "Z";
}

std::optional<std::int64_t> ParseDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  Wide total = 0;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  while (!text.empty()) {
    const auto part = TakePart(text);
    if (!part.has_value()) return std::nullopt;
    total += *part;
    if (total > kMost) return std::nullopt;
  }
  return static_cast<std::int64_t>(negative ? -total : total);
}

std::string DurationText(std::int64_t nanos) {
  const bool negative = nanos < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(nanos) : static_cast<std::uint64_t>(nanos);
  return (negative ? "-" : "") + std::to_string(size / kNanosPerSecond) +
         Fraction(static_cast<std::uint32_t>(size % kNanosPerSecond)) + "s";
}

// Days from civil and back: shifted to years that begin in March, so that the leap day is the last, in eras of 400
// years.
std::int64_t DaysFromCivil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

Civil ToCivil(std::int64_t seconds) {
  std::int64_t days = seconds / kDay;
  std::int64_t clock = seconds % kDay;
  if (clock < 0) {
    clock += kDay;
    --days;
  }
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  Civil civil = {};
  civil.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  civil.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.day_of_year = static_cast<int>(days - DaysFromCivil(civil.year, 1, 1));
  civil.weekday = static_cast<int>(((days % 7) + 11) % 7);
  civil.hour = static_cast<int>(clock / 3600);
  civil.minute = static_cast<int>(clock / 60 % 60);
  civil.second = static_cast<int>(clock % 60);
  return civil;
}

std::optional<std::int32_t> ParseOffset(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto hours = TakeDigits(text, 2);
  if (!hours || !Take(text, ':') || *hours > 23) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  const std::int32_t seconds = *hours * 3600 + *minutes * 60;
  return negative ? -seconds : seconds;
}

}  // namespace gatehouse::codec::cel
