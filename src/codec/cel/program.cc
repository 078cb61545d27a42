#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "codec/cel/cel.h"
#include "codec/cel/code.h"
#include "codec/cel/compiler.h"
#include "codec/cel/lexer.h"
#include "codec/cel/machine.h"
#include "codec/cel/parser.h"

namespace gatehouse::codec::cel {
namespace {

// What the caller wants, in so far as the checker can tell.
base::Status CheckResult(const Type& type, const CompileOptions& options, std::string_view source,
                         std::uint32_t position) {
  if (!options.result.has_value() || options.checking == Checking::kNames) return base::Ok();
  Substitution substitution;
  if (substitution.Fits(type, *options.result)) return base::Ok();
  return SourceError(
      source, position,
      "the expression must be of type " + ToString(*options.result) + ", and is of type " + ToString(type));
}

}  // namespace

Program::Program(std::unique_ptr<Code> code, Type type, const RunLimits& limits, const TimeZones* zones)
    : code_(std::move(code)), type_(std::move(type)), limits_(limits), zones_(zones) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

std::size_t Program::size() const { return code_->instructions.size(); }

std::vector<std::uint32_t> Program::slots() const {
  std::set<std::uint32_t> slots;
  for (const Instruction& instruction : code_->instructions) {
    if (instruction.op == Op::kSlot || instruction.op == Op::kHasSlot) slots.insert(instruction.operand);
  }
  return {slots.begin(), slots.end()};
}

base::Error Program::Failed(std::string_view message, std::uint32_t position, base::ErrorCode code) const {
  const auto line = std::ranges::upper_bound(lines_, position) - 1;
  std::string text =
      "line " + std::to_string(line - lines_.begin() + 1) + ", column " + std::to_string(position - *line + 1) + ": ";
  text += message;
  return {.code = code, .source = base::ErrorSource::kPolicy, .public_message = std::move(text)};
}

base::Result<Value> Program::Evaluate(const Activation& activation, Scratch& scratch) const {
  scratch.arena_.Reset();
  scratch.arena_.SetLimit(limits_.memory);
  const std::size_t needed = code_->stack + code_->locals;
  if (scratch.values_.size() < needed) scratch.values_.resize(needed);
  Evaluation evaluation(scratch.arena_, limits_, zones_);
  if (!evaluation.Charge(code_->instructions.size())) {
    return Failed(evaluation.OutOfSteps().text(), 0, base::ErrorCode::kTooLarge);
  }
  Value* const stack = scratch.values_.data();
  Machine machine(*code_, activation, evaluation, stack, stack + code_->stack);
  const Value result = machine.Run();
  if (!result.Is(Kind::kError)) [[likely]] {
    return result;
  }
  return Failed(result.text(), machine.failed_at(),
                evaluation.over() ? base::ErrorCode::kTooLarge : base::ErrorCode::kInvalidRequest);
}

base::Result<bool> Program::Test(const Activation& activation, Scratch& scratch) const {
  GH_TRY(const Value result, Evaluate(activation, scratch));
  if (result.Is(Kind::kBool)) return result.AsBool();
  return Failed("the expression must be a bool, and came to be of type " + std::string(TypeName(result)), 0,
                base::ErrorCode::kInvalidRequest);
}

base::Result<Program> Compile(std::string_view source, const Environment& environment, const CompileOptions& options,
                              const Limits& limits) {
  GH_TRY(const Ast ast, Parse(source, limits.source));
  GH_TRY(const Checked checked, Check(ast, environment, options.checking, source));
  GH_CHECK_OK(CheckResult(checked.types[ast.root], options, source, ast[ast.root].position));
  return Compiler(ast, checked, options, limits, source).Run();
}

}  // namespace gatehouse::codec::cel
