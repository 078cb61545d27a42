#include "codec/cel/machine.h"

#include <algorithm>
#include <array>

#include "codec/cel/checker.h"
#include "codec/cel/collection.h"

namespace gatehouse::codec::cel {
namespace {

constexpr std::string_view kNotKnown = "this variable is not known yet";
constexpr std::string_view kNotBool = "no such overload: a condition is a bool";

Value NoSuchKey(Evaluation& evaluation, const Value& key) {
  return evaluation.Fail({"no such key: `", key.text(), "`; test with has() first"});
}

}  // namespace

Value Machine::Run() {
  at_ = code_.instructions.data();
  while (at_->op != Op::kReturn) Step(*at_++);
  return Top();
}

void Machine::Step(const Instruction& instruction) {
  const std::uint32_t operand = instruction.operand;
  switch (instruction.op) {
    case Op::kConstant: Push(code_.constants[operand]); break;
    case Op::kSlot: Slot(operand); break;
    case Op::kHasSlot: HasSlot(operand); break;
    case Op::kLocal: Push(locals_[instruction.local]); break;
    case Op::kSetLocal: locals_[instruction.local] = Pop(); break;
    case Op::kSelect: Replace(1, Field(Top(), code_.constants[operand])); break;
    case Op::kSelectOptional: Replace(1, OptionalField(Top(), code_.constants[operand])); break;
    case Op::kHas: Replace(1, Has(Top(), code_.constants[operand])); break;
    case Op::kCall: Call(instruction); break;
    case Op::kMatch: Match(instruction); break;
    case Op::kNot: Not(); break;
    case Op::kEqual: Replace(2, Equal(top_[-2], top_[-1])); break;
    case Op::kNotEqual:
      Replace(2, Equal(top_[-2], top_[-1]));
      if (Top().Is(Kind::kBool)) Top() = Value::Bool(!Top().AsBool());
      break;
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: Replace(2, Order(instruction.op)); break;
    case Op::kAndLeft:
      if (Top().IsFalse()) Go(operand);
      break;
    case Op::kAndRight: Logical(Value::Bool(false)); break;
    case Op::kOrLeft:
      if (Top().IsTrue()) Go(operand);
      break;
    case Op::kOrRight: Logical(Value::Bool(true)); break;
    case Op::kJump: Go(operand); break;
    case Op::kBranch: Branch(operand); break;
    case Op::kOptionalElement: OptionalElement(); break;
    case Op::kMakeList: MakeList(operand); break;
    case Op::kMakeMap: MakeMap(operand); break;
    case Op::kLoopBegin: LoopBegin(instruction); break;
    case Op::kLoopNext: LoopNext(instruction); break;
    case Op::kAllStep: Fold(Value::Bool(false), operand); break;
    case Op::kExistsStep: Fold(Value::Bool(true), operand); break;
    case Op::kOneStep: CountOne(); break;
    case Op::kOneEnd: Top() = Value::Bool(Top().AsInt() == 1); break;
    case Op::kSettle: Replace(1, Top()); break;
    case Op::kBuilder: NewBuilder(); break;
    case Op::kAppend: Append(1); break;
    case Op::kPut: Append(2); break;
    case Op::kMerge: Merge(); break;
    case Op::kBuildList: Replace(1, evaluation_.List({Top().builder().values, Top().builder().size})); break;
    case Op::kBuildMap: Replace(1, cel::MakeMap(evaluation_, {Top().builder().values, Top().builder().size})); break;
    case Op::kUnwrap: Unwrap(operand); break;
    case Op::kWrap: Replace(1, evaluation_.Optional(Top())); break;
    case Op::kFail: Raise(Value::Error(code_.constants[operand].text())); break;
    case Op::kReturn: break;
  }
}

// To the innermost place around that can live with a failure, or out.
void Machine::Raise(const Value& error) {
  const std::uint32_t here = Here();
  if (failure_ == nullptr || failure_ != error.text().data()) {
    failed_at_ = code_.positions[here];
    failure_ = error.text().data();
  }
  if (!evaluation_.over()) {
    for (const Handler& handler : code_.handlers) {
      if (here < handler.begin || here >= handler.end) continue;
      top_ = stack_ + handler.depth;
      Push(error);
      return Go(handler.target);
    }
  }
  top_ = stack_;
  Push(error);
  Go(static_cast<std::uint32_t>(code_.instructions.size() - 1));
}

void Machine::Slot(std::uint32_t slot) {
  const Value value = activation_.Get(slot);
  if (!value.Is(Kind::kAbsent) && !value.Is(Kind::kUnknown)) [[likely]] {
    return Push(value);
  }
  Raise(Evaluation::Fail(value.Is(Kind::kUnknown) ? kNotKnown
                                                  : "this variable has no value here: test with has() first"));
}

void Machine::HasSlot(std::uint32_t slot) {
  const Value value = activation_.Get(slot);
  if (value.Is(Kind::kUnknown)) return Raise(Evaluation::Fail(kNotKnown));
  Push(Value::Bool(!value.Is(Kind::kAbsent)));
}

Value Machine::Field(const Value& from, const Value& key) {
  if (from.Is(Kind::kMap)) [[likely]] {
    const Value found = from.map().Find(key);
    return found.Is(Kind::kAbsent) ? NoSuchKey(evaluation_, key) : found;
  }
  if (from.Is(Kind::kOptional)) return OptionalField(from, key);
  return evaluation_.Fail({"a value of type ", TypeName(from), " has no field `", key.text(), "`"});
}

Value Machine::OptionalField(const Value& from, const Value& key) {
  if (from.Is(Kind::kOptional)) {
    if (from.held() == nullptr) return from;
    return OptionalField(*from.held(), key);
  }
  if (!from.Is(Kind::kMap))
    return evaluation_.Fail({"no such key: a value of type ", TypeName(from), " has no fields"});
  const Value found = from.map().Find(key);
  return found.Is(Kind::kAbsent) ? Value::Optional(nullptr) : evaluation_.Optional(found);
}

Value Machine::Has(const Value& from, const Value& key) {
  if (from.Is(Kind::kMap)) return Value::Bool(!from.map().Find(key).Is(Kind::kAbsent));
  if (!from.Is(Kind::kOptional)) return evaluation_.Fail({"a value of type ", TypeName(from), " has no fields"});
  return from.held() == nullptr ? Value::Bool(false) : Has(*from.held(), key);
}

void Machine::Call(const Instruction& instruction) {
  const std::span<const Value> arguments(top_ - instruction.count, instruction.count);
  Replace(instruction.count, code_.functions[instruction.operand](evaluation_, arguments));
}

void Machine::Match(const Instruction& instruction) {
  const Value text = Top();
  if (!text.Is(Kind::kString)) return Replace(1, evaluation_.NoOverload("matches", std::array{text}));
  if (!evaluation_.ChargeText(text.text().size())) return Replace(1, evaluation_.OutOfSteps());
  Top() = Value::Bool(code_.regexes[instruction.operand].Matches(text.text()));
}

void Machine::Not() {
  const Value value = Top();
  Replace(1, value.Is(Kind::kBool) ? Value::Bool(!value.AsBool()) : evaluation_.NoOverload("!", std::array{value}));
}

Value Machine::Equal(const Value& a, const Value& b) {
  if (a.Is(Kind::kString) && b.Is(Kind::kString) && a.text().size() < 64) return Value::Bool(a.text() == b.text());
  return evaluation_.Equals(a, b);
}

Value Machine::Order(Op op) {
  const Value& a = top_[-2];
  const Value& b = top_[-1];
  const auto order = Compare(a, b);
  if (!order.has_value()) return evaluation_.NoOverload("comparison", std::array{a, b});
  if (a.Is(Kind::kString) && !evaluation_.ChargeText(a.text().size())) return evaluation_.OutOfSteps();
  switch (op) {
    case Op::kLess: return Value::Bool(*order < 0);
    case Op::kLessEqual: return Value::Bool(*order <= 0);
    case Op::kGreater: return Value::Bool(*order > 0);
    default: return Value::Bool(*order >= 0);
  }
}

// `&&` and `||`: the decisive value on either side decides, whatever is on the other; then a failure on either side.
void Machine::Logical(const Value& decisive) {
  const Value right = Pop();
  const Value left = Pop();
  for (const Value& side : {left, right}) {
    if (side.Is(Kind::kBool) && side.AsBool() == decisive.AsBool()) return Push(side);
  }
  for (const Value& side : {left, right}) {
    if (side.Is(Kind::kError)) return Raise(side);
    if (!side.Is(Kind::kBool)) return Raise(Evaluation::Fail(kNotBool));
  }
  Push(right);
}

void Machine::Branch(std::uint32_t target) {
  const Value condition = Pop();
  if (condition.IsFalse()) return Go(target);
  if (!condition.IsTrue()) Raise(Evaluation::Fail(kNotBool));
}

void Machine::OptionalElement() {
  const Value value = Top();
  if (!value.Is(Kind::kOptional)) return Replace(1, Evaluation::Fail("`?` takes an optional value"));
  Top() = value.held() == nullptr ? Value::Absent() : *value.held();
}

// The top values, `width` at a time, less those whose last is absent, in the arena.
std::span<const Value> Machine::TakePresent(std::size_t count, std::size_t width, Value& failure) {
  auto* values = evaluation_.arena().NewArray<Value>(count);
  if (values == nullptr) {
    failure = evaluation_.OutOfMemory();
    return {};
  }
  std::size_t size = 0;
  for (const Value* from = top_ - count; from != top_; from += width) {
    if (from[width - 1].Is(Kind::kAbsent)) continue;
    std::copy_n(from, width, values + size);
    size += width;
  }
  return {values, size};
}

void Machine::MakeList(std::size_t count) {
  Value failure;
  const auto values = TakePresent(count, 1, failure);
  Replace(count, failure.Is(Kind::kError) ? failure : evaluation_.List(values));
}

void Machine::MakeMap(std::size_t count) {
  Value failure;
  const auto values = TakePresent(count, 2, failure);
  Replace(count, failure.Is(Kind::kError) ? failure : cel::MakeMap(evaluation_, values));
}

void Machine::LoopBegin(const Instruction& instruction) {
  const Value range = Pop();
  if (!range.Is(Kind::kList) && !range.Is(Kind::kMap)) {
    return Raise(evaluation_.NoOverload("loop", std::array{range}));
  }
  locals_[instruction.local + kLoopRange] = range;
  locals_[instruction.local + kLoopCursor] = Value::Int(0);
}

void Machine::LoopNext(const Instruction& instruction) {
  Value* const loop = locals_ + instruction.local;
  const Value range = loop[kLoopRange];
  const auto cursor = static_cast<std::size_t>(loop[kLoopCursor].AsInt());
  const std::size_t size = range.Is(Kind::kList) ? range.list().size() : range.map().size();
  if (cursor >= size) return Go(instruction.operand);
  if (!evaluation_.Charge(instruction.operand - Here())) return Raise(evaluation_.OutOfSteps());
  loop[kLoopCursor] = Value::Int(static_cast<std::int64_t>(cursor + 1));
  Value* const variables = loop + kLoopVariables;
  const bool two = instruction.count == 2;
  if (range.Is(Kind::kList)) {
    if (two) variables[0] = Value::Int(static_cast<std::int64_t>(cursor));
    variables[two ? 1 : 0] = range.list().at(cursor);
  } else {
    variables[0] = range.map().KeyAt(cursor);
    if (two) variables[1] = range.map().ValueAt(cursor);
  }
}

// One condition of all() or exists() into their result: the decisive value ends the loop, a failure is kept until then.
void Machine::Fold(const Value& decisive, std::uint32_t target) {
  const Value condition = Pop();
  if (condition.Is(Kind::kBool)) {
    if (condition.AsBool() != decisive.AsBool()) return;
    Top() = decisive;
    return Go(target);
  }
  if (!Top().Is(Kind::kError)) Top() = condition.Is(Kind::kError) ? condition : Evaluation::Fail(kNotBool);
}

void Machine::CountOne() {
  const Value condition = Pop();
  if (!condition.Is(Kind::kBool)) return Raise(Evaluation::Fail(kNotBool));
  if (condition.AsBool()) Top() = Value::Int(Top().AsInt() + 1);
}

void Machine::NewBuilder() {
  auto* builder = evaluation_.arena().New<Builder>();
  if (builder == nullptr) return Raise(evaluation_.OutOfMemory());
  Push(Value::Building(builder));
}

void Machine::Append(std::size_t count) {
  Builder& builder = top_[-static_cast<std::ptrdiff_t>(count) - 1].builder();
  for (const Value* value = top_ - count; value != top_; ++value) {
    if (cel::Append(evaluation_.arena(), builder, *value) == Grown::kNoMemory) return Raise(evaluation_.OutOfMemory());
  }
  top_ -= count;
}

void Machine::Merge() {
  const Value entries = Pop();
  if (!entries.Is(Kind::kMap))
    return Raise(Evaluation::Fail("transformMapEntry() makes a map of entries: {key: value}"));
  Builder& builder = Top().builder();
  for (std::size_t i = 0; i < entries.map().size(); ++i) {
    if (!evaluation_.Charge(1)) return Raise(evaluation_.OutOfSteps());
    if (cel::Append(evaluation_.arena(), builder, entries.map().KeyAt(i)) == Grown::kNoMemory ||
        cel::Append(evaluation_.arena(), builder, entries.map().ValueAt(i)) == Grown::kNoMemory) {
      return Raise(evaluation_.OutOfMemory());
    }
  }
}

void Machine::Unwrap(std::uint32_t target) {
  const Value value = Top();
  if (!value.Is(Kind::kOptional)) return Replace(1, evaluation_.NoOverload("optMap", std::array{value}));
  if (value.held() == nullptr) return Go(target);
  Top() = *value.held();
}

}  // namespace gatehouse::codec::cel
