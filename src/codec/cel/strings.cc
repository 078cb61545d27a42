#include <array>
#include <cstring>
#include <span>
#include <string>

#include "codec/cel/code_points.h"
#include "codec/cel/function_table.h"
#include "codec/cel/regex.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

Value Size(Evaluation& evaluation, Arguments arguments) {
  const Value& of = arguments[0];
  switch (of.kind()) {
    case Kind::kString:
      if (!evaluation.ChargeText(of.text().size())) return evaluation.OutOfSteps();
      return Value::Int(CountCodePoints(of.text()));
    case Kind::kBytes: return Value::Int(static_cast<std::int64_t>(of.text().size()));
    case Kind::kList: return Value::Int(static_cast<std::int64_t>(of.list().size()));
    case Kind::kMap: return Value::Int(static_cast<std::int64_t>(of.map().size()));
    default: return evaluation.NoOverload("size", arguments);
  }
}

Value StartsWith(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString, Kind::kString>(arguments)) return evaluation.NoOverload("startsWith", arguments);
  return Value::Bool(arguments[0].text().starts_with(arguments[1].text()));
}

Value EndsWith(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString, Kind::kString>(arguments)) return evaluation.NoOverload("endsWith", arguments);
  return Value::Bool(arguments[0].text().ends_with(arguments[1].text()));
}

Value Contains(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString, Kind::kString>(arguments)) return evaluation.NoOverload("contains", arguments);
  if (!evaluation.ChargeText(arguments[0].text().size())) return evaluation.OutOfSteps();
  return Value::Bool(FindText(arguments[0].text(), arguments[1].text()) != std::string_view::npos);
}

constexpr std::array kRows = {
    FunctionRow{
        "size",
        "(string)int (bytes)int (list<A>)int (map<A,B>)int string.()int bytes.()int list<A>.()int map<A,B>.()int",
        Size},
    FunctionRow{"startsWith", "string.(string)bool", StartsWith},
    FunctionRow{"endsWith", "string.(string)bool", EndsWith},
    FunctionRow{"contains", "string.(string)bool", Contains},
    FunctionRow{"matches", "(string,string)bool string.(string)bool", Matches},
};

// A pattern that is only known now: compiling it costs, by its length.
constexpr std::uint64_t kCompileSteps = 200;
constexpr std::size_t kDynamicPattern = 512;  // bytes

}  // namespace

std::size_t FindText(std::string_view text, std::string_view wanted) {
  if (wanted.empty()) return 0;
  const void* found = memmem(text.data(), text.size(), wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

Value Matches(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString, Kind::kString>(arguments)) return evaluation.NoOverload("matches", arguments);
  const std::string_view pattern = arguments[1].text();
  if (pattern.size() > kDynamicPattern) {
    return Evaluation::Fail("a pattern that is not a literal has at most 512 bytes; write it as a literal");
  }
  if (!evaluation.Charge(kCompileSteps + pattern.size() * 20)) return evaluation.OutOfSteps();
  const auto regex = Regex::Compile(pattern, Limits().regex_memory);
  if (!regex.ok()) return evaluation.Fail({regex.error().public_message});
  if (!evaluation.ChargeText(arguments[0].text().size())) return evaluation.OutOfSteps();
  return Value::Bool(regex.value().Matches(arguments[0].text()));
}

std::span<const FunctionRow> StringRows() { return kRows; }

}  // namespace gatehouse::codec::cel
