#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/cel/value.h"

namespace gatehouse::codec::cel {

using NodeId = std::uint32_t;

enum class NodeKind : std::uint8_t {
  kLiteral,     // `literal`; text and bytes are in `text`
  kIdentifier,  // `text`; kRooted for a leading dot
  kSelect,      // children[0].text; kOptional for `.?`
  kHas,         // has(children[0].text); children[0] is what comes before the last dot
  kCall,        // text(children); kReceiver: children[0] stands before a dot. Operators too, under the names below
  kList,        // children; optional[i]: `?` before element i
  kMap,         // keys and values in turn; optional[i]: `?` before entry i
  kMessage,     // text{...}: known to the grammar, refused by the checker
  kLoop,        // children[0].<macro>(names..., children[1...])
  kBind,        // cel.bind(names[0], children[0], children[1])
  kOptionalMap  // children[0].optMap(names[0], children[1]), optFlatMap
};

enum class Macro : std::uint8_t {
  kNone,
  kAll,
  kExists,
  kExistsOne,
  kMap,  // also transformList; a third part is a filter before the last
  kFilter,
  kTransformMap,
  kTransformMapEntry,
  kOptMap,
  kOptFlatMap,
};

enum NodeFlags : std::uint8_t { kPlain = 0, kOptional = 1, kReceiver = 2, kRooted = 4, kQuoted = 8 };

// Names of operators in kCall.
namespace operators {
inline constexpr const char* kAnd = "_&&_";
inline constexpr const char* kOr = "_||_";
inline constexpr const char* kConditional = "_?_:_";
inline constexpr const char* kNot = "!_";
inline constexpr const char* kNegate = "-_";
inline constexpr const char* kIndex = "_[_]";
inline constexpr const char* kOptionalIndex = "_[?_]";
inline constexpr const char* kIn = "@in";
inline constexpr const char* kEqual = "_==_";
inline constexpr const char* kNotEqual = "_!=_";
}  // namespace operators

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  std::uint8_t flags = kPlain;
  Macro macro = Macro::kNone;
  std::uint32_t position = 0;  // byte offset in the source: of the operator, the name, the bracket
  std::uint32_t height = 1;    // of the tree from here
  Value literal;
  std::string text;
  std::vector<std::string> names;  // variables that the node introduces
  std::vector<NodeId> children;    // each made before its parent
  std::vector<bool> optional;      // empty: none
};

// An expression as a tree. Children come before their parents in `nodes`.
struct Ast {
  std::vector<Node> nodes;
  NodeId root = 0;

  const Node& operator[](NodeId id) const { return nodes[id]; }
};

// Back to text, with as few parentheses as the grammar allows and one space around operators. Parsing it again gives
// the same text.
std::string Print(const Ast& ast);

}  // namespace gatehouse::codec::cel
