#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "codec/cel/cel.h"
#include "codec/cel/code.h"
#include "codec/cel/evaluation.h"

namespace gatehouse::codec::cel {

// Runs code once.
class Machine {
 public:
  // `stack` has room for code.stack values and `locals` for code.locals; all outlive this.
  Machine(const Code& code, const Activation& activation, Evaluation& evaluation, Value* stack, Value* locals)
      : code_(code), activation_(activation), evaluation_(evaluation), stack_(stack), top_(stack), locals_(locals) {}

  // The result, or an error.
  Value Run();
  // Where the error came up, in the source.
  std::uint32_t failed_at() const { return failed_at_; }

 private:
  void Push(const Value& value) { *top_++ = value; }
  Value Pop() { return *--top_; }
  Value& Top() { return top_[-1]; }
  // In place of `count` values: the value, or a failure.
  void Replace(std::size_t count, const Value& value) {
    top_ -= count;
    if (value.Is(Kind::kError)) [[unlikely]] {
      Raise(value);
    } else {
      Push(value);
    }
  }
  void Raise(const Value& error);
  std::uint32_t Here() const { return static_cast<std::uint32_t>(at_ - code_.instructions.data()) - 1; }
  void Go(std::uint32_t target) { at_ = code_.instructions.data() + target; }

  void Step(const Instruction& instruction);
  void Slot(std::uint32_t slot);
  void HasSlot(std::uint32_t slot);
  Value Field(const Value& from, const Value& key);
  Value OptionalField(const Value& from, const Value& key);
  Value Has(const Value& from, const Value& key);
  void Call(const Instruction& instruction);
  void Match(const Instruction& instruction);
  void Not();
  Value Equal(const Value& a, const Value& b);
  Value Order(Op op);
  void Logical(const Value& decisive);
  void Branch(std::uint32_t target);
  void OptionalElement();
  void MakeList(std::size_t count);
  void MakeMap(std::size_t count);
  std::span<const Value> TakePresent(std::size_t count, std::size_t width, Value& failure);
  void LoopBegin(const Instruction& instruction);
  void LoopNext(const Instruction& instruction);
  void Fold(const Value& decisive, std::uint32_t target);
  void CountOne();
  void NewBuilder();
  void Append(std::size_t count);
  void Merge();
  void Unwrap(std::uint32_t target);

  const Code& code_;
  const Activation& activation_;
  Evaluation& evaluation_;
  const Instruction* at_ = nullptr;
  Value* const stack_;
  Value* top_;
  Value* const locals_;
  std::uint32_t failed_at_ = 0;
  const char* failure_ = nullptr;  // the text of the failure that failed_at_ belongs to
};

}  // namespace gatehouse::codec::cel
