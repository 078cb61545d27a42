#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "codec/cel/ast.h"
#include "codec/cel/collection.h"
#include "codec/cel/function_table.h"
#include "codec/cel/number.h"
#include "codec/cel/timestamp.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

constexpr std::string_view kOverflow = "overflow: the result does not fit into 64 bits";

Value IntOr(std::int64_t value, bool overflow) { return overflow ? Evaluation::Fail(kOverflow) : Value::Int(value); }
Value UintOr(std::uint64_t value, bool overflow) { return overflow ? Evaluation::Fail(kOverflow) : Value::Uint(value); }
Value DurationOr(std::int64_t nanos, bool overflow) {
  return overflow ? Evaluation::Fail("duration out of range: at most about 292 years") : Value::Duration(nanos);
}
Value TimeOr(const std::optional<Timestamp>& time) {
  return time.has_value() ? Value::Time(*time) : Evaluation::Fail("timestamp out of range: years 1 to 9999");
}

// Lists are joined by copying: one pointer-sized step per element.
Value AddLists(Evaluation& evaluation, const ListView& a, const ListView& b) {
  const std::size_t size = a.size() + b.size();
  if (!evaluation.Charge(size / 4)) return evaluation.OutOfSteps();
  auto* values = evaluation.arena().NewArray<Value>(size);
  if (values == nullptr) return evaluation.OutOfMemory();
  for (std::size_t i = 0; i < a.size(); ++i) values[i] = a.at(i);
  for (std::size_t i = 0; i < b.size(); ++i) values[a.size() + i] = b.at(i);
  return evaluation.List({values, size});
}

Value AddTimes(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (Are<Kind::kTimestamp, Kind::kDuration>(arguments)) return TimeOr(Plus(a.AsTime(), b.AsDuration()));
  if (Are<Kind::kDuration, Kind::kTimestamp>(arguments)) return TimeOr(Plus(b.AsTime(), a.AsDuration()));
  if (!Are<Kind::kDuration, Kind::kDuration>(arguments)) return evaluation.NoOverload("+", arguments);
  std::int64_t sum = 0;
  const bool overflow = __builtin_add_overflow(a.AsDuration(), b.AsDuration(), &sum);
  return DurationOr(sum, overflow);
}

Value SubtractTimes(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (Are<Kind::kTimestamp, Kind::kDuration>(arguments)) {
    if (b.AsDuration() == std::numeric_limits<std::int64_t>::min()) return TimeOr(std::nullopt);
    return TimeOr(Plus(a.AsTime(), -b.AsDuration()));
  }
  if (Are<Kind::kTimestamp, Kind::kTimestamp>(arguments)) {
    const auto difference = Minus(a.AsTime(), b.AsTime());
    return DurationOr(difference.value_or(0), !difference.has_value());
  }
  if (!Are<Kind::kDuration, Kind::kDuration>(arguments)) return evaluation.NoOverload("-", arguments);
  std::int64_t difference = 0;
  const bool overflow = __builtin_sub_overflow(a.AsDuration(), b.AsDuration(), &difference);
  return DurationOr(difference, overflow);
}

Value Subtract(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (Are<Kind::kInt, Kind::kInt>(arguments)) {
    std::int64_t result = 0;
    const bool overflow = __builtin_sub_overflow(a.AsInt(), b.AsInt(), &result);
    return IntOr(result, overflow);
  }
  if (Are<Kind::kUint, Kind::kUint>(arguments)) return UintOr(a.AsUint() - b.AsUint(), a.AsUint() < b.AsUint());
  if (Are<Kind::kDouble, Kind::kDouble>(arguments)) return Value::Double(a.AsDouble() - b.AsDouble());
  return SubtractTimes(evaluation, arguments);
}

Value Multiply(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (Are<Kind::kInt, Kind::kInt>(arguments)) {
    std::int64_t result = 0;
    const bool overflow = __builtin_mul_overflow(a.AsInt(), b.AsInt(), &result);
    return IntOr(result, overflow);
  }
  if (Are<Kind::kUint, Kind::kUint>(arguments)) {
    std::uint64_t result = 0;
    const bool overflow = __builtin_mul_overflow(a.AsUint(), b.AsUint(), &result);
    return UintOr(result, overflow);
  }
  if (Are<Kind::kDouble, Kind::kDouble>(arguments)) return Value::Double(a.AsDouble() * b.AsDouble());
  return evaluation.NoOverload("*", arguments);
}

constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();

Value Divide(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  // Division by zero is infinity or NaN in IEEE 754, which is what doubles are.
  if (Are<Kind::kDouble, Kind::kDouble>(arguments)) {
    const double divisor = b.AsDouble();
    if (divisor != 0) return Value::Double(a.AsDouble() / divisor);
    const double infinity = std::copysign(std::numeric_limits<double>::infinity(), divisor);
    return Value::Double(a.AsDouble() * infinity);
  }
  if (!Are<Kind::kInt, Kind::kInt>(arguments) && !Are<Kind::kUint, Kind::kUint>(arguments)) {
    return evaluation.NoOverload("/", arguments);
  }
  if (b.AsUint() == 0) return Evaluation::Fail("division by zero: test the divisor first");
  if (a.Is(Kind::kUint)) return Value::Uint(a.AsUint() / b.AsUint());
  if (a.AsInt() == kSmallest && b.AsInt() == -1) return Evaluation::Fail(kOverflow);
  return Value::Int(a.AsInt() / b.AsInt());
}

Value Modulo(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (!Are<Kind::kInt, Kind::kInt>(arguments) && !Are<Kind::kUint, Kind::kUint>(arguments)) {
    return evaluation.NoOverload("%", arguments);
  }
  if (b.AsUint() == 0) return Evaluation::Fail("modulus by zero: test the divisor first");
  if (a.Is(Kind::kUint)) return Value::Uint(a.AsUint() % b.AsUint());
  if (b.AsInt() == -1) return Value::Int(0);
  return Value::Int(a.AsInt() % b.AsInt());
}

Value Negate(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  if (a.Is(Kind::kDouble)) return Value::Double(-a.AsDouble());
  if (!a.Is(Kind::kInt)) return evaluation.NoOverload("-", arguments);
  return a.AsInt() == kSmallest ? Evaluation::Fail(kOverflow) : Value::Int(-a.AsInt());
}

// A position in a list: an int, a uint or a whole double.
std::optional<std::size_t> Position(const Value& index, std::size_t size) {
  std::uint64_t position = size;
  if (index.Is(Kind::kInt) && index.AsInt() >= 0) position = index.AsUint();
  if (index.Is(Kind::kUint)) position = index.AsUint();
  if (index.Is(Kind::kDouble)) {
    const auto whole = ToUint(index.AsDouble());
    if (whole.has_value() && static_cast<double>(*whole) == index.AsDouble()) position = *whole;
  }
  return position < size ? std::optional<std::size_t>(position) : std::nullopt;
}

// What is at an index or under a key; absent; or an error when there can be none.
Value Lookup(Evaluation& evaluation, const Value& from, const Value& key) {
  if (from.Is(Kind::kMap)) return from.map().Find(key);
  if (!from.Is(Kind::kList)) return evaluation.NoOverload("[]", std::array{from, key});
  if (!key.IsNumber()) return evaluation.NoOverload("[]", std::array{from, key});
  const auto position = Position(key, from.list().size());
  return position.has_value() ? from.list().at(*position) : Value::Absent();
}

Value OptionalIndex(Evaluation& evaluation, Arguments arguments) {
  Value from = arguments[0];
  if (from.Is(Kind::kOptional)) {
    if (from.held() == nullptr) return from;
    from = *from.held();
  }
  const Value found = Lookup(evaluation, from, arguments[1]);
  if (found.Is(Kind::kError)) return found;
  return found.Is(Kind::kAbsent) ? Value::Optional(nullptr) : evaluation.Optional(found);
}

constexpr const char* kOrdered =
    "(bool,bool)bool (int,int)bool (uint,uint)bool (double,double)bool (string,string)bool (bytes,bytes)bool "
    "(timestamp,timestamp)bool (duration,duration)bool (int,uint)bool (int,double)bool (uint,int)bool "
    "(uint,double)bool "
    "(double,int)bool (double,uint)bool";
constexpr const char* kAdditive =
    "(int,int)int (uint,uint)uint (double,double)double (string,string)string (bytes,bytes)bytes "
    "(list<A>,list<A>)list<A> "
    "(timestamp,duration)timestamp (duration,timestamp)timestamp (duration,duration)duration";
constexpr const char* kSubtractive =
    "(int,int)int (uint,uint)uint (double,double)double (timestamp,timestamp)duration (timestamp,duration)timestamp "
    "(duration,duration)duration";
constexpr const char* kIndexed =
    "(list<A>,int)A (map<A,B>,A)B (optional<list<A>>,int)optional<A> (optional<map<A,B>>,A)optional<B>";
constexpr const char* kOptionalIndexed =
    "(list<A>,int)optional<A> (map<A,B>,A)optional<B> (optional<list<A>>,int)optional<A> "
    "(optional<map<A,B>>,A)optional<B>";

// Those without a function are operations of the machine.
constexpr std::array kRows = {
    FunctionRow{operators::kAnd, "(bool,bool)bool", nullptr},
    FunctionRow{operators::kOr, "(bool,bool)bool", nullptr},
    FunctionRow{operators::kConditional, "(bool,A,A)A", nullptr},
    FunctionRow{operators::kNot, "(bool)bool", nullptr},
    FunctionRow{operators::kEqual, "(A,A)bool", nullptr},
    FunctionRow{operators::kNotEqual, "(A,A)bool", nullptr},
    FunctionRow{"_<_", kOrdered, nullptr},
    FunctionRow{"_<=_", kOrdered, nullptr},
    FunctionRow{"_>_", kOrdered, nullptr},
    FunctionRow{"_>=_", kOrdered, nullptr},
    FunctionRow{operators::kIn, "(A,list<A>)bool (A,map<A,B>)bool", In},
    FunctionRow{"_+_", kAdditive, Add},
    FunctionRow{"_-_", kSubtractive, Subtract},
    FunctionRow{"_*_", "(int,int)int (uint,uint)uint (double,double)double", Multiply},
    FunctionRow{"_/_", "(int,int)int (uint,uint)uint (double,double)double", Divide},
    FunctionRow{"_%_", "(int,int)int (uint,uint)uint", Modulo},
    FunctionRow{operators::kNegate, "(int)int (double)double", Negate},
    FunctionRow{operators::kIndex, kIndexed, Index},
    FunctionRow{operators::kOptionalIndex, kOptionalIndexed, OptionalIndex},
};

}  // namespace

Value Add(Evaluation& evaluation, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (Are<Kind::kInt, Kind::kInt>(arguments)) {
    std::int64_t result = 0;
    const bool overflow = __builtin_add_overflow(a.AsInt(), b.AsInt(), &result);
    return IntOr(result, overflow);
  }
  if (Are<Kind::kUint, Kind::kUint>(arguments)) {
    std::uint64_t result = 0;
    const bool overflow = __builtin_add_overflow(a.AsUint(), b.AsUint(), &result);
    return UintOr(result, overflow);
  }
  if (Are<Kind::kDouble, Kind::kDouble>(arguments)) return Value::Double(a.AsDouble() + b.AsDouble());
  if (Are<Kind::kString, Kind::kString>(arguments)) return evaluation.String({a.text(), b.text()});
  if (Are<Kind::kBytes, Kind::kBytes>(arguments)) return evaluation.Bytes({a.text(), b.text()});
  if (Are<Kind::kList, Kind::kList>(arguments)) return AddLists(evaluation, a.list(), b.list());
  return AddTimes(evaluation, arguments);
}

Value In(Evaluation& evaluation, Arguments arguments) {
  const Value& wanted = arguments[0];
  if (arguments[1].Is(Kind::kMap)) return Value::Bool(!arguments[1].map().Find(wanted).Is(Kind::kAbsent));
  if (!arguments[1].Is(Kind::kList)) return evaluation.NoOverload("in", arguments);
  const ListView& list = arguments[1].list();
  const std::size_t size = list.size();
  for (std::size_t i = 0; i < size; ++i) {
    const Value equal = evaluation.Equals(wanted, list.at(i));
    if (!equal.IsFalse()) return equal;
  }
  return Value::Bool(false);
}

Value Index(Evaluation& evaluation, Arguments arguments) {
  if (arguments[0].Is(Kind::kOptional)) return OptionalIndex(evaluation, arguments);
  const Value found = Lookup(evaluation, arguments[0], arguments[1]);
  if (!found.Is(Kind::kAbsent)) return found;
  if (arguments[0].Is(Kind::kList)) return Evaluation::Fail("index out of range: test it against size() first");
  if (!arguments[1].Is(Kind::kString)) return Evaluation::Fail("no such key: test with `in` first");
  return evaluation.Fail({"no such key: `", arguments[1].text(), "`; test with `in` or has() first"});
}

std::span<const FunctionRow> OperatorRows() { return kRows; }

}  // namespace gatehouse::codec::cel
