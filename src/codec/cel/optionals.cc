#include <array>
#include <span>

#include "codec/cel/function_table.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

bool IsZero(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull: return true;
    case Kind::kDouble: return value.AsDouble() == 0;
    case Kind::kString:
    case Kind::kBytes: return value.text().empty();
    case Kind::kList: return value.list().size() == 0;
    case Kind::kMap: return value.map().size() == 0;
    case Kind::kOptional: return value.held() == nullptr;
    case Kind::kTimestamp: return value.AsTime() == Timestamp();
    case Kind::kType: return false;
    default: return value.AsUint() == 0;
  }
}

Value Of(Evaluation& evaluation, Arguments arguments) { return evaluation.Optional(arguments[0]); }
Value OfNonZero(Evaluation& evaluation, Arguments arguments) {
  return IsZero(arguments[0]) ? Value::Optional(nullptr) : evaluation.Optional(arguments[0]);
}
Value None(Evaluation& /*evaluation*/, Arguments /*arguments*/) { return Value::Optional(nullptr); }

Value HasValue(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kOptional>(arguments)) return evaluation.NoOverload("hasValue", arguments);
  return Value::Bool(arguments[0].held() != nullptr);
}

Value Held(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kOptional>(arguments)) return evaluation.NoOverload("value", arguments);
  if (arguments[0].held() == nullptr)
    return Evaluation::Fail("optional.none() has no value: use orValue(), or test hasValue()");
  return *arguments[0].held();
}

Value OrElse(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kOptional, Kind::kOptional>(arguments)) return evaluation.NoOverload("or", arguments);
  return arguments[0].held() != nullptr ? arguments[0] : arguments[1];
}

Value OrValue(Evaluation& evaluation, Arguments arguments) {
  if (arguments.size() != 2 || !arguments[0].Is(Kind::kOptional)) return evaluation.NoOverload("orValue", arguments);
  return arguments[0].held() != nullptr ? *arguments[0].held() : arguments[1];
}

constexpr std::array kRows = {
    FunctionRow{"optional.of", "(A)optional<A>", Of},
    FunctionRow{"optional.ofNonZeroValue", "(A)optional<A>", OfNonZero},
    FunctionRow{"optional.none", "()optional<A>", None},
    FunctionRow{"hasValue", "optional<A>.()bool", HasValue},
    FunctionRow{"value", "optional<A>.()A", Held},
    FunctionRow{"or", "optional<A>.(optional<A>)optional<A>", OrElse},
    FunctionRow{"orValue", "optional<A>.(A)A", OrValue},
};

}  // namespace

std::span<const FunctionRow> OptionalRows() { return kRows; }

}  // namespace gatehouse::codec::cel
