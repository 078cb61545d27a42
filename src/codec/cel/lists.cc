#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "codec/cel/collection.h"
#include "codec/cel/function_table.h"
#include "codec/crypto/encoding.h"

namespace gatehouse::codec::cel {
namespace {

using Arguments = std::span<const Value>;

// Whether every element of `wanted` is in `list`: a bool, or an error.
Value ContainsAll(Evaluation& evaluation, const Value& list, const Value& wanted) {
  for (std::size_t i = 0; i < wanted.list().size(); ++i) {
    const Value found = In(evaluation, std::array{wanted.list().at(i), list});
    if (!found.IsTrue()) return found;
  }
  return Value::Bool(true);
}

Value SetsContains(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kList, Kind::kList>(arguments)) return evaluation.NoOverload("sets.contains", arguments);
  return ContainsAll(evaluation, arguments[0], arguments[1]);
}

Value SetsEquivalent(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kList, Kind::kList>(arguments)) return evaluation.NoOverload("sets.equivalent", arguments);
  const Value one = ContainsAll(evaluation, arguments[0], arguments[1]);
  return one.IsTrue() ? ContainsAll(evaluation, arguments[1], arguments[0]) : one;
}

Value SetsIntersects(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kList, Kind::kList>(arguments)) return evaluation.NoOverload("sets.intersects", arguments);
  for (std::size_t i = 0; i < arguments[0].list().size(); ++i) {
    const Value found = In(evaluation, std::array{arguments[0].list().at(i), arguments[1]});
    if (!found.IsFalse()) return found;
  }
  return Value::Bool(false);
}

Value EncodeBase64(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kBytes>(arguments)) return evaluation.NoOverload("base64.encode", arguments);
  if (!evaluation.ChargeText(arguments[0].text().size() * 2)) return evaluation.OutOfSteps();
  return evaluation.String({crypto::Base64Encode(arguments[0].text())});
}

// With or without padding.
Value DecodeBase64(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kString>(arguments)) return evaluation.NoOverload("base64.decode", arguments);
  if (!evaluation.ChargeText(arguments[0].text().size())) return evaluation.OutOfSteps();
  std::string padded(arguments[0].text());
  if (!padded.empty() && padded.back() != '=') padded.append((4 - padded.size() % 4) % 4, '=');
  const auto bytes = crypto::Base64Decode(padded);
  return bytes.has_value() ? evaluation.Bytes({*bytes}) : Evaluation::Fail("base64.decode() cannot read this text");
}

Value Slice(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kList, Kind::kInt, Kind::kInt>(arguments)) return evaluation.NoOverload("slice", arguments);
  const ListView& list = arguments[0].list();
  const std::int64_t begin = arguments[1].AsInt();
  const std::int64_t end = arguments[2].AsInt();
  if (begin < 0 || end < begin || end > static_cast<std::int64_t>(list.size())) {
    return Evaluation::Fail("slice() takes a start and an end within the list, in that order");
  }
  const auto size = static_cast<std::size_t>(end - begin);
  auto* values = evaluation.arena().NewArray<Value>(size);
  if (values == nullptr || !evaluation.Charge(size)) return evaluation.OutOfMemory();
  for (std::size_t i = 0; i < size; ++i) values[i] = list.at(static_cast<std::size_t>(begin) + i);
  return evaluation.List({values, size});
}

Value Distinct(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kList>(arguments)) return evaluation.NoOverload("distinct", arguments);
  const ListView& list = arguments[0].list();
  Builder kept;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const ArrayList so_far({kept.values, kept.size});
    const Value found = In(evaluation, std::array{list.at(i), Value::List(&so_far)});
    if (found.Is(Kind::kError)) return found;
    if (found.IsFalse() && Append(evaluation.arena(), kept, list.at(i)) == Grown::kNoMemory)
      return evaluation.OutOfMemory();
  }
  return evaluation.List({kept.values, kept.size});
}

Value Sort(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kList>(arguments)) return evaluation.NoOverload("sort", arguments);
  const ListView& list = arguments[0].list();
  const std::size_t size = list.size();
  auto* values = evaluation.arena().NewArray<Value>(size);
  if (values == nullptr || !evaluation.Charge(size * 16)) return evaluation.OutOfMemory();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < size; ++i) {
    values[i] = list.at(i);
    const auto order = Compare(values[i], values[0]);
    const bool ordered =
        values[i].kind() == values[0].kind() && order.has_value() && *order != std::partial_ordering::unordered;
    if (!ordered) return Evaluation::Fail("sort() takes a list of one kind that has an order");
    if (values[i].Is(Kind::kString) || values[i].Is(Kind::kBytes)) bytes += values[i].text().size();
  }
  if (!evaluation.ChargeText(bytes * 16)) return evaluation.OutOfSteps();
  std::sort(values, values + size, [](const Value& a, const Value& b) { return *Compare(a, b) < 0; });
  return evaluation.List({values, size});
}

Value Range(Evaluation& evaluation, Arguments arguments) {
  if (!Are<Kind::kInt>(arguments)) return evaluation.NoOverload("lists.range", arguments);
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(0, arguments[0].AsInt()));
  if (!evaluation.Charge(size)) return evaluation.OutOfSteps();
  auto* values = evaluation.arena().NewArray<Value>(size);
  if (values == nullptr) return evaluation.OutOfMemory();
  for (std::size_t i = 0; i < size; ++i) values[i] = Value::Int(static_cast<std::int64_t>(i));
  return evaluation.List({values, size});
}

// Appends the elements, and in place of a list its own, `depth` levels down.
Value FlattenInto(Evaluation& evaluation, const ListView& list, std::int64_t depth, Builder& out) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!evaluation.Charge(1)) return evaluation.OutOfSteps();
    const Value element = list.at(i);
    if (element.Is(Kind::kList) && depth > 0) {
      const Value done = FlattenInto(evaluation, element.list(), depth - 1, out);
      if (done.Is(Kind::kError)) return done;
    } else if (Append(evaluation.arena(), out, element) == Grown::kNoMemory) {
      return evaluation.OutOfMemory();
    }
  }
  return {};
}

Value Flatten(Evaluation& evaluation, Arguments arguments) {
  const bool deep = Are<Kind::kList, Kind::kInt>(arguments);
  if (!deep && !Are<Kind::kList>(arguments)) return evaluation.NoOverload("flatten", arguments);
  constexpr std::int64_t kMaxDepth = 64;
  const std::int64_t depth = deep ? arguments[1].AsInt() : 1;
  if (depth < 0 || depth > kMaxDepth) return Evaluation::Fail("flatten() takes a depth from 0 to 64");
  Builder out;
  const Value done = FlattenInto(evaluation, arguments[0].list(), depth, out);
  return done.Is(Kind::kError) ? done : evaluation.List({out.values, out.size});
}

constexpr const char* kSets = "(list<A>,list<A>)bool";
constexpr std::array kRows = {
    FunctionRow{"sets.contains", kSets, SetsContains},
    FunctionRow{"sets.equivalent", kSets, SetsEquivalent},
    FunctionRow{"sets.intersects", kSets, SetsIntersects},
    FunctionRow{"base64.encode", "(bytes)string", EncodeBase64},
    FunctionRow{"base64.decode", "(string)bytes", DecodeBase64},
    FunctionRow{"slice", "list<A>.(int,int)list<A>", Slice},
    FunctionRow{"distinct", "list<A>.()list<A>", Distinct},
    FunctionRow{"sort", "list<A>.()list<A>", Sort},
    FunctionRow{"lists.range", "(int)list<int>", Range},
    FunctionRow{"flatten", "list<list<A>>.()list<A> list<dyn>.(int)list<dyn>", Flatten},
};

}  // namespace

std::span<const FunctionRow> ListRows() { return kRows; }

}  // namespace gatehouse::codec::cel
