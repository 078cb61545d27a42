#include "codec/cel/evaluation.h"

#include <cstring>
#include <string>

#include "codec/cel/collection.h"

namespace gatehouse::codec::cel {

Value Evaluation::OutOfSteps() {
  over_ = true;
  return Fail("the expression takes too many steps: look at less, or test something cheaper first");
}

Value Evaluation::OutOfMemory() {
  over_ = true;
  return Fail("the expression makes too much: it went over its memory limit");
}

Value Evaluation::Fail(std::initializer_list<std::string_view> parts) {
  const Value text = Join(Kind::kString, parts);
  return text.Is(Kind::kString) ? Value::Error(text.text()) : text;
}

Value Evaluation::NoOverload(std::string_view function, std::span<const Value> arguments) {
  std::string kinds;
  for (const Value& argument : arguments) {
    if (!kinds.empty()) kinds += ", ";
    kinds += TypeName(argument);
  }
  return Fail({"no such overload: ", function, " cannot take (", kinds, ")"});
}

Value Evaluation::Join(Kind kind, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (!ChargeText(size)) return OutOfSteps();
  char* const text = arena_.NewArray<char>(size);
  if (text == nullptr) return OutOfMemory();
  char* at = text;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return kind == Kind::kString ? Value::String({text, size}) : Value::Bytes({text, size});
}

Value Evaluation::List(std::span<const Value> values) {
  const auto* list = arena_.New<ArrayList>(values);
  return list == nullptr ? OutOfMemory() : Value::List(list);
}

Value Evaluation::Optional(const Value& held) {
  const auto* copy = arena_.New<Value>(held);
  return copy == nullptr ? OutOfMemory() : Value::Optional(copy);
}

Value Evaluation::Equals(const Value& a, const Value& b) {
  const auto equal = Equal(a, b, steps_, limit_);
  return equal.has_value() ? Value::Bool(*equal) : OutOfSteps();
}

}  // namespace gatehouse::codec::cel
