#include <string>
#include <string_view>
#include <vector>

#include "codec/cel/ast.h"
#include "codec/cel/literal.h"
#include "codec/cel/number.h"

namespace gatehouse::codec::cel {
namespace {

// How tightly a node's outermost operator binds; 8 for what needs no parentheses anywhere.
enum Binding : int {
  kConditionalLevel = 0,
  kOrLevel,
  kAndLevel,
  kRelation,
  kAddition,
  kProduct,
  kUnaryLevel,
  kMemberLevel
};

int LevelOf(const Node& node) {
  if (node.kind == NodeKind::kLiteral) {
    const bool negative = (node.literal.Is(Kind::kInt) && node.literal.AsInt() < 0) ||
                          (node.literal.Is(Kind::kDouble) && DoubleText(node.literal.AsDouble()).starts_with('-'));
    return negative ? kUnaryLevel : kMemberLevel;
  }
  if (node.kind != NodeKind::kCall || (node.flags & kReceiver) != 0) return kMemberLevel;
  const std::string_view name = node.text;
  if (name == operators::kConditional) return kConditionalLevel;
  if (name == operators::kOr) return kOrLevel;
  if (name == operators::kAnd) return kAndLevel;
  if (name == "_+_" || name == "_-_") return kAddition;
  if (name == "_*_" || name == "_/_" || name == "_%_") return kProduct;
  if (name == operators::kNot || name == operators::kNegate) return kUnaryLevel;
  if (name == operators::kIn || (name.size() > 2 && name.starts_with('_') && name.ends_with('_') && name[1] != '[')) {
    return kRelation;
  }
  return kMemberLevel;
}

class Printer {
 public:
  explicit Printer(const Ast& ast) : ast_(ast) {}

  std::string Run() {
    Print(ast_.root, kConditionalLevel);
    return std::move(out_);
  }

 private:
  // `level`: what the place it stands in binds with.
  void Print(NodeId id, int level) {
    const Node& node = ast_[id];
    const bool parenthesised = LevelOf(node) < level;
    if (parenthesised) out_ += '(';
    switch (node.kind) {
      case NodeKind::kLiteral: PrintLiteral(node); break;
      case NodeKind::kIdentifier: out_ += (node.flags & kRooted) != 0 ? "." + node.text : node.text; break;
      case NodeKind::kSelect: PrintSelect(node); break;
      case NodeKind::kHas: PrintArguments("has", node.children, 0); break;
      case NodeKind::kCall: PrintCall(node); break;
      case NodeKind::kList: PrintList(node); break;
      case NodeKind::kMap: PrintMap(node); break;
      case NodeKind::kMessage: PrintMessage(node); break;
      case NodeKind::kLoop:
      case NodeKind::kOptionalMap: PrintMacro(node); break;
      case NodeKind::kBind:
        out_ += "cel.bind(" + node.names[0] + ", ";
        PrintRow(node.children, 0);
        out_ += ')';
        break;
    }
    if (parenthesised) out_ += ')';
  }

  void PrintLiteral(const Node& node) {
    switch (node.literal.kind()) {
      case Kind::kBool: out_ += node.literal.AsBool() ? "true" : "false"; break;
      case Kind::kInt: out_ += std::to_string(node.literal.AsInt()); break;
      case Kind::kUint: out_ += std::to_string(node.literal.AsUint()) + "u"; break;
      case Kind::kDouble: out_ += DoubleLiteral(node.literal.AsDouble()); break;
      case Kind::kString: out_ += QuoteText(node.text); break;
      case Kind::kBytes: out_ += QuoteBytes(node.text); break;
      default: out_ += "null"; break;
    }
  }

  void PrintSelect(const Node& node) {
    Print(node.children[0], kMemberLevel);
    out_ += (node.flags & kOptional) != 0 ? ".?" : ".";
    out_ += (node.flags & kQuoted) != 0 ? "`" + node.text + "`" : node.text;
  }

  void PrintRow(const std::vector<NodeId>& children, std::size_t begin) {
    for (std::size_t i = begin; i < children.size(); ++i) {
      if (i > begin) out_ += ", ";
      Print(children[i], kConditionalLevel);
    }
  }

  void PrintArguments(std::string_view name, const std::vector<NodeId>& children, std::size_t begin) {
    out_ += name;
    out_ += '(';
    PrintRow(children, begin);
    out_ += ')';
  }

  void PrintCall(const Node& node) {
    const int level = LevelOf(node);
    if ((node.flags & kReceiver) != 0) {
      Print(node.children[0], kMemberLevel);
      out_ += '.';
      PrintArguments(node.text, node.children, 1);
    } else if (node.text == operators::kIndex || node.text == operators::kOptionalIndex) {
      Print(node.children[0], kMemberLevel);
      out_ += node.text == operators::kIndex ? "[" : "[?";
      Print(node.children[1], kConditionalLevel);
      out_ += ']';
    } else if (level == kMemberLevel) {
      PrintArguments((node.flags & kRooted) != 0 ? "." + node.text : node.text, node.children, 0);
    } else if (level == kUnaryLevel) {
      out_ += node.text.substr(0, 1);
      PrintSigned(node);
    } else if (level == kConditionalLevel) {
      PrintConditional(node);
    } else {
      PrintBinary(node, level);
    }
  }

  // `-` before a number would become part of it.
  void PrintSigned(const Node& node) {
    const Node& operand = ast_[node.children[0]];
    const bool number = operand.kind == NodeKind::kLiteral && operand.literal.IsNumber();
    const bool first = number || StartsWithNumber(node.children[0]);
    Print(node.children[0], first && node.text == operators::kNegate ? kMemberLevel + 1 : kUnaryLevel);
  }

  bool StartsWithNumber(NodeId id) const {
    const Node& node = ast_[id];
    if (node.kind == NodeKind::kLiteral) return node.literal.IsNumber();
    const bool postfix = node.kind == NodeKind::kSelect || node.kind == NodeKind::kLoop ||
                         node.kind == NodeKind::kOptionalMap || (node.flags & kReceiver) != 0 ||
                         node.text == operators::kIndex || node.text == operators::kOptionalIndex;
    return postfix && LevelOf(node) == kMemberLevel && StartsWithNumber(node.children[0]);
  }

  void PrintConditional(const Node& node) {
    Print(node.children[0], kOrLevel);
    out_ += " ? ";
    Print(node.children[1], kOrLevel);
    out_ += " : ";
    Print(node.children[2], kConditionalLevel);
  }

  // A row of the same logical operator is one row, however it was grouped.
  void PrintBinary(const Node& node, int level) {
    Print(node.children[0], level);
    const std::string_view name = node.text;
    const std::string_view symbol = name == operators::kIn ? "in" : name.substr(1, name.size() - 2);
    out_ += ' ';
    out_ += symbol;
    out_ += ' ';
    Print(node.children[1], level <= kAndLevel ? level : level + 1);
  }

  void PrintList(const Node& node) {
    out_ += '[';
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (node.optional[i]) out_ += '?';
      Print(node.children[i], kConditionalLevel);
    }
    out_ += ']';
  }

  void PrintMap(const Node& node) {
    out_ += '{';
    for (std::size_t i = 0; i < node.optional.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (node.optional[i]) out_ += '?';
      Print(node.children[i * 2], kConditionalLevel);
      out_ += ": ";
      Print(node.children[i * 2 + 1], kConditionalLevel);
    }
    out_ += '}';
  }

  void PrintMessage(const Node& node) {
    Print(node.children[0], kMemberLevel);
    out_ += '{';
    for (std::size_t i = 0; i < node.names.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (node.optional[i]) out_ += '?';
      out_ += '`' + node.names[i] + "`: ";
      Print(node.children[i + 1], kConditionalLevel);
    }
    out_ += '}';
  }

  void PrintMacro(const Node& node) {
    Print(node.children[0], kMemberLevel);
    out_ += '.' + node.text + '(';
    for (const std::string& name : node.names) out_ += name + ", ";
    PrintRow(node.children, 1);
    out_ += ')';
  }

  const Ast& ast_;
  std::string out_;
};

}  // namespace

std::string Print(const Ast& ast) { return Printer(ast).Run(); }

}  // namespace gatehouse::codec::cel
