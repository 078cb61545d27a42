#pragma once

#include <cstdint>
#include <vector>

#include "codec/cel/arena.h"
#include "codec/cel/evaluation.h"
#include "codec/cel/regex.h"
#include "codec/cel/value.h"

namespace gatehouse::codec::cel {

// What the machine does, on a stack of values. `operand` is an index or a place in the code to go to, as said.
enum class Op : std::uint8_t {
  kConstant,        // push constants[operand]
  kSlot,            // push the variable; fails where it is absent
  kHasSlot,         // push whether the variable is there
  kLocal,           // push locals[local]
  kSetLocal,        // pop into locals[local]
  kSelect,          // replace a map by what is under the key constants[operand]
  kSelectOptional,  // the same, as an optional
  kHas,             // the same, as whether it is there
  kCall,            // replace `count` values by functions[operand] of them
  kMatch,           // replace a text by whether regexes[operand] matches it
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAndLeft,   // go to operand when the top is false
  kAndRight,  // replace two values by their conjunction
  kOrLeft,    // go to operand when the top is true
  kOrRight,
  kJump,             // go to operand
  kBranch,           // pop a bool; go to operand when it is false
  kOptionalElement,  // replace an optional by what it holds, or by nothing
  kMakeList,         // replace operand values by a list of them, less the absent ones
  kMakeMap,          // the same of operand keys and values
  kLoopBegin,        // pop what to go over into locals[local]
  kLoopNext,         // set `count` variables behind it, or go to operand at the end
  kAllStep,          // pop a condition into the result below it; go to operand when it is decided
  kExistsStep,
  kOneStep,    // pop a bool; count it in the number below
  kOneEnd,     // replace the number by whether it is 1
  kSettle,     // fail when the top is an error
  kBuilder,    // push a new builder
  kAppend,     // pop a value into the builder below
  kPut,        // pop a key and a value into the builder below
  kMerge,      // pop a map; all its entries into the builder below
  kBuildList,  // replace a builder by its list
  kBuildMap,
  kUnwrap,  // replace an optional by what it holds; go to operand, as it is, when that is nothing
  kWrap,    // replace a value by an optional with it
  kFail,    // fail with the text constants[operand]
  kReturn,
};

struct Instruction {
  Op op = Op::kReturn;
  std::uint8_t count = 0;
  std::uint16_t local = 0;
  std::uint32_t operand = 0;
};

// Where a failure between begin and end goes: to `target`, with the stack cut to `depth` and the error on top.
struct Handler {
  std::uint32_t begin;
  std::uint32_t end;
  std::uint32_t target;
  std::uint32_t depth;
};

// A compiled expression. Immutable once made.
struct Code {
  std::vector<Instruction> instructions;  // the last one is kReturn
  std::vector<std::uint32_t> positions;   // in the source, by instruction
  std::vector<Handler> handlers;          // inner ones before those around them
  std::vector<Value> constants;
  std::vector<Function> functions;
  std::vector<Regex> regexes;
  std::uint32_t stack = 0;  // values at most
  std::uint32_t locals = 0;
  Arena texts{0};   // what literals show
  Arena folded{0};  // what is computed from literals
};

}  // namespace gatehouse::codec::cel
