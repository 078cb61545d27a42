#include "codec/cel/macro.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "codec/cel/lexer.h"

namespace gatehouse::codec::cel {
namespace {

// range.name(variables..., parts...)
struct LoopMacro {
  std::string_view name;
  std::size_t variables;
  std::size_t parts;
  Macro macro;
};
constexpr std::array kLoops = {
    LoopMacro{"all", 1, 1, Macro::kAll},
    LoopMacro{"all", 2, 1, Macro::kAll},
    LoopMacro{"exists", 1, 1, Macro::kExists},
    LoopMacro{"exists", 2, 1, Macro::kExists},
    LoopMacro{"exists_one", 1, 1, Macro::kExistsOne},
    LoopMacro{"existsOne", 1, 1, Macro::kExistsOne},
    LoopMacro{"existsOne", 2, 1, Macro::kExistsOne},
    LoopMacro{"exists_one", 2, 1, Macro::kExistsOne},
    LoopMacro{"map", 1, 1, Macro::kMap},
    LoopMacro{"map", 1, 2, Macro::kMap},
    LoopMacro{"filter", 1, 1, Macro::kFilter},
    LoopMacro{"transformList", 2, 1, Macro::kMap},
    LoopMacro{"transformList", 2, 2, Macro::kMap},
    LoopMacro{"transformMap", 2, 1, Macro::kTransformMap},
    LoopMacro{"transformMap", 2, 2, Macro::kTransformMap},
    LoopMacro{"transformMapEntry", 2, 1, Macro::kTransformMapEntry},
    LoopMacro{"transformMapEntry", 2, 2, Macro::kTransformMapEntry},
};

class Expansion {
 public:
  Expansion(const Ast& ast, Node call, std::string_view source) : ast_(ast), call_(std::move(call)), source_(source) {}

  base::Result<Node> Run() {
    if ((call_.flags & kReceiver) == 0) return call_.text == "has" ? Has() : base::Result<Node>(std::move(call_));
    if (call_.text == "bind" && call_.children.size() == 4 && IsName(call_.children[0], "cel")) return Bind();
    if (call_.text == "optMap" && call_.children.size() == 3)
      return Introduce(NodeKind::kOptionalMap, Macro::kOptMap, 1);
    if (call_.text == "optFlatMap" && call_.children.size() == 3) {
      return Introduce(NodeKind::kOptionalMap, Macro::kOptFlatMap, 1);
    }
    const auto* loop = std::ranges::find_if(kLoops, [&](const LoopMacro& macro) {
      return macro.name == call_.text && macro.variables + macro.parts + 1 == call_.children.size();
    });
    if (loop == kLoops.end()) return std::move(call_);
    return Introduce(NodeKind::kLoop, loop->macro, loop->variables);
  }

 private:
  bool IsName(NodeId id, std::string_view name) const {
    return ast_[id].kind == NodeKind::kIdentifier && ast_[id].text == name;
  }

  base::Result<Node> Has() {
    if (call_.children.size() != 1) return std::move(call_);
    const Node& argument = ast_[call_.children[0]];
    if (argument.kind != NodeKind::kSelect || (argument.flags & kOptional) != 0) {
      return SourceError(source_, argument.position, "has() tests for a field; write has(a.b)");
    }
    call_.kind = NodeKind::kHas;
    return std::move(call_);
  }

  base::Result<Node> Bind() {
    call_.children.erase(call_.children.begin());
    GH_TRY(std::string name, Variable(call_.children[0]));
    call_.names.push_back(std::move(name));
    call_.children.erase(call_.children.begin());
    call_.kind = NodeKind::kBind;
    call_.flags = kPlain;
    return std::move(call_);
  }

  // Takes the variables' names out of the arguments.
  base::Result<Node> Introduce(NodeKind kind, Macro macro, std::size_t variables) {
    for (std::size_t i = 0; i < variables; ++i) {
      GH_TRY(std::string name, Variable(call_.children[1]));
      if (std::ranges::find(call_.names, name) != call_.names.end()) {
        return SourceError(source_, ast_[call_.children[1]].position, "the two variables need two names");
      }
      call_.names.push_back(std::move(name));
      call_.children.erase(call_.children.begin() + 1);
    }
    call_.kind = kind;
    call_.macro = macro;
    return std::move(call_);
  }

  base::Result<std::string> Variable(NodeId id) const {
    const Node& node = ast_[id];
    if (node.kind == NodeKind::kIdentifier && node.flags == kPlain) return node.text;
    return SourceError(source_, node.position,
                       call_.text + "() introduces a variable here; write a name, as in list.all(item, item > 0)");
  }

  const Ast& ast_;
  Node call_;
  std::string_view source_;
};

}  // namespace

base::Result<Node> ExpandMacro(const Ast& ast, Node call, std::string_view source) {
  return Expansion(ast, std::move(call), source).Run();
}

}  // namespace gatehouse::codec::cel
