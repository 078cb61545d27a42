#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/cel/evaluation.h"
#include "codec/cel/type.h"

namespace gatehouse::codec::cel {

enum class CallStyle : std::uint8_t { kPlain, kReceiver };  // f(x), x.f()

// One way to call a function. Type parameters are numbered from 0.
struct Overload {
  CallStyle style = CallStyle::kPlain;
  std::vector<Type> parameters;  // the receiver first
  Type result;
};

// A function by name, with all its overloads; `function` tells them apart by the kinds of its arguments, and is null
// for one that is declared but not there.
struct FunctionEntry {
  std::string name;
  std::vector<Overload> overloads;
  Function function = nullptr;
  enum class Arity : std::uint8_t {
    kByOverload,
    kNumbers
  } arity = Arity::kByOverload;  // kNumbers: any count of numbers
};

// A row of a table: signatures as text, separated by spaces: "(string)int string.()int (list<A>,A)bool". `numbers`
// stands for any count of numbers, or one list of them.
struct FunctionRow {
  const char* name;
  const char* signatures;
  Function function;
};

// Reads one signature or all of them. REQUIRES: well-formed, for it comes from our own tables; checked.
std::vector<Overload> ParseSignatures(std::string_view text);
Type ParseType(std::string_view text);

// The rows of each part of the language.
std::span<const FunctionRow> OperatorRows();
std::span<const FunctionRow> ConversionRows();
std::span<const FunctionRow> StringRows();
std::span<const FunctionRow> StringExtensionRows();
std::span<const FunctionRow> MathRows();
std::span<const FunctionRow> TimeRows();
std::span<const FunctionRow> ListRows();
std::span<const FunctionRow> OptionalRows();

// All of them, made once and never changed.
const std::vector<FunctionEntry>& StandardFunctions();

// Whether the arguments have exactly these kinds.
template <Kind... kKinds>
bool Are(std::span<const Value> arguments) {
  if (arguments.size() != sizeof...(kKinds)) return false;
  std::size_t i = 0;
  return (arguments[i++].Is(kKinds) && ...);
}

// In operators.cc and elsewhere, for the machine and for each other.
Value In(Evaluation& evaluation, std::span<const Value> arguments);
Value Add(Evaluation& evaluation, std::span<const Value> arguments);
Value Index(Evaluation& evaluation, std::span<const Value> arguments);
Value Matches(Evaluation& evaluation, std::span<const Value> arguments);
Value ToText(Evaluation& evaluation, std::span<const Value> arguments);
Value FormatText(Evaluation& evaluation, std::span<const Value> arguments);

}  // namespace gatehouse::codec::cel
