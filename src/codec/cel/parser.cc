#include "codec/cel/parser.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "codec/cel/lexer.h"
#include "codec/cel/macro.h"
#include "codec/cel/number.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::cel {
namespace {

struct BinaryOperator {
  std::string_view symbol;
  int level;  // higher binds tighter
  const char* function;
};
constexpr std::array kBinary = {
    BinaryOperator{"||", 1, operators::kOr},
    BinaryOperator{"&&", 2, operators::kAnd},
    BinaryOperator{"==", 3, operators::kEqual},
    BinaryOperator{"!=", 3, operators::kNotEqual},
    BinaryOperator{"<", 3, "_<_"},
    BinaryOperator{"<=", 3, "_<=_"},
    BinaryOperator{">", 3, "_>_"},
    BinaryOperator{">=", 3, "_>=_"},
    BinaryOperator{"in", 3, operators::kIn},
    BinaryOperator{"+", 4, "_+_"},
    BinaryOperator{"-", 4, "_-_"},
    BinaryOperator{"*", 5, "_*_"},
    BinaryOperator{"/", 5, "_/_"},
    BinaryOperator{"%", 5, "_%_"},
};
constexpr int kLowest = 1;
constexpr int kUnary = 6;

class Parser {
 public:
  Parser(std::string_view source, const SourceLimits& limits) : source_(source), limits_(limits), lexer_(source) {}

  base::Result<Ast> Run() {
    GH_CHECK_OK(Advance());
    GH_TRY(ast_.root, Expression());
    if (token_.kind != TokenKind::kEnd) return Unexpected("the end, or an operator");
    return std::move(ast_);
  }

 private:
  // One level of brackets or of `?:` deeper, while it lives.
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  base::Error ErrorAt(std::size_t position, std::string_view what) const {
    return SourceError(source_, position, what);
  }
  base::Error Unexpected(std::string_view wanted) const {
    const std::string found = token_.kind == TokenKind::kEnd ? "the end of the expression"
                                                             : "`" + std::string(token_.source.substr(0, 40)) + "`";
    return ErrorAt(token_.position, "expected " + std::string(wanted) + ", found " + found);
  }

  base::Status Advance() {
    GH_TRY(token_, lexer_.Next());
    return base::Ok();
  }
  base::Status Expect(std::string_view symbol) {
    if (!token_.IsSymbol(symbol)) return Unexpected("`" + std::string(symbol) + "`");
    return Advance();
  }
  base::Result<bool> Accept(std::string_view symbol) {
    if (!token_.IsSymbol(symbol)) return false;
    GH_CHECK_OK(Advance());
    return true;
  }

  base::Result<NodeId> Add(Node node) {
    for (const NodeId child : node.children) node.height = std::max(node.height, ast_.nodes[child].height + 1);
    if (ast_.nodes.size() >= limits_.nodes) {
      return ErrorAt(node.position, "the expression is too long: at most " + std::to_string(limits_.nodes) + " parts");
    }
    if (node.height > limits_.depth) return TooDeep(node.position);
    ast_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(ast_.nodes.size() - 1);
  }
  base::Error TooDeep(std::size_t position) const {
    return ErrorAt(position, "the expression nests too deeply: at most " + std::to_string(limits_.depth) + " levels");
  }
  base::Result<NodeId> Call(std::uint32_t position, const char* function, std::vector<NodeId> arguments) {
    return Add({.kind = NodeKind::kCall, .position = position, .text = function, .children = std::move(arguments)});
  }

  base::Result<NodeId> Expression() {
    const Deeper deeper(*this);
    if (depth_ > limits_.depth) return TooDeep(token_.position);
    GH_TRY(const NodeId condition, Binary(kLowest));
    const std::uint32_t position = token_.position;
    GH_TRY(const bool conditional, Accept("?"));
    if (!conditional) return condition;
    GH_TRY(const NodeId yes, Binary(kLowest));
    GH_CHECK_OK(Expect(":"));
    GH_TRY(const NodeId no, Expression());
    return Call(position, operators::kConditional, {condition, yes, no});
  }

  const BinaryOperator* OperatorHere() const {
    if (token_.kind != TokenKind::kSymbol && token_.kind != TokenKind::kIn) return nullptr;
    const auto* found = std::ranges::find(kBinary, token_.source, &BinaryOperator::symbol);
    return found == kBinary.end() ? nullptr : found;
  }

  base::Result<NodeId> Binary(int level) {
    if (level == kUnary) return Unary();
    if (level <= 2) return Logical(level);
    GH_TRY(NodeId left, Binary(level + 1));
    for (const auto* found = OperatorHere(); found != nullptr && found->level == level; found = OperatorHere()) {
      const std::uint32_t position = token_.position;
      GH_CHECK_OK(Advance());
      GH_TRY(const NodeId right, Binary(level + 1));
      GH_TRY(left, Call(position, found->function, {left, right}));
    }
    return left;
  }

  // `&&` and `||` do not care for order, so that a long row of them becomes a shallow tree.
  base::Result<NodeId> Logical(int level) {
    std::vector<NodeId> terms;
    std::vector<std::uint32_t> positions;
    const BinaryOperator* found = nullptr;
    do {
      if (found != nullptr) {
        positions.push_back(token_.position);
        GH_CHECK_OK(Advance());
      }
      GH_TRY(const NodeId term, Binary(level + 1));
      terms.push_back(term);
      found = OperatorHere();
    } while (found != nullptr && found->level == level);
    return Balanced(level == 1 ? operators::kOr : operators::kAnd, terms, positions, 0, terms.size());
  }

  base::Result<NodeId> Balanced(const char* function, const std::vector<NodeId>& terms,
                                const std::vector<std::uint32_t>& positions, std::size_t begin, std::size_t end) {
    if (end - begin == 1) return terms[begin];
    const std::size_t middle = begin + (end - begin + 1) / 2;
    GH_TRY(const NodeId left, Balanced(function, terms, positions, begin, middle));
    GH_TRY(const NodeId right, Balanced(function, terms, positions, middle, end));
    return Call(positions[middle - 1], function, {left, right});
  }

  base::Result<NodeId> Unary() {
    std::vector<Token> signs;
    while (token_.IsSymbol("!") || token_.IsSymbol("-")) {
      signs.push_back(token_);
      GH_CHECK_OK(Advance());
      if (signs.size() > limits_.depth) return TooDeep(token_.position);
    }
    const bool number = token_.kind == TokenKind::kInt || token_.kind == TokenKind::kDouble;
    const bool negative = number && !signs.empty() && signs.back().IsSymbol("-");
    if (negative) signs.pop_back();
    GH_TRY(NodeId node, Member(negative ? "-" : ""));
    for (; !signs.empty(); signs.pop_back()) {
      const char* function = signs.back().IsSymbol("!") ? operators::kNot : operators::kNegate;
      GH_TRY(node, Call(signs.back().position, function, {node}));
    }
    return node;
  }

  base::Result<NodeId> Member(std::string_view sign) {
    GH_TRY(NodeId node, Primary(sign));
    while (true) {
      if (token_.IsSymbol(".")) {
        GH_TRY(node, AfterDot(node));
      } else if (token_.IsSymbol("[")) {
        GH_TRY(node, Index(node));
      } else if (token_.IsSymbol("{") && IsQualifiedName(node)) {
        GH_TRY(node, Message(node));
      } else {
        return node;
      }
    }
  }

  bool IsQualifiedName(NodeId id) const {
    const Node& node = ast_[id];
    if (node.kind == NodeKind::kIdentifier) return true;
    return node.kind == NodeKind::kSelect && (node.flags & (kOptional | kQuoted)) == 0 &&
           IsQualifiedName(node.children[0]);
  }

  bool IsFieldName() const {
    return token_.kind == TokenKind::kIdentifier || token_.kind == TokenKind::kReserved ||
           token_.kind == TokenKind::kQuoted;
  }

  base::Result<NodeId> AfterDot(NodeId operand) {
    GH_CHECK_OK(Advance());
    GH_TRY(const bool optional, Accept("?"));
    if (!IsFieldName()) return Unexpected("a field's name after the dot");
    const Token name = token_;
    const bool quoted = name.kind == TokenKind::kQuoted;
    GH_CHECK_OK(Advance());
    if (token_.IsSymbol("(") && !optional && !quoted) return ReceiverCall(operand, name);
    const auto flags = static_cast<std::uint8_t>((optional ? kOptional : kPlain) | (quoted ? kQuoted : kPlain));
    return Add({.kind = NodeKind::kSelect,
                .flags = flags,
                .position = name.position,
                .text = quoted ? name.text : std::string(name.source),
                .children = {operand}});
  }

  base::Result<NodeId> ReceiverCall(NodeId operand, const Token& name) {
    GH_TRY(std::vector<NodeId> arguments, Arguments());
    Node call = {
        .kind = NodeKind::kCall, .flags = kReceiver, .position = name.position, .text = std::string(name.source)};
    call.children.push_back(operand);
    call.children.insert(call.children.end(), arguments.begin(), arguments.end());
    GH_TRY(call, ExpandMacro(ast_, std::move(call), source_));
    return Add(std::move(call));
  }

  base::Result<std::vector<NodeId>> Arguments() {
    GH_CHECK_OK(Expect("("));
    std::vector<NodeId> arguments;
    while (!token_.IsSymbol(")")) {
      GH_TRY(const NodeId argument, Expression());
      arguments.push_back(argument);
      if (token_.IsSymbol(")")) break;
      GH_CHECK_OK(Expect(","));
      if (token_.IsSymbol(")")) return Unexpected("an argument after the comma");
    }
    GH_CHECK_OK(Advance());
    return arguments;
  }

  base::Result<NodeId> Index(NodeId operand) {
    const std::uint32_t position = token_.position;
    GH_CHECK_OK(Advance());
    GH_TRY(const bool optional, Accept("?"));
    GH_TRY(const NodeId index, Expression());
    GH_CHECK_OK(Expect("]"));
    return Call(position, optional ? operators::kOptionalIndex : operators::kIndex, {operand, index});
  }

  base::Result<NodeId> Message(NodeId name) {
    Node message = {.kind = NodeKind::kMessage, .position = token_.position};
    message.children.push_back(name);
    GH_CHECK_OK(Advance());
    while (!token_.IsSymbol("}")) {
      GH_TRY(const bool optional, Accept("?"));
      if (!IsFieldName()) return Unexpected("a field's name");
      message.names.push_back(token_.kind == TokenKind::kQuoted ? token_.text : std::string(token_.source));
      message.optional.push_back(optional);
      GH_CHECK_OK(Advance());
      GH_CHECK_OK(Expect(":"));
      GH_TRY(const NodeId value, Expression());
      message.children.push_back(value);
      GH_CHECK_OK(NextElement("}"));
    }
    GH_CHECK_OK(Advance());
    return Add(std::move(message));
  }

  // A comma, which may also come before the closing bracket, or that bracket.
  base::Status NextElement(std::string_view closing) {
    if (token_.IsSymbol(closing)) return base::Ok();
    if (!token_.IsSymbol(",")) return Unexpected("`,` or `" + std::string(closing) + "`");
    return Advance();
  }

  base::Result<NodeId> Primary(std::string_view sign) {
    switch (token_.kind) {
      case TokenKind::kInt:
      case TokenKind::kUint:
      case TokenKind::kDouble: return Number(sign);
      case TokenKind::kTrue: return Literal(Value::Bool(true));
      case TokenKind::kFalse: return Literal(Value::Bool(false));
      case TokenKind::kNull: return Literal(Value());
      case TokenKind::kString: return Literal(Value::String({}));
      case TokenKind::kBytes: return Literal(Value::Bytes({}));
      case TokenKind::kIdentifier: return Name(kPlain);
      case TokenKind::kReserved:
        return ErrorAt(token_.position, "`" + std::string(token_.source) + "` is a reserved word; choose another name");
      default: return Bracketed();
    }
  }

  base::Result<NodeId> Bracketed() {
    if (token_.IsSymbol("(")) {
      GH_CHECK_OK(Advance());
      GH_TRY(const NodeId inside, Expression());
      GH_CHECK_OK(Expect(")"));
      return inside;
    }
    if (token_.IsSymbol("[")) return List();
    if (token_.IsSymbol("{")) return Map();
    if (token_.IsSymbol(".")) {
      GH_CHECK_OK(Advance());
      if (token_.kind != TokenKind::kIdentifier) return Unexpected("a name after the leading dot");
      return Name(kRooted);
    }
    return Unexpected("a value");
  }

  base::Result<NodeId> Literal(Value value) {
    Node node = {
        .kind = NodeKind::kLiteral, .position = token_.position, .literal = value, .text = std::move(token_.text)};
    GH_CHECK_OK(Advance());
    return Add(std::move(node));
  }

  base::Result<NodeId> Number(std::string_view sign) {
    std::string digits(sign);
    digits += token_.source;
    if (token_.kind == TokenKind::kDouble) {
      const auto number = ParseDouble(digits);
      if (!number.has_value()) return ErrorAt(token_.position, "this number is too large for a double");
      return Literal(Value::Double(*number));
    }
    if (token_.kind == TokenKind::kUint) {
      digits.pop_back();
      const auto number = ParseUint(digits);
      if (!number.has_value()) return ErrorAt(token_.position, "this number does not fit into 64 bits");
      return Literal(Value::Uint(*number));
    }
    const auto number = ParseInt(digits);
    if (!number.has_value()) {
      return ErrorAt(token_.position,
                     "this number does not fit into 64 bits; write it with a `u` behind, or as a double");
    }
    return Literal(Value::Int(*number));
  }

  base::Result<NodeId> Name(NodeFlags flags) {
    const Token name = token_;
    GH_CHECK_OK(Advance());
    if (!token_.IsSymbol("(")) {
      return Add(
          {.kind = NodeKind::kIdentifier, .flags = flags, .position = name.position, .text = std::string(name.source)});
    }
    GH_TRY(std::vector<NodeId> arguments, Arguments());
    Node call = {.kind = NodeKind::kCall,
                 .flags = flags,
                 .position = name.position,
                 .text = std::string(name.source),
                 .children = std::move(arguments)};
    GH_TRY(call, ExpandMacro(ast_, std::move(call), source_));
    return Add(std::move(call));
  }

  base::Result<NodeId> List() {
    Node list = {.kind = NodeKind::kList, .position = token_.position};
    GH_CHECK_OK(Advance());
    while (!token_.IsSymbol("]")) {
      GH_TRY(const bool optional, Accept("?"));
      GH_TRY(const NodeId element, Expression());
      list.children.push_back(element);
      list.optional.push_back(optional);
      GH_CHECK_OK(NextElement("]"));
    }
    GH_CHECK_OK(Advance());
    return Add(std::move(list));
  }

  base::Result<NodeId> Map() {
    Node map = {.kind = NodeKind::kMap, .position = token_.position};
    GH_CHECK_OK(Advance());
    while (!token_.IsSymbol("}")) {
      GH_TRY(const bool optional, Accept("?"));
      GH_TRY(const NodeId key, Expression());
      GH_CHECK_OK(Expect(":"));
      GH_TRY(const NodeId value, Expression());
      map.children.push_back(key);
      map.children.push_back(value);
      map.optional.push_back(optional);
      GH_CHECK_OK(NextElement("}"));
    }
    GH_CHECK_OK(Advance());
    return Add(std::move(map));
  }

  std::string_view source_;
  const SourceLimits& limits_;
  Lexer lexer_;
  Token token_;
  Ast ast_;
  std::size_t depth_ = 0;
};

}  // namespace

base::Result<Ast> Parse(std::string_view source, const SourceLimits& limits) {
  if (source.size() > limits.bytes) {
    return base::InvalidRequest("The expression is too long: at most " + std::to_string(limits.bytes) + " bytes.");
  }
  if (const std::size_t valid = text::ValidUtf8Prefix(source); valid != source.size()) {
    return SourceError(source, valid, "the expression is not valid UTF-8 here");
  }
  return Parser(source, limits).Run();
}

}  // namespace gatehouse::codec::cel
