#include "codec/cel/zone_rules.h"

#include <algorithm>
#include <array>

#include "codec/cel/timestamp.h"

namespace gatehouse::codec::cel {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::size_t kHeader = 44;
constexpr std::size_t kLargestFile = 256 * 1024;

// Numbers in network order; 0 beyond the end, which the caller has ruled out.
std::int64_t BigEndian(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value = (value << 8) | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
  }
  if (width == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

// The counts of a header (RFC 9636, 3.1) and how long the data behind it is.
struct Counts {
  std::size_t utc;
  std::size_t standard;
  std::size_t leaps;
  std::size_t times;
  std::size_t types;
  std::size_t characters;

  std::size_t Bytes(std::size_t time_width) const {
    return times * time_width + times + types * 6 + characters + leaps * (time_width + 4) + standard + utc;
  }
};

std::optional<Counts> ReadCounts(std::string_view file, std::size_t at) {
  if (at + kHeader > file.size() || file.substr(at, 4) != "TZif") return std::nullopt;
  const auto count = [&](std::size_t index) {
    return static_cast<std::size_t>(static_cast<std::uint32_t>(BigEndian(file, at + 20 + index * 4, 4)));
  };
  const Counts counts = {count(0), count(1), count(2), count(3), count(4), count(5)};
  for (std::size_t i = 0; i < 6; ++i) {
    if (count(i) > kLargestFile) return std::nullopt;
  }
  return counts;
}

// A rule as in the environment variable TZ: "CET-1CEST,M3.5.0,M10.5.0/3".
class RuleText {
 public:
  explicit RuleText(std::string_view text) : text_(text) {}
  bool AtEnd() const { return text_.empty(); }

  bool Accept(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool SkipName() {
    const std::string_view stop = Accept('<') ? ">" : "+-,0123456789";
    const std::size_t length = std::min(text_.find_first_of(stop), text_.size());
    text_.remove_prefix(length);
    return length > 0 && (stop != ">" || Accept('>'));
  }

  std::optional<int> Number(int most) {
    int value = 0;
    std::size_t digits = 0;
    for (; !text_.empty() && text_[0] >= '0' && text_[0] <= '9' && digits < 3; ++digits, text_.remove_prefix(1)) {
      value = value * 10 + (text_[0] - '0');
    }
    return digits == 0 || value > most ? std::nullopt : std::optional(value);
  }

  // [+-]hh[:mm[:ss]]
  std::optional<std::int32_t> Clock() {
    const bool negative = Accept('-');
    if (!negative) Accept('+');
    const auto hours = Number(167);
    const auto minutes = hours && Accept(':') ? Number(59) : std::optional(0);
    const auto seconds = minutes && Accept(':') ? Number(59) : std::optional(0);
    if (!hours || !minutes || !seconds) return std::nullopt;
    const std::int32_t total = *hours * 3600 + *minutes * 60 + *seconds;
    return negative ? -total : total;
  }

 private:
  std::string_view text_;
};

bool IsLeap(std::int64_t year) { return DaysFromCivil(year + 1, 1, 1) - DaysFromCivil(year, 1, 1) == 366; }

}  // namespace

bool IsZoneName(std::string_view name) {
  constexpr std::string_view kOther = "/_-+";
  if (name.empty() || name.size() > 64 || name.front() == '/') return false;
  return std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOther.find(c) != std::string_view::npos;
  });
}

std::int64_t ZoneRules::YearDay::DaysSinceEpoch(std::int64_t year) const {
  if (form == Form::kZeroBased) return DaysFromCivil(year, 1, 1) + day;
  if (form == Form::kJulianNoLeap) {
    return DaysFromCivil(year, 1, 1) + day - 1 + (IsLeap(year) && day > 59 ? 1 : 0);
  }
  const std::int64_t first = DaysFromCivil(year, month, 1);
  const std::int64_t next = month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, month + 1, 1);
  std::int64_t at = first + (day - ToCivil(first * kDay).weekday + 7) % 7 + (week - 1) * 7;
  while (at >= next) at -= 7;
  return at;
}

std::int32_t ZoneRules::Rule::OffsetAt(std::int64_t seconds) const {
  if (!summer.has_value()) return standard;
  const std::int64_t year = ToCivil(seconds + standard).year;
  const std::int64_t begin = summer->begin.DaysSinceEpoch(year) * kDay + summer->begin.clock - standard;
  const std::int64_t end = summer->end.DaysSinceEpoch(year) * kDay + summer->end.clock - summer->offset;
  const bool in_summer = begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
  return in_summer ? summer->offset : standard;
}

std::int32_t ZoneRules::OffsetAt(std::int64_t seconds) const {
  const auto next = std::ranges::upper_bound(changes_, seconds);
  if (next == changes_.end() && rule_.has_value()) return rule_->OffsetAt(seconds);
  return next == changes_.begin() ? before_ : offsets_[static_cast<std::size_t>(next - changes_.begin()) - 1];
}

// Reads the second block of a file, whose times have 64 bits, and the rule behind it.
class ZoneReader {
 public:
  explicit ZoneReader(std::string_view file) : file_(file) {}

  base::Result<ZoneRules> Run() {
    const auto first = ReadCounts(file_, 0);
    if (!first || file_.size() > kLargestFile || file_[4] < '2') return Broken();
    const std::size_t second = kHeader + first->Bytes(4);
    const auto counts = ReadCounts(file_, second);
    if (!counts || counts->types == 0) return Broken();
    const std::size_t data = second + kHeader;
    const std::size_t end = data + counts->Bytes(8);
    if (end > file_.size()) return Broken();
    if (!ReadChanges(data, *counts)) return Broken();
    const std::string_view rest = file_.substr(end);
    const std::size_t close = rest.find('\n', 1);
    if (!rest.starts_with('\n') || close == std::string_view::npos) return Broken();
    const std::string_view rule = rest.substr(1, close - 1);
    if (!rule.empty() && !ReadRule(rule)) return Broken();
    return std::move(rules_);
  }

 private:
  static base::Error Broken() { return base::InvalidRequest("This is not a time zone file of version 2 or later."); }

  bool ReadChanges(std::size_t data, const Counts& counts) {
    const std::size_t indices = data + counts.times * 8;
    const std::size_t types = indices + counts.times;
    const auto offset_of = [&](std::size_t type) {
      return static_cast<std::int32_t>(BigEndian(file_, types + type * 6, 4));
    };
    rules_.before_ = offset_of(0);
    for (std::size_t i = 0; i < counts.times; ++i) {
      const std::int64_t change = BigEndian(file_, data + i * 8, 8);
      const auto type = static_cast<unsigned char>(file_[indices + i]);
      const bool rising = rules_.changes_.empty() || rules_.changes_.back() < change;
      if (type >= counts.types || !rising) return false;
      rules_.changes_.push_back(change);
      rules_.offsets_.push_back(offset_of(type));
    }
    return true;
  }

  bool ReadRule(std::string_view text) {
    RuleText rest(text);
    ZoneRules::Rule rule;
    if (!rest.SkipName()) return false;
    const auto standard = rest.Clock();
    if (!standard) return false;
    rule.standard = -*standard;
    if (!rest.AtEnd()) {
      ZoneRules::Rule::Summer summer;
      if (!rest.SkipName()) return false;
      summer.offset = rule.standard + 3600;
      if (!rest.Accept(',')) {
        const auto offset = rest.Clock();
        if (!offset || !rest.Accept(',')) return false;
        summer.offset = -*offset;
      }
      if (!ReadYearDay(rest, summer.begin) || !rest.Accept(',') || !ReadYearDay(rest, summer.end)) return false;
      rule.summer = summer;
    }
    rules_.rule_ = rule;
    return rest.AtEnd();
  }

  static bool ReadYearDay(RuleText& rest, ZoneRules::YearDay& day) {
    using Form = ZoneRules::YearDay::Form;
    if (rest.Accept('M')) {
      const auto month = rest.Number(12);
      const auto week = month && rest.Accept('.') ? rest.Number(5) : std::nullopt;
      const auto weekday = week && rest.Accept('.') ? rest.Number(6) : std::nullopt;
      if (!weekday || *month < 1 || *week < 1) return false;
      day = {.form = Form::kMonthWeekDay, .month = *month, .week = *week, .day = *weekday};
    } else {
      const bool julian = rest.Accept('J');
      const auto number = rest.Number(365);
      if (!number || (julian && *number < 1)) return false;
      day = {.form = julian ? Form::kJulianNoLeap : Form::kZeroBased, .day = *number};
    }
    if (!rest.Accept('/')) return true;
    const auto clock = rest.Clock();
    if (clock) day.clock = *clock;
    return clock.has_value();
  }

  std::string_view file_;
  ZoneRules rules_;
};

base::Result<ZoneRules> ZoneRules::Parse(std::string_view file) { return ZoneReader(file).Run(); }

}  // namespace gatehouse::codec::cel
