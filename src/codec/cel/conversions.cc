#include <array>
#include <span>
#include <string>

#include "codec/cel/function_table.h"
#include "codec/cel/number.h"
#include "codec/cel/timestamp.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

constexpr std::string_view kRange = "range error: the number does not fit";

template <class Number>
Value OrRange(const std::optional<Number>& number, Value (*make)(Number)) {
  return number.has_value() ? make(*number) : Evaluation::Fail(kRange);
}

Value NotANumber(Evaluation& evaluation, std::string_view function, std::string_view text) {
  return evaluation.Fail({function, "() cannot read \"", text.substr(0, 60), "\""});
}

Value ToIntValue(Evaluation& evaluation, Arguments arguments) {
  const Value& from = arguments[0];
  switch (from.kind()) {
    case Kind::kInt: return from;
    case Kind::kUint: return from.AsInt() < 0 ? Evaluation::Fail(kRange) : Value::Int(from.AsInt());
    case Kind::kDouble: return OrRange(ToInt(from.AsDouble()), &Value::Int);
    case Kind::kTimestamp: return Value::Int(from.AsTime().seconds);
    case Kind::kString: {
      const auto number = from.text().find('x') == std::string_view::npos ? ParseInt(from.text()) : std::nullopt;
      return number.has_value() ? Value::Int(*number) : NotANumber(evaluation, "int", from.text());
    }
    default: return evaluation.NoOverload("int", arguments);
  }
}

Value ToUintValue(Evaluation& evaluation, Arguments arguments) {
  const Value& from = arguments[0];
  switch (from.kind()) {
    case Kind::kUint: return from;
    case Kind::kInt: return from.AsInt() < 0 ? Evaluation::Fail(kRange) : Value::Uint(from.AsUint());
    case Kind::kDouble:
      return from.AsDouble() < 0 ? Evaluation::Fail(kRange) : OrRange(ToUint(from.AsDouble()), &Value::Uint);
    case Kind::kString: {
      const auto number = from.text().find('x') == std::string_view::npos ? ParseUint(from.text()) : std::nullopt;
      return number.has_value() ? Value::Uint(*number) : NotANumber(evaluation, "uint", from.text());
    }
    default: return evaluation.NoOverload("uint", arguments);
  }
}

Value ToDoubleValue(Evaluation& evaluation, Arguments arguments) {
  const Value& from = arguments[0];
  switch (from.kind()) {
    case Kind::kDouble: return from;
    case Kind::kInt: return Value::Double(static_cast<double>(from.AsInt()));
    case Kind::kUint: return Value::Double(static_cast<double>(from.AsUint()));
    case Kind::kString: {
      const auto number = ParseDouble(from.text());
      return number.has_value() ? Value::Double(*number) : NotANumber(evaluation, "double", from.text());
    }
    default: return evaluation.NoOverload("double", arguments);
  }
}

Value ToBytesValue(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kBytes>(arguments)) return arguments[0];
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("bytes", arguments);
  return Value::Bytes(arguments[0].text());
}

Value ToBoolValue(Evaluation& evaluation, Arguments arguments) {
  if (Are<Kind::kBool>(arguments)) return arguments[0];
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("bool", arguments);
  const std::string_view text = arguments[0].text();
  for (const std::string_view yes : {"1", "t", "true", "TRUE", "True"}) {
    if (text == yes) return Value::Bool(true);
  }
  for (const std::string_view no : {"0", "f", "false", "FALSE", "False"}) {
    if (text == no) return Value::Bool(false);
  }
  return NotANumber(evaluation, "bool", text);
}

Value ToTimestampValue(Evaluation& evaluation, Arguments arguments) {
  const Value& from = arguments[0];
  if (from.Is(Kind::kTimestamp)) return from;
  std::optional<Timestamp> time;
  if (from.Is(Kind::kInt)) {
    time = MakeTimestamp(from.AsInt(), 0);
  } else if (from.Is(Kind::kString)) {
    time = ParseTimestamp(from.text());
  } else {
    return evaluation.NoOverload("timestamp", arguments);
  }
  if (time.has_value()) return Value::Time(*time);
  return Evaluation::Fail(
      "timestamp() takes RFC 3339, such as \"2026-11-22T18:30:00Z\", in the range of years 1 to 9999");
}

Value ToDurationValue(Evaluation& evaluation, Arguments arguments) {
  const Value& from = arguments[0];
  if (from.Is(Kind::kDuration)) return from;
  if (!from.Is(Kind::kString)) return evaluation.NoOverload("duration", arguments);
  const auto nanos = ParseDuration(from.text());
  if (nanos.has_value()) return Value::Duration(*nanos);
  return Evaluation::Fail(
      "duration() takes numbers with units, such as \"1h30m\" or \"2.5s\", in the range of 292 years");
}

Value TypeOf(Evaluation& /*evaluation*/, Arguments arguments) { return Value::Type(TypeName(arguments[0])); }
Value ToDyn(Evaluation& /*evaluation*/, Arguments arguments) { return arguments[0]; }

constexpr std::array kRows = {
    FunctionRow{"int", "(int)int (uint)int (double)int (string)int (timestamp)int", ToIntValue},
    FunctionRow{"uint", "(uint)uint (int)uint (double)uint (string)uint", ToUintValue},
    FunctionRow{"double", "(double)double (int)double (uint)double (string)double", ToDoubleValue},
    FunctionRow{"string",
                "(string)string (bool)string (int)string (uint)string (double)string (bytes)string (timestamp)string "
                "(duration)string",
                ToText},
    FunctionRow{"bytes", "(bytes)bytes (string)bytes", ToBytesValue},
    FunctionRow{"bool", "(bool)bool (string)bool", ToBoolValue},
    FunctionRow{"timestamp", "(timestamp)timestamp (string)timestamp (int)timestamp", ToTimestampValue},
    FunctionRow{"duration", "(duration)duration (string)duration", ToDurationValue},
    FunctionRow{"type", "(A)type<A>", TypeOf},
    FunctionRow{"dyn", "(A)dyn", ToDyn},
};

}  // namespace

Value ToText(Evaluation& evaluation, Arguments arguments) {
  const Value& from = arguments[0];
  switch (from.kind()) {
    case Kind::kString: return from;
    case Kind::kBool: return Value::String(from.AsBool() ? "true" : "false");
    case Kind::kInt: return evaluation.String({std::to_string(from.AsInt())});
    case Kind::kUint: return evaluation.String({std::to_string(from.AsUint())});
    case Kind::kDouble: return evaluation.String({DoubleText(from.AsDouble())});
    case Kind::kTimestamp: return evaluation.String({TimestampText(from.AsTime())});
    case Kind::kDuration: return evaluation.String({DurationText(from.AsDuration())});
    case Kind::kBytes:
      if (!evaluation.ChargeText(from.text().size())) return evaluation.OutOfSteps();
      if (!text::IsValidUtf8(from.text())) return Evaluation::Fail("invalid UTF-8: these bytes are not a text");
      return Value::String(from.text());
    default: return evaluation.NoOverload("string", arguments);
  }
}

std::span<const FunctionRow> ConversionRows() { return kRows; }

}  // namespace gatehouse::codec::cel
