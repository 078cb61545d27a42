#include <array>
#include <span>

#include "codec/cel/function_table.h"
#include "codec/cel/timestamp.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

// Seconds east of UTC in the zone that the second argument names.
std::optional<std::int32_t> OffsetIn(const Evaluation& evaluation, std::string_view zone, std::int64_t seconds) {
  if (zone.empty() || zone == "UTC" || zone == "Z") return 0;
  if (const auto offset = ParseOffset(zone)) return offset;
  return evaluation.zones() == nullptr ? std::nullopt : evaluation.zones()->OffsetAt(zone, seconds);
}

Value OfTime(Evaluation& evaluation, std::string_view name, Arguments arguments, std::int64_t (*field)(const Civil&)) {
  const bool zoned = Are<Kind::kTimestamp, Kind::kString>(arguments);
  if (!zoned && !Are<Kind::kTimestamp>(arguments)) return evaluation.NoOverload(name, arguments);
  const std::int64_t seconds = arguments[0].AsTime().seconds;
  if (!zoned) return Value::Int(field(ToCivil(seconds)));
  const auto offset = OffsetIn(evaluation, arguments[1].text(), seconds);
  if (offset.has_value()) return Value::Int(field(ToCivil(seconds + *offset)));
  return evaluation.Fail({"unknown time zone \"", arguments[1].text().substr(0, 60),
                          "\": write an offset such as \"+02:00\" or a name such as \"Europe/Berlin\""});
}

Value FullYear(Evaluation& evaluation, Arguments arguments) {
  return OfTime(evaluation, "getFullYear", arguments, [](const Civil& c) { return c.year; });
}
Value Month(Evaluation& evaluation, Arguments arguments) {
  return OfTime(evaluation, "getMonth", arguments, [](const Civil& c) -> std::int64_t { return c.month - 1; });
}
Value DayOfYear(Evaluation& evaluation, Arguments arguments) {
  return OfTime(evaluation, "getDayOfYear", arguments, [](const Civil& c) -> std::int64_t { return c.day_of_year; });
}
Value Date(Evaluation& evaluation, Arguments arguments) {
  return OfTime(evaluation, "getDate", arguments, [](const Civil& c) -> std::int64_t { return c.day; });
}
Value DayOfMonth(Evaluation& evaluation, Arguments arguments) {
  return OfTime(evaluation, "getDayOfMonth", arguments, [](const Civil& c) -> std::int64_t { return c.day - 1; });
}
Value DayOfWeek(Evaluation& evaluation, Arguments arguments) {
  return OfTime(evaluation, "getDayOfWeek", arguments, [](const Civil& c) -> std::int64_t { return c.weekday; });
}

// Of a duration: whole units of it. Of a time: the field of the clock.
Value Hours(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kDuration>(arguments)) return Value::Int(arguments[0].AsDuration() / (3600 * kNanosPerSecond));
  return OfTime(evaluation, "getHours", arguments, [](const Civil& c) -> std::int64_t { return c.hour; });
}
Value Minutes(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kDuration>(arguments)) return Value::Int(arguments[0].AsDuration() / (60 * kNanosPerSecond));
  return OfTime(evaluation, "getMinutes", arguments, [](const Civil& c) -> std::int64_t { return c.minute; });
}
Value Seconds(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kDuration>(arguments)) return Value::Int(arguments[0].AsDuration() / kNanosPerSecond);
  return OfTime(evaluation, "getSeconds", arguments, [](const Civil& c) -> std::int64_t { return c.second; });
}
// Of a duration: the part below a second.
Value Milliseconds(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kDuration>(arguments)) return Value::Int(arguments[0].AsDuration() / 1'000'000 % 1000);
  const Value checked =
      OfTime(evaluation, "getMilliseconds", arguments, [](const Civil&) -> std::int64_t { return 0; });
  return checked.Is(Kind::kError) ? checked : Value::Int(arguments[0].AsTime().nanos / 1'000'000);
}

constexpr const char* kOfTime = "timestamp.()int timestamp.(string)int";
constexpr const char* kOfBoth = "timestamp.()int timestamp.(string)int duration.()int";
constexpr std::array kRows = {
    FunctionRow{"getFullYear", kOfTime, FullYear},     FunctionRow{"getMonth", kOfTime, Month},
    FunctionRow{"getDayOfYear", kOfTime, DayOfYear},   FunctionRow{"getDate", kOfTime, Date},
    FunctionRow{"getDayOfMonth", kOfTime, DayOfMonth}, FunctionRow{"getDayOfWeek", kOfTime, DayOfWeek},
    FunctionRow{"getHours", kOfBoth, Hours},           FunctionRow{"getMinutes", kOfBoth, Minutes},
    FunctionRow{"getSeconds", kOfBoth, Seconds},       FunctionRow{"getMilliseconds", kOfBoth, Milliseconds},
};

}  // namespace

std::span<const FunctionRow> TimeRows() { return kRows; }

}  // namespace gatehouse::codec::cel
