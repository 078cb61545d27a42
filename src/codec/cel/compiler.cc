#include "codec/cel/compiler.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "codec/cel/collection.h"
#include "codec/cel/function_table.h"
#include "codec/cel/lexer.h"

namespace gatehouse::codec::cel {
namespace {

using Kinds = Resolution::Kind;

constexpr std::uint64_t kFoldSteps = 20'000;
constexpr std::size_t kSmallSet = 8;  // elements of a literal list up to which `in` compares one by one

bool IsStandard(const FunctionEntry* entry) {
  const auto& functions = StandardFunctions();
  return entry >= functions.data() && entry < functions.data() + functions.size();
}

// Operations of the machine that take two values and give one.
std::optional<Op> ComparisonOf(std::string_view name) {
  if (name == operators::kEqual) return Op::kEqual;
  if (name == operators::kNotEqual) return Op::kNotEqual;
  if (name == "_<_") return Op::kLess;
  if (name == "_<=_") return Op::kLessEqual;
  if (name == "_>_") return Op::kGreater;
  if (name == "_>=_") return Op::kGreaterEqual;
  return std::nullopt;
}

// Lists compare numbers as doubles, maps exactly: the same only for integers that a double holds.
bool IsExactAsDouble(const Value& key) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if (key.Is(Kind::kInt)) return key.AsInt() >= -kMost && key.AsInt() <= kMost;
  return !key.Is(Kind::kUint) || key.AsUint() <= static_cast<std::uint64_t>(kMost);
}

std::uint64_t Times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<std::uint64_t>::max() : result;
}

}  // namespace

Compiler::Compiler(const Ast& ast, const Checked& checked, const CompileOptions& options, const Limits& limits,
                   std::string_view source)
    : ast_(ast),
      checked_(checked),
      options_(options),
      limits_(limits),
      source_(source),
      code_(std::make_unique<Code>()),
      constants_(ast.nodes.size()) {
  // Texts of literals and names, each rounded up.
  code_->texts.SetLimit(limits.constants + source.size() * 8 + ast.nodes.size() * 256);
  code_->folded.SetLimit(limits.constants);
}

base::Result<Program> Compiler::Run() {
  GH_CHECK_OK(FoldConstants());
  GH_CHECK_OK(Emit(ast_.root));
  Add({.op = Op::kReturn}, 0);
  code_->locals = checked_.locals;
  const bool too_long = bound_.has_value() && *bound_ > limits_.run.steps;
  if (too_long) {
    return SourceError(source_, ast_[ast_.root].position,
                       "the expression takes " + std::to_string(*bound_) + " steps, more than the limit of " +
                           std::to_string(limits_.run.steps) + "; make its loops shorter");
  }
  Program program(std::move(code_), checked_.types[ast_.root], limits_.run, options_.zones);
  program.step_bound_ = bound_;
  program.lines_.push_back(0);
  for (std::size_t i = 0; i < source_.size(); ++i) {
    if (source_[i] == '\n') program.lines_.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return program;
}

// What depends on literals alone is computed here, once. Children come before their parents.
base::Status Compiler::FoldConstants() {
  for (NodeId id = 0; id < ast_.nodes.size(); ++id) constants_[id] = FoldNode(id);
  return base::Ok();
}

std::optional<Value> Compiler::FoldNode(NodeId id) {
  const Node& node = ast_[id];
  if (node.kind == NodeKind::kLiteral) return LiteralOf(node);
  if (node.kind == NodeKind::kCall) return FoldCall(id, node);
  if (node.kind != NodeKind::kList && node.kind != NodeKind::kMap) return std::nullopt;
  if (std::ranges::find(node.optional, true) != node.optional.end()) return std::nullopt;
  const auto children = ConstantChildren(node, 0);
  if (!children.has_value()) return std::nullopt;
  auto* values = code_->folded.NewArray<Value>(children->size());
  if (values == nullptr) return std::nullopt;
  std::ranges::copy(*children, values);
  Evaluation evaluation(code_->folded, {.steps = kFoldSteps}, options_.zones);
  const std::span<const Value> elements(values, children->size());
  const Value result = node.kind == NodeKind::kList ? evaluation.List(elements) : MakeMap(evaluation, elements);
  return result.Is(Kind::kError) ? std::nullopt : std::optional(result);
}

std::optional<Value> Compiler::LiteralOf(const Node& node) {
  if (!node.literal.Is(Kind::kString) && !node.literal.Is(Kind::kBytes)) return node.literal;
  const Value text = code_->constants[TextConstant(node.text)];
  return node.literal.Is(Kind::kString) ? text : Value::Bytes(text.text());
}

std::optional<std::vector<Value>> Compiler::ConstantChildren(const Node& node, std::size_t begin) const {
  std::vector<Value> values;
  for (std::size_t i = begin; i < node.children.size(); ++i) {
    if (!constants_[node.children[i]].has_value()) return std::nullopt;
    values.push_back(*constants_[node.children[i]]);
  }
  return values;
}

std::optional<Value> Compiler::FoldCall(NodeId id, const Node& node) {
  const Resolution& resolution = checked_.resolutions[id];
  const bool known =
      resolution.function != nullptr && resolution.function->function != nullptr && IsStandard(resolution.function);
  if (!known) return std::nullopt;
  const auto arguments = ConstantChildren(node, resolution.kind == Kinds::kNamespaced ? 1 : 0);
  if (!arguments.has_value()) return std::nullopt;
  Evaluation evaluation(code_->folded, {.steps = kFoldSteps}, options_.zones);
  const Value result = resolution.function->function(evaluation, *arguments);
  return result.Is(Kind::kError) ? std::nullopt : std::optional(result);
}

// A longer list of literals as a map with these keys, for `in`. nullopt: too short, or some are not keys.
std::optional<Value> Compiler::SetOf(NodeId list) {
  const auto& constant = constants_[list];
  if (!constant.has_value() || !constant->Is(Kind::kList) || constant->list().size() <= kSmallSet) return std::nullopt;
  std::vector<Value> keys;
  for (std::size_t i = 0; i < constant->list().size(); ++i) {
    const Value key = constant->list().at(i);
    if (!IsKey(key) || !IsExactAsDouble(key)) return std::nullopt;
    const bool repeated = std::ranges::any_of(keys, [&](const Value& other) { return SameKey(key, other); });
    if (!repeated) keys.push_back(key);
  }
  auto* pairs = code_->folded.NewArray<Value>(keys.size() * 2);
  if (pairs == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    pairs[i * 2] = keys[i];
    pairs[i * 2 + 1] = Value();
  }
  Evaluation evaluation(code_->folded, {.steps = kFoldSteps}, nullptr);
  const Value set = MakeMap(evaluation, {pairs, keys.size() * 2});
  return set.Is(Kind::kMap) ? std::optional(set) : std::nullopt;
}

std::uint32_t Compiler::Add(Instruction instruction, int change) {
  code_->instructions.push_back(instruction);
  code_->positions.push_back(position_);
  height_ = static_cast<std::uint32_t>(static_cast<int>(height_) + change);
  code_->stack = std::max(code_->stack, height_ + 1);
  if (bound_.has_value()) {
    const std::uint64_t sum = *bound_ + turns_;
    bound_ = sum < turns_ ? std::numeric_limits<std::uint64_t>::max() : sum;
  }
  return Here() - 1;
}

std::uint32_t Compiler::Constant(const Value& value) {
  code_->constants.push_back(value);
  return static_cast<std::uint32_t>(code_->constants.size() - 1);
}

std::uint32_t Compiler::TextConstant(std::string_view text) {
  char* copy = code_->texts.NewArray<char>(text.size());
  if (copy == nullptr) return Constant(Value::String({}));
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  return Constant(Value::String({copy, text.size()}));
}

std::uint32_t Compiler::FunctionIndex(Function function) {
  auto& functions = code_->functions;
  const auto found = std::ranges::find(functions, function);
  if (found != functions.end()) return static_cast<std::uint32_t>(found - functions.begin());
  functions.push_back(function);
  return static_cast<std::uint32_t>(functions.size() - 1);
}

base::Status Compiler::Emit(NodeId id) {
  const Node& node = ast_[id];
  const std::uint32_t before = std::exchange(position_, node.position);
  if (constants_[id].has_value()) {
    Add({.op = Op::kConstant, .operand = Constant(*constants_[id])}, 1);
    position_ = before;
    return base::Ok();
  }
  base::Status done = base::Ok();
  switch (node.kind) {
    case NodeKind::kLiteral:
    case NodeKind::kIdentifier: done = EmitName(id, node); break;
    case NodeKind::kSelect:
      done = EmitSelect(id, node, (node.flags & kOptional) != 0 ? Op::kSelectOptional : Op::kSelect);
      break;
    case NodeKind::kHas: done = EmitHas(node); break;
    case NodeKind::kCall: done = EmitCall(id, node); break;
    case NodeKind::kList:
    case NodeKind::kMap: done = EmitElements(node); break;
    case NodeKind::kLoop: done = EmitLoop(id, node); break;
    case NodeKind::kBind: done = EmitBind(id, node); break;
    case NodeKind::kOptionalMap: done = EmitOptionalMap(id, node); break;
    case NodeKind::kMessage: break;
  }
  position_ = before;
  return done;
}

base::Status Compiler::EmitName(NodeId id, const Node& /*node*/) {
  const Resolution& resolution = checked_.resolutions[id];
  switch (resolution.kind) {
    case Kinds::kSlot: Add({.op = Op::kSlot, .operand = resolution.index}, 1); break;
    case Kinds::kLocal: Add({.op = Op::kLocal, .local = static_cast<std::uint16_t>(resolution.index)}, 1); break;
    case Kinds::kType: {
      const Value name = code_->constants[TextConstant(resolution.text)];
      Add({.op = Op::kConstant, .operand = Constant(Value::Type(name.text()))}, 1);
      break;
    }
    default: Add({.op = Op::kFail, .operand = TextConstant(resolution.text)}, 1); break;
  }
  return base::Ok();
}

base::Status Compiler::EmitSelect(NodeId id, const Node& node, Op op) {
  if (checked_.resolutions[id].kind != Kinds::kNone) return EmitName(id, node);
  GH_CHECK_OK(Emit(node.children[0]));
  Add({.op = op, .operand = TextConstant(node.text)}, 0);
  return base::Ok();
}

base::Status Compiler::EmitHas(const Node& node) {
  const NodeId field = node.children[0];
  const Resolution& resolution = checked_.resolutions[field];
  if (resolution.kind == Kinds::kSlot) {
    Add({.op = Op::kHasSlot, .operand = resolution.index}, 1);
    return base::Ok();
  }
  return EmitSelect(field, ast_[field], Op::kHas);
}

base::Status Compiler::EmitCall(NodeId id, const Node& node) {
  const Resolution& resolution = checked_.resolutions[id];
  const std::string_view name = node.text;
  if (name == operators::kAnd) return EmitLogical(node, Op::kAndLeft, Op::kAndRight);
  if (name == operators::kOr) return EmitLogical(node, Op::kOrLeft, Op::kOrRight);
  if (name == operators::kConditional) return EmitConditional(node);
  if (resolution.kind == Kinds::kUnknown) return EmitName(id, node);
  const std::size_t begin = resolution.kind == Kinds::kNamespaced ? 1 : 0;
  const std::size_t count = node.children.size() - begin;
  const Function function = resolution.function->function;
  if (function == &Matches && count == 2 && constants_[node.children[begin + 1]].has_value())
    return EmitMatch(node, begin);
  if (function == &In) return EmitIn(node, function);
  for (std::size_t i = begin; i < node.children.size(); ++i) GH_CHECK_OK(Emit(node.children[i]));
  if (const auto comparison = ComparisonOf(name)) {
    Add({.op = *comparison}, -1);
  } else if (name == operators::kNot) {
    Add({.op = Op::kNot}, 0);
  } else if (function == nullptr) {
    Add({.op = Op::kFail, .operand = TextConstant("the function " + resolution.function->name + "() is not there")},
        1 - static_cast<int>(count));
  } else if (count > std::numeric_limits<std::uint8_t>::max()) {
    return SourceError(source_, node.position, "too many arguments: at most 255");
  } else {
    Add({.op = Op::kCall, .count = static_cast<std::uint8_t>(count), .operand = FunctionIndex(function)},
        1 - static_cast<int>(count));
  }
  return base::Ok();
}

base::Status Compiler::EmitLogical(const Node& node, Op left, Op right) {
  const std::uint32_t depth = height_;
  const std::uint32_t begin = Here();
  GH_CHECK_OK(Emit(node.children[0]));
  code_->handlers.push_back({begin, Here(), Here(), depth});
  const std::uint32_t decided = Add({.op = left}, 0);
  const std::uint32_t middle = Here();
  GH_CHECK_OK(Emit(node.children[1]));
  code_->handlers.push_back({middle, Here(), Here(), depth + 1});
  Add({.op = right}, -1);
  Patch(decided);
  return base::Ok();
}

base::Status Compiler::EmitConditional(const Node& node) {
  GH_CHECK_OK(Emit(node.children[0]));
  const std::uint32_t branch = Add({.op = Op::kBranch}, -1);
  GH_CHECK_OK(Emit(node.children[1]));
  const std::uint32_t end = Add({.op = Op::kJump}, -1);
  Patch(branch);
  GH_CHECK_OK(Emit(node.children[2]));
  Patch(end);
  return base::Ok();
}

// A pattern that is a literal is compiled now.
base::Status Compiler::EmitMatch(const Node& node, std::size_t begin) {
  const NodeId pattern_id = node.children[begin + 1];
  const Value pattern = *constants_[pattern_id];
  GH_CHECK_OK(Emit(node.children[begin]));
  if (!pattern.Is(Kind::kString)) {
    Add({.op = Op::kFail, .operand = TextConstant("no such overload: matches() takes a string as its pattern")}, 0);
    return base::Ok();
  }
  auto regex = Regex::Compile(pattern.text(), limits_.regex_memory);
  if (!regex.ok()) return SourceError(source_, ast_[pattern_id].position, regex.error().public_message);
  code_->regexes.push_back(std::move(regex).value());
  Add({.op = Op::kMatch, .operand = static_cast<std::uint32_t>(code_->regexes.size() - 1)}, 0);
  return base::Ok();
}

base::Status Compiler::EmitIn(const Node& node, Function function) {
  GH_CHECK_OK(Emit(node.children[0]));
  if (const auto set = SetOf(node.children[1])) {
    Add({.op = Op::kConstant, .operand = Constant(*set)}, 1);
  } else {
    GH_CHECK_OK(Emit(node.children[1]));
  }
  Add({.op = Op::kCall, .count = 2, .operand = FunctionIndex(function)}, -1);
  return base::Ok();
}

base::Status Compiler::EmitElements(const Node& node) {
  const std::size_t width = node.kind == NodeKind::kMap ? 2 : 1;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    GH_CHECK_OK(Emit(node.children[i]));
    const bool last = i % width == width - 1;
    if (last && node.optional[i / width]) Add({.op = Op::kOptionalElement}, 0);
  }
  const auto count = static_cast<std::uint32_t>(node.children.size());
  Add({.op = width == 2 ? Op::kMakeMap : Op::kMakeList, .operand = count}, 1 - static_cast<int>(count));
  return base::Ok();
}

std::optional<std::uint64_t> Compiler::TurnsOf(NodeId range) const {
  const Node& node = ast_[range];
  if (node.kind == NodeKind::kList) return node.children.size();
  if (node.kind == NodeKind::kMap) return node.children.size() / 2;
  if (!constants_[range].has_value()) return std::nullopt;
  return constants_[range]->Is(Kind::kList) ? constants_[range]->list().size() : std::uint64_t{1};
}

base::Status Compiler::EmitLoop(NodeId id, const Node& node) {
  const auto local = static_cast<std::uint16_t>(checked_.resolutions[id].index);
  GH_CHECK_OK(Emit(node.children[0]));
  Add({.op = Op::kLoopBegin, .local = local}, -1);
  const bool fold = node.macro == Macro::kAll || node.macro == Macro::kExists;
  if (fold) {
    Add({.op = Op::kConstant, .operand = Constant(Value::Bool(node.macro == Macro::kAll))}, 1);
  } else if (node.macro == Macro::kExistsOne) {
    Add({.op = Op::kConstant, .operand = Constant(Value::Int(0))}, 1);
  } else {
    Add({.op = Op::kBuilder}, 1);
  }
  const std::uint64_t outside = turns_;
  if (const auto turns = TurnsOf(node.children[0])) {
    turns_ = Times(turns_, *turns);
  } else {
    bound_.reset();
  }
  const auto variables = static_cast<std::uint8_t>(node.names.size());
  const std::uint32_t next = Add({.op = Op::kLoopNext, .count = variables, .local = local}, 0);
  GH_CHECK_OK(EmitLoopBody(id, node, next));
  Add({.op = Op::kJump, .operand = next}, 0);
  Patch(next);
  turns_ = outside;
  switch (node.macro) {
    case Macro::kAll:
    case Macro::kExists: Add({.op = Op::kSettle}, 0); break;
    case Macro::kExistsOne: Add({.op = Op::kOneEnd}, 0); break;
    case Macro::kTransformMap:
    case Macro::kTransformMapEntry: Add({.op = Op::kBuildMap}, 0); break;
    default: Add({.op = Op::kBuildList}, 0); break;
  }
  return base::Ok();
}

base::Status Compiler::EmitLoopBody(NodeId id, const Node& node, std::uint32_t next) {
  const NodeId body = node.children.back();
  const auto first = static_cast<std::uint16_t>(checked_.resolutions[id].index + kLoopVariables);
  if (node.children.size() == 3) {
    GH_CHECK_OK(Emit(node.children[1]));
    Add({.op = Op::kBranch, .operand = next}, -1);
  }
  if (node.macro == Macro::kAll || node.macro == Macro::kExists) {
    const std::uint32_t depth = height_;
    const std::uint32_t begin = Here();
    GH_CHECK_OK(Emit(body));
    code_->handlers.push_back({begin, Here(), Here(), depth});
    // The step is followed by the jump back; a decided loop goes on behind that.
    Add({.op = node.macro == Macro::kAll ? Op::kAllStep : Op::kExistsStep, .operand = Here() + 2}, -1);
    return base::Ok();
  }
  if (node.macro == Macro::kTransformMap) Add({.op = Op::kLocal, .local = first}, 1);
  GH_CHECK_OK(Emit(body));
  switch (node.macro) {
    case Macro::kExistsOne: Add({.op = Op::kOneStep}, -1); break;
    case Macro::kTransformMap: Add({.op = Op::kPut}, -2); break;
    case Macro::kTransformMapEntry: Add({.op = Op::kMerge}, -1); break;
    case Macro::kFilter:
      Add({.op = Op::kBranch, .operand = next}, -1);
      Add({.op = Op::kLocal, .local = first}, 1);
      Add({.op = Op::kAppend}, -1);
      break;
    default: Add({.op = Op::kAppend}, -1); break;
  }
  return base::Ok();
}

base::Status Compiler::EmitBind(NodeId id, const Node& node) {
  GH_CHECK_OK(Emit(node.children[0]));
  Add({.op = Op::kSetLocal, .local = static_cast<std::uint16_t>(checked_.resolutions[id].index)}, -1);
  return Emit(node.children[1]);
}

base::Status Compiler::EmitOptionalMap(NodeId id, const Node& node) {
  GH_CHECK_OK(Emit(node.children[0]));
  const std::uint32_t none = Add({.op = Op::kUnwrap}, 0);
  Add({.op = Op::kSetLocal, .local = static_cast<std::uint16_t>(checked_.resolutions[id].index)}, -1);
  GH_CHECK_OK(Emit(node.children[1]));
  if (node.macro == Macro::kOptMap) Add({.op = Op::kWrap}, 0);
  Patch(none);
  return base::Ok();
}

}  // namespace gatehouse::codec::cel
