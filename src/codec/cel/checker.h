#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/cel/ast.h"
#include "codec/cel/environment.h"

namespace gatehouse::codec::cel {

enum class Checking : std::uint8_t {
  kTypes,  // unknown names and wrong types are errors
  kNames,  // names are resolved, types are left to the evaluation, and what is unknown fails when it is reached
};

// What a name or a call turned out to be.
struct Resolution {
  enum class Kind : std::uint8_t {
    kNone,
    kSlot,        // the variable in slot `index`
    kLocal,       // the local variable `index`, introduced by a macro
    kType,        // the type called `text`
    kFunction,    // `function`
    kNamespaced,  // `function`, called by a dotted name: the receiver is part of the name
    kUnknown,     // fails with `text` when evaluated
  } kind = Kind::kNone;
  std::uint32_t index = 0;  // also, of a node with variables: its first local
  const FunctionEntry* function = nullptr;
  std::string text;
};

struct Checked {
  std::vector<Resolution> resolutions;  // by node
  std::vector<Type> types;              // by node; dyn where a node is not evaluated
  std::uint32_t locals = 0;             // how many locals an evaluation needs
};

// Locals that a node with variables takes, from Resolution::index on.
inline constexpr std::uint32_t kLoopRange = 0;
inline constexpr std::uint32_t kLoopCursor = 1;
inline constexpr std::uint32_t kLoopVariables = 2;  // one or two

// Finds out what every name means and which type every part has. Errors are kInvalidRequest with line, column and
// advice. `source` is for messages.
base::Result<Checked> Check(const Ast& ast, const Environment& environment, Checking checking, std::string_view source);

}  // namespace gatehouse::codec::cel
