#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "codec/cel/function_table.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

// The first of equal numbers; `wanted`: less for least, greater for greatest.
Value Extreme(Evaluation& evaluation, std::string_view name, Arguments arguments, std::partial_ordering wanted) {
  if (arguments.empty()) return evaluation.NoOverload(name, arguments);
  Value best = arguments[0];
  for (const Value& value : arguments) {
    if (!value.IsNumber()) return evaluation.NoOverload(name, arguments);
    if (*Compare(value, best) == wanted) best = value;
  }
  return best;
}

Value ExtremeOf(Evaluation& evaluation, std::string_view name, Arguments arguments, std::partial_ordering wanted) {
  if (arguments.size() != 1 || !arguments[0].Is(Kind::kList)) return Extreme(evaluation, name, arguments, wanted);
  const ListView& list = arguments[0].list();
  if (list.size() == 0) return evaluation.Fail({name, "() of an empty list: test size() first"});
  if (!evaluation.Charge(list.size())) return evaluation.OutOfSteps();
  Value best = list.at(0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    best = Extreme(evaluation, name, std::array{best, list.at(i)}, wanted);
    if (best.Is(Kind::kError)) return best;
  }
  return best;
}

Value Greatest(Evaluation& evaluation, Arguments arguments) {
  return ExtremeOf(evaluation, "math.greatest", arguments, std::partial_ordering::greater);
}
Value Least(Evaluation& evaluation, Arguments arguments) {
  return ExtremeOf(evaluation, "math.least", arguments, std::partial_ordering::less);
}

Value OfDouble(Evaluation& evaluation, std::string_view name, Arguments arguments, double (*function)(double)) {
  if (!Are<Kind::kDouble>(arguments)) return evaluation.NoOverload(name, arguments);
  return Value::Double(function(arguments[0].AsDouble()));
}
Value Ceil(Evaluation& evaluation, Arguments arguments) {
  return OfDouble(evaluation, "math.ceil", arguments, [](double x) { return std::ceil(x); });
}
Value Floor(Evaluation& evaluation, Arguments arguments) {
  return OfDouble(evaluation, "math.floor", arguments, [](double x) { return std::floor(x); });
}
// Halves go away from zero.
Value Round(Evaluation& evaluation, Arguments arguments) {
  return OfDouble(evaluation, "math.round", arguments, [](double x) { return std::round(x); });
}
Value Trunc(Evaluation& evaluation, Arguments arguments) {
  return OfDouble(evaluation, "math.trunc", arguments, [](double x) { return std::trunc(x); });
}

Value TestDouble(Evaluation& evaluation, std::string_view name, Arguments arguments, bool (*test)(double)) {
  if (!Are<Kind::kDouble>(arguments)) return evaluation.NoOverload(name, arguments);
  return Value::Bool(test(arguments[0].AsDouble()));
}
Value IsNan(Evaluation& evaluation, Arguments arguments) {
  return TestDouble(evaluation, "math.isNaN", arguments, [](double x) { return std::isnan(x); });
}
Value IsInf(Evaluation& evaluation, Arguments arguments) {
  return TestDouble(evaluation, "math.isInf", arguments, [](double x) { return std::isinf(x); });
}
Value IsFinite(Evaluation& evaluation, Arguments arguments) {
  return TestDouble(evaluation, "math.isFinite", arguments, [](double x) { return std::isfinite(x); });
}

Value Abs(Evaluation& evaluation, Arguments arguments) {
  const Value& of = arguments[0];
  if (of.Is(Kind::kUint)) return of;
  if (of.Is(Kind::kDouble)) return Value::Double(std::fabs(of.AsDouble()));
  if (!of.Is(Kind::kInt)) return evaluation.NoOverload("math.abs", arguments);
  if (of.AsInt() == std::numeric_limits<std::int64_t>::min())
    return Evaluation::Fail("overflow: math.abs() does not fit");
  return Value::Int(of.AsInt() < 0 ? -of.AsInt() : of.AsInt());
}

Value Sign(Evaluation& evaluation, Arguments arguments) {
  const Value& of = arguments[0];
  if (of.Is(Kind::kUint)) return Value::Uint(of.AsUint() == 0 ? 0 : 1);
  if (of.Is(Kind::kInt)) return Value::Int((of.AsInt() > 0 ? 1 : 0) - (of.AsInt() < 0 ? 1 : 0));
  if (!of.Is(Kind::kDouble)) return evaluation.NoOverload("math.sign", arguments);
  const double number = of.AsDouble();
  return std::isnan(number) || number == 0 ? of : Value::Double(std::copysign(1.0, number));
}

Value Sqrt(Evaluation& evaluation, Arguments arguments) {
  const Value& of = arguments[0];
  if (of.Is(Kind::kDouble)) return Value::Double(std::sqrt(of.AsDouble()));
  if (of.Is(Kind::kInt)) return Value::Double(std::sqrt(static_cast<double>(of.AsInt())));
  if (of.Is(Kind::kUint)) return Value::Double(std::sqrt(static_cast<double>(of.AsUint())));
  return evaluation.NoOverload("math.sqrt", arguments);
}

// Both int or both uint, as bits.
template <class Operation>
Value OnBits(Evaluation& evaluation, std::string_view name, Arguments arguments, Operation operation) {
  const bool same = Are<Kind::kInt, Kind::kInt>(arguments) || Are<Kind::kUint, Kind::kUint>(arguments);
  if (!same) return evaluation.NoOverload(name, arguments);
  const std::uint64_t bits = operation(arguments[0].AsUint(), arguments[1].AsUint());
  return arguments[0].Is(Kind::kInt) ? Value::Int(static_cast<std::int64_t>(bits)) : Value::Uint(bits);
}
Value BitAnd(Evaluation& evaluation, Arguments arguments) {
  return OnBits(evaluation, "math.bitAnd", arguments, [](std::uint64_t a, std::uint64_t b) { return a & b; });
}
Value BitOr(Evaluation& evaluation, Arguments arguments) {
  return OnBits(evaluation, "math.bitOr", arguments, [](std::uint64_t a, std::uint64_t b) { return a | b; });
}
Value BitXor(Evaluation& evaluation, Arguments arguments) {
  return OnBits(evaluation, "math.bitXor", arguments, [](std::uint64_t a, std::uint64_t b) { return a ^ b; });
}

Value BitNot(Evaluation& evaluation, Arguments arguments) {
  const Value& of = arguments[0];
  if (of.Is(Kind::kInt)) return Value::Int(~of.AsInt());
  if (of.Is(Kind::kUint)) return Value::Uint(~of.AsUint());
  return evaluation.NoOverload("math.bitNot", arguments);
}

// Shifts by 64 and more leave nothing; both kinds shift in zeros.
template <class Operation>
Value Shift(Evaluation& evaluation, std::string_view name, Arguments arguments, Operation operation) {
  if (!Are<Kind::kInt, Kind::kInt>(arguments) && !Are<Kind::kUint, Kind::kInt>(arguments)) {
    return evaluation.NoOverload(name, arguments);
  }
  const std::int64_t by = arguments[1].AsInt();
  if (by < 0) return evaluation.Fail({name, "(): negative offset"});
  const std::uint64_t bits = by >= 64 ? 0 : operation(arguments[0].AsUint(), by);
  return arguments[0].Is(Kind::kInt) ? Value::Int(static_cast<std::int64_t>(bits)) : Value::Uint(bits);
}
Value ShiftLeft(Evaluation& evaluation, Arguments arguments) {
  return Shift(evaluation, "math.bitShiftLeft", arguments,
               [](std::uint64_t bits, std::int64_t by) { return bits << by; });
}
Value ShiftRight(Evaluation& evaluation, Arguments arguments) {
  return Shift(evaluation, "math.bitShiftRight", arguments,
               [](std::uint64_t bits, std::int64_t by) { return bits >> by; });
}

constexpr const char* kBits = "(int,int)int (uint,uint)uint";
constexpr const char* kShifts = "(int,int)int (uint,int)uint";
constexpr std::array kRows = {
    FunctionRow{"math.greatest", "numbers", Greatest},
    FunctionRow{"math.least", "numbers", Least},
    FunctionRow{"math.ceil", "(double)double", Ceil},
    FunctionRow{"math.floor", "(double)double", Floor},
    FunctionRow{"math.round", "(double)double", Round},
    FunctionRow{"math.trunc", "(double)double", Trunc},
    FunctionRow{"math.abs", "(int)int (uint)uint (double)double", Abs},
    FunctionRow{"math.sign", "(int)int (uint)uint (double)double", Sign},
    FunctionRow{"math.sqrt", "(int)double (uint)double (double)double", Sqrt},
    FunctionRow{"math.isNaN", "(double)bool", IsNan},
    FunctionRow{"math.isInf", "(double)bool", IsInf},
    FunctionRow{"math.isFinite", "(double)bool", IsFinite},
    FunctionRow{"math.bitAnd", kBits, BitAnd},
    FunctionRow{"math.bitOr", kBits, BitOr},
    FunctionRow{"math.bitXor", kBits, BitXor},
    FunctionRow{"math.bitNot", "(int)int (uint)uint", BitNot},
    FunctionRow{"math.bitShiftLeft", kShifts, ShiftLeft},
    FunctionRow{"math.bitShiftRight", kShifts, ShiftRight},
};

}  // namespace

std::span<const FunctionRow> MathRows() { return kRows; }

}  // namespace gatehouse::codec::cel
