#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/cel/arena.h"
#include "codec/cel/checker.h"
#include "codec/cel/environment.h"
#include "codec/cel/limits.h"
#include "codec/cel/timestamp.h"
#include "codec/cel/type.h"
#include "codec/cel/value.h"

// The Common Expression Language (github.com/google/cel-spec) without protocol buffers; docs/policy-language.md says
// what is in it.
//
//   Environment environment;
//   const auto team = environment.Declare("principal.team", Type::String());
//   GH_TRY(const Program program, Compile("principal.team == 'research'", environment, {.result = Type::Bool()}));
//   Bindings bindings(environment);
//   bindings.Set(team, Value::String("research"));
//   Scratch scratch;
//   GH_TRY(const bool holds, program.Test(bindings, scratch));
namespace gatehouse::codec::cel {

struct Code;

// The values of variables during one evaluation. A variable is asked for only when the expression comes to it, and each
// time it does. Implemented by the caller, or see Bindings.
class Activation {
 public:
  // Value::Absent() where there is none: naming it fails, has() is false. Value::Unknown() where it is not known yet:
  // naming it fails, and has() too, so that what an expression comes to all the same holds for any value.
  virtual Value Get(std::uint32_t slot) const = 0;

 protected:
  ~Activation() = default;
};

// Values side by side.
class Bindings final : public Activation {
 public:
  explicit Bindings(const Environment& environment) : values_(environment.variables().size(), Value::Absent()) {}
  void Set(std::uint32_t slot, const Value& value) { values_[slot] = value; }
  Value Get(std::uint32_t slot) const override { return slot < values_.size() ? values_[slot] : Value::Absent(); }

 private:
  std::vector<Value> values_;
};

// The memory of an evaluation, kept for the next one. One per thread. A result lives in it until the next evaluation
// with it, or until it is dropped.
class Scratch {
 public:
  Scratch() : arena_(0) {}

 private:
  friend class Program;
  Arena arena_;
  std::vector<Value> values_;  // stack and locals
};

// A compiled expression. Immutable: any number of threads may evaluate it at once, each with its own Scratch. Dropping
// it ends the life of results that show its literals.
class Program {
 public:
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // Errors name line and column and what to do; code kTooLarge means that a limit was reached, kInvalidRequest anything
  // else. Takes no memory from the heap once `scratch` has been used, unless it fails or makes more than 4 KiB.
  base::Result<Value> Evaluate(const Activation& activation, Scratch& scratch) const;
  // For a program that was compiled to be a bool; an error where a dyn turns out to be something else.
  base::Result<bool> Test(const Activation& activation, Scratch& scratch) const;

  const Type& type() const { return type_; }
  // How many operations an evaluation takes at most, where the source alone says so; the reading of long texts comes on
  // top. nullopt: it loops over data.
  std::optional<std::uint64_t> step_bound() const { return step_bound_; }
  // The variables that an evaluation may ask for, each once, rising: what it comes to depends on nothing else.
  std::vector<std::uint32_t> slots() const;
  // In how many steps the last instruction is reached at most without any loop: the size of the program.
  std::size_t size() const;

 private:
  friend class Compiler;
  Program(std::unique_ptr<Code> code, Type type, const RunLimits& limits, const TimeZones* zones);
  base::Error Failed(std::string_view message, std::uint32_t position, base::ErrorCode code) const;

  std::unique_ptr<Code> code_;
  Type type_;
  RunLimits limits_;
  const TimeZones* zones_;
  std::optional<std::uint64_t> step_bound_;
  std::vector<std::uint32_t> lines_;  // where each line of the source begins
};

struct CompileOptions {
  std::optional<Type> result;  // what the expression must be; anything when empty. dyn fits and is tested at evaluation
  Checking checking = Checking::kTypes;
  const TimeZones* zones = nullptr;  // outlives the program; without it a time zone is an offset
};

// Reads, checks and translates an expression. Errors are kInvalidRequest, name line and column and say what to do.
base::Result<Program> Compile(std::string_view source, const Environment& environment,
                              const CompileOptions& options = {}, const Limits& limits = {});

}  // namespace gatehouse::codec::cel
