#include "codec/cel/checker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codec/cel/lexer.h"
#include "codec/cel/scope.h"

namespace gatehouse::codec::cel {
namespace {

using Kinds = Resolution::Kind;

bool IsOperator(std::string_view name) {
  return name.find('_') != std::string_view::npos && (name[0] == '_' || name[1] == '_');
}

// An operator as it is written: "_+_" is `+`.
std::string Written(std::string_view name) {
  if (name == operators::kIn) return "in";
  if (!IsOperator(name)) return std::string(name) + "()";
  std::string symbol(name);
  std::erase(symbol, '_');
  return symbol;
}

class Checker {
 public:
  Checker(const Ast& ast, const Environment& environment, Checking checking, std::string_view source)
      : ast_(ast), environment_(environment), checking_(checking), source_(source), scope_(environment) {
    checked_.resolutions.resize(ast.nodes.size());
    checked_.types.resize(ast.nodes.size());
  }

  base::Result<Checked> Run() {
    GH_CHECK_OK(Visit(ast_.root));
    for (Type& type : checked_.types) type = substitution_.Final(type);
    checked_.locals = scope_.locals();
    return std::move(checked_);
  }

 private:
  bool Lenient() const { return checking_ == Checking::kNames; }
  base::Error ErrorAt(NodeId id, std::string_view what) const { return SourceError(source_, ast_[id].position, what); }
  Type TypeOf(NodeId id) const { return substitution_.Resolve(checked_.types[id]); }
  base::Status Set(NodeId id, Type type) {
    checked_.types[id] = Lenient() ? Type::Dyn() : std::move(type);
    return base::Ok();
  }
  // A fault of types: an error, or left to the evaluation.
  base::Status Fault(NodeId id, std::string_view what) {
    if (Lenient()) return base::Ok();
    return ErrorAt(id, what);
  }
  // A name that means nothing.
  base::Status Unknown(NodeId id, std::string what) {
    if (!Lenient()) return ErrorAt(id, what);
    checked_.resolutions[id] = {.kind = Kinds::kUnknown, .text = std::move(what)};
    return Set(id, Type::Dyn());
  }

  base::Status Visit(NodeId id) {
    const Node& node = ast_[id];
    switch (node.kind) {
      case NodeKind::kLiteral: return Literal(id, node);
      case NodeKind::kIdentifier: return Identifier(id, node);
      case NodeKind::kSelect: return Select(id, node);
      case NodeKind::kHas: return Has(id, node);
      case NodeKind::kCall: return Call(id, node);
      case NodeKind::kList: return List(id, node);
      case NodeKind::kMap: return Map(id, node);
      case NodeKind::kLoop: return Loop(id, node);
      case NodeKind::kBind: return Bind(id, node);
      case NodeKind::kOptionalMap: return OptionalMap(id, node);
      case NodeKind::kMessage: break;
    }
    return ErrorAt(id, "messages of protocol buffers are not part of this dialect; write a map: {\"field\": value}");
  }

  base::Status Literal(NodeId id, const Node& node) {
    switch (node.literal.kind()) {
      case Kind::kBool: return Set(id, Type::Bool());
      case Kind::kInt: return Set(id, Type::Int());
      case Kind::kUint: return Set(id, Type::Uint());
      case Kind::kDouble: return Set(id, Type::Double());
      case Kind::kString: return Set(id, Type::String());
      case Kind::kBytes: return Set(id, Type::Bytes());
      default: return Set(id, Type::Null());
    }
  }

  base::Status Take(NodeId id, Scope::Found found) {
    checked_.resolutions[id] = std::move(found.resolution);
    return Set(id, std::move(found.type));
  }

  static Scope::Rooted RootedOf(const Node& node) {
    return (node.flags & kRooted) != 0 ? Scope::Rooted::kYes : Scope::Rooted::kNo;
  }

  base::Status Identifier(NodeId id, const Node& node) {
    Scope::Found found = scope_.Resolve(node.text, RootedOf(node));
    if (found.resolution.kind != Kinds::kNone) return Take(id, std::move(found));
    return Unknown(id, UnknownVariable(environment_, chain_.empty() ? node.text : chain_));
  }

  // "a.b.c" of a row of plain names; "" for anything else, and where the first name is a local variable.
  std::string Dotted(NodeId id, Scope::Rooted& rooted) const {
    const Node& node = ast_[id];
    if (node.kind == NodeKind::kIdentifier) {
      rooted = RootedOf(node);
      return rooted == Scope::Rooted::kNo && scope_.IsLocal(node.text) ? std::string() : node.text;
    }
    if (node.kind != NodeKind::kSelect || (node.flags & (kOptional | kQuoted)) != 0) return {};
    std::string before = Dotted(node.children[0], rooted);
    return before.empty() ? before : before + "." + node.text;
  }

  // Resolves a row of names as one variable, the longest first.
  base::Result<bool> Qualified(NodeId id) {
    Scope::Rooted rooted = Scope::Rooted::kNo;
    const std::string name = Dotted(id, rooted);
    if (name.empty()) return false;
    Scope::Found found = scope_.Resolve(name, rooted);
    if (found.resolution.kind == Kinds::kNone) {
      if (chain_.empty()) chain_ = name;
      return false;
    }
    GH_CHECK_OK(Take(id, std::move(found)));
    return true;
  }

  base::Status Select(NodeId id, const Node& node) {
    GH_TRY(const bool qualified, Qualified(id));
    if (qualified) return base::Ok();
    GH_CHECK_OK(Visit(node.children[0]));
    chain_.clear();
    GH_TRY(Type type, FieldType(id, node, TypeOf(node.children[0])));
    if ((node.flags & kOptional) != 0 && !type.Is(TypeKind::kOptional)) type = Type::Optional(std::move(type));
    return Set(id, std::move(type));
  }

  base::Result<Type> FieldType(NodeId id, const Node& node, const Type& of) {
    switch (of.kind) {
      case TypeKind::kDyn: return Type::Dyn();
      case TypeKind::kMap:
        if (!substitution_.Fits(Type::String(), of.parameters[0])) break;
        return of.parameters[1];
      case TypeKind::kObject: return ObjectField(id, node, of);
      case TypeKind::kParameter: substitution_.Fits(Type::Dyn(), of); return Type::Dyn();
      case TypeKind::kOptional: {
        GH_TRY(Type inner, FieldType(id, node, substitution_.Resolve(of.parameters[0])));
        return inner.Is(TypeKind::kOptional) ? inner : Type::Optional(std::move(inner));
      }
      default: break;
    }
    GH_CHECK_OK(
        Fault(id, "a value of type " + ToString(of) + " has no field `" + node.text + "`; only maps have fields"));
    return Type::Dyn();
  }

  base::Result<Type> ObjectField(NodeId id, const Node& node, const Type& of) {
    const auto* fields = environment_.FindObject(of.name);
    if (fields == nullptr) return Type::Dyn();
    const auto found = std::ranges::find(*fields, node.text, &Environment::Field::name);
    if (found != fields->end()) return found->type;
    std::vector<std::string_view> names;
    for (const auto& field : *fields) names.emplace_back(field.name);
    const std::string nearest = Nearest(node.text, names);
    std::string message = "unknown field `" + node.text + "` of " + of.name;
    if (!nearest.empty()) message += "; did you mean `" + nearest + "`?";
    GH_CHECK_OK(Fault(id, message));
    return Type::Dyn();
  }

  // has(a.b): of a variable `a.b`, whether it is there; otherwise whether `a` has the field.
  base::Status Has(NodeId id, const Node& node) {
    const NodeId field = node.children[0];
    GH_CHECK_OK(Visit(field));
    if (checked_.resolutions[field].kind == Kinds::kType) {
      return ErrorAt(field, "has() tests for a field, and this is the name of a type");
    }
    return Set(id, Type::Bool());
  }

  base::Status List(NodeId id, const Node& node) {
    Type element = substitution_.NewParameter();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      GH_CHECK_OK(Visit(node.children[i]));
      GH_TRY(const Type type, ElementType(node.children[i], node.optional[i]));
      element = i == 0 ? type : substitution_.Join(substitution_.Resolve(element), type);
    }
    return Set(id, Type::List(element));
  }

  // What an element adds to the type of its list or map: of an optional one, what it holds.
  base::Result<Type> ElementType(NodeId id, bool optional) {
    const Type type = TypeOf(id);
    if (!optional || type.Is(TypeKind::kDyn)) return type;
    if (type.Is(TypeKind::kOptional)) return type.parameters[0];
    GH_CHECK_OK(Fault(id, "`?` takes an optional value, not one of type " + ToString(type)));
    return Type::Dyn();
  }

  base::Status Map(NodeId id, const Node& node) {
    Type key = substitution_.NewParameter();
    Type value = substitution_.NewParameter();
    for (std::size_t i = 0; i < node.optional.size(); ++i) {
      const NodeId key_id = node.children[i * 2];
      const NodeId value_id = node.children[i * 2 + 1];
      GH_CHECK_OK(Visit(key_id));
      GH_CHECK_OK(Visit(value_id));
      GH_CHECK_OK(CheckKey(key_id));
      GH_TRY(const Type value_type, ElementType(value_id, node.optional[i]));
      key = i == 0 ? TypeOf(key_id) : substitution_.Join(substitution_.Resolve(key), TypeOf(key_id));
      value = i == 0 ? value_type : substitution_.Join(substitution_.Resolve(value), value_type);
    }
    return Set(id, Type::Map(key, value));
  }

  base::Status CheckKey(NodeId id) {
    const Type type = TypeOf(id);
    switch (type.kind) {
      case TypeKind::kDyn:
      case TypeKind::kParameter:
      case TypeKind::kBool:
      case TypeKind::kInt:
      case TypeKind::kUint:
      case TypeKind::kString: return base::Ok();
      default: return Fault(id, "a map's key is a bool, int, uint or string, not of type " + ToString(type));
    }
  }

  base::Status Call(NodeId id, const Node& node) {
    const bool receiver = (node.flags & kReceiver) != 0;
    if (receiver) {
      Scope::Rooted rooted = Scope::Rooted::kNo;
      const std::string target = Dotted(node.children[0], rooted);
      const FunctionEntry* entry = target.empty() ? nullptr : scope_.FindFunction(target + "." + node.text, rooted);
      if (entry != nullptr) return Resolved(id, node, *entry, Kinds::kNamespaced);
    }
    const FunctionEntry* entry = scope_.FindFunction(node.text, receiver ? Scope::Rooted::kYes : RootedOf(node));
    if (entry != nullptr) return Resolved(id, node, *entry, Kinds::kFunction);
    return UnknownCall(id, node);
  }

  base::Status UnknownCall(NodeId id, const Node& node) {
    Scope::Rooted rooted = Scope::Rooted::kNo;
    const bool receiver = (node.flags & kReceiver) != 0;
    const std::string target = receiver ? Dotted(node.children[0], rooted) : std::string();
    const bool known = target.empty() || scope_.Resolve(target, rooted).resolution.kind != Kinds::kNone;
    return Unknown(id, UnknownFunction(environment_, known ? node.text : target + "." + node.text));
  }

  base::Status Resolved(NodeId id, const Node& node, const FunctionEntry& entry, Kinds kind) {
    const std::size_t skipped = kind == Kinds::kNamespaced ? 1 : 0;
    std::vector<Type> arguments;
    for (std::size_t i = skipped; i < node.children.size(); ++i) {
      GH_CHECK_OK(Visit(node.children[i]));
      arguments.push_back(TypeOf(node.children[i]));
    }
    checked_.resolutions[id] = {.kind = kind, .function = &entry};
    const bool receiver = kind == Kinds::kFunction && (node.flags & kReceiver) != 0;
    const CallStyle style = receiver ? CallStyle::kReceiver : CallStyle::kPlain;
    if (entry.arity == FunctionEntry::Arity::kNumbers) return Numbers(id, entry, arguments);
    if (!HasArity(entry, style, arguments.size())) return WrongCount(id, entry, style, arguments.size());
    return ChooseOverload(id, entry, style, arguments);
  }

  static bool HasArity(const FunctionEntry& entry, CallStyle style, std::size_t count) {
    return std::ranges::any_of(entry.overloads, [&](const Overload& overload) {
      return overload.style == style && overload.parameters.size() == count;
    });
  }

  base::Status WrongCount(NodeId id, const FunctionEntry& entry, CallStyle style, std::size_t count) {
    const std::size_t receiver = style == CallStyle::kReceiver ? 1 : 0;
    const bool other = std::ranges::none_of(entry.overloads, [&](const Overload& o) { return o.style == style; });
    if (other) {
      return Unknown(
          id, style == CallStyle::kPlain
                  ? entry.name + "() is called on a value, as in value." + entry.name + "()"
                  : entry.name + "() is called with its value in the parentheses, as in " + entry.name + "(value)");
    }
    return Unknown(id, "no such overload: " + Written(entry.name) + " does not take " +
                           std::to_string(count - receiver) + (count - receiver == 1 ? " argument" : " arguments"));
  }

  // The result is what all overloads that fit agree on, and dyn where they do not.
  base::Status ChooseOverload(NodeId id, const FunctionEntry& entry, CallStyle style,
                              const std::vector<Type>& arguments) {
    if (Lenient()) return Set(id, Type::Dyn());
    bool any = false;
    Type result;
    for (const Overload& overload : entry.overloads) {
      if (overload.style != style || overload.parameters.size() != arguments.size()) continue;
      const Overload fresh = Instantiate(overload);
      if (!substitution_.Fits(arguments, fresh.parameters)) continue;
      const Type here = substitution_.Resolve(fresh.result);
      result = !any || result == here ? here : Type::Dyn();
      any = true;
    }
    if (!any) return ErrorAt(id, NoOverload(entry, style, arguments));
    return Set(id, std::move(result));
  }

  Overload Instantiate(const Overload& overload) {
    std::vector<Type> fresh;
    Overload copy = overload;
    for (Type& parameter : copy.parameters) Rename(parameter, fresh);
    Rename(copy.result, fresh);
    return copy;
  }

  void Rename(Type& type, std::vector<Type>& fresh) {
    if (type.Is(TypeKind::kParameter)) {
      while (fresh.size() <= type.number) fresh.push_back(substitution_.NewParameter());
      type = fresh[type.number];
    }
    for (Type& inner : type.parameters) Rename(inner, fresh);
  }

  std::string NoOverload(const FunctionEntry& entry, CallStyle style, const std::vector<Type>& arguments) const {
    std::string message =
        "no such overload: " + Written(entry.name) + " cannot take (" + Row(arguments) + "); it takes ";
    std::size_t shown = 0;
    for (const Overload& overload : entry.overloads) {
      if (overload.style != style || overload.parameters.size() != arguments.size() || shown == 6) continue;
      if (shown++ > 0) message += " or ";
      message += "(" + Row(overload.parameters) + ")";
    }
    return message;
  }

  std::string Row(const std::vector<Type>& types) const {
    std::string row;
    for (const Type& type : types) row += (row.empty() ? "" : ", ") + ToString(substitution_.Resolve(type));
    return row;
  }

  // math.greatest and math.least: numbers, or one list of them.
  base::Status Numbers(NodeId id, const FunctionEntry& entry, const std::vector<Type>& arguments) {
    if (arguments.empty()) return Unknown(id, "no such overload: " + entry.name + "() needs at least one number");
    Type result = arguments[0];
    if (arguments.size() == 1 && result.Is(TypeKind::kList)) result = substitution_.Resolve(result.parameters[0]);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Type& type = i == 0 ? result : arguments[i];
      const bool number = type.Is(TypeKind::kInt) || type.Is(TypeKind::kUint) || type.Is(TypeKind::kDouble) ||
                          type.Is(TypeKind::kDyn) || type.Is(TypeKind::kParameter);
      if (!number) return Fault(id, "no such overload: " + entry.name + "() takes numbers, not " + ToString(type));
      if (type != result) result = Type::Dyn();
    }
    return Set(id, std::move(result));
  }

  // What the variables of a loop over `range` are: one variable is an element or a key; two are position or key, and
  // value.
  base::Result<std::vector<Type>> VariableTypes(NodeId range, std::size_t count) {
    const Type type = TypeOf(range);
    switch (type.kind) {
      case TypeKind::kList:
        return count == 1 ? std::vector<Type>{type.parameters[0]} : std::vector<Type>{Type::Int(), type.parameters[0]};
      case TypeKind::kMap:
        return std::vector<Type>(type.parameters.begin(), type.parameters.begin() + static_cast<std::ptrdiff_t>(count));
      case TypeKind::kParameter: substitution_.Fits(Type::Dyn(), type); break;
      case TypeKind::kDyn: break;
      default: GH_CHECK_OK(Fault(range, "a loop goes over a list or a map, not over type " + ToString(type)));
    }
    return std::vector<Type>(count, Type::Dyn());
  }

  base::Status MustBeBool(NodeId id) {
    if (Lenient() || substitution_.Fits(TypeOf(id), Type::Bool())) return base::Ok();
    return ErrorAt(id, "a condition is a bool, not of type " + ToString(TypeOf(id)));
  }

  base::Status Loop(NodeId id, const Node& node) {
    GH_CHECK_OK(Visit(node.children[0]));
    GH_TRY(const std::vector<Type> types, VariableTypes(node.children[0], node.names.size()));
    const std::uint32_t first = scope_.Reserve(kLoopVariables + static_cast<std::uint32_t>(node.names.size()));
    checked_.resolutions[id].index = first;
    for (std::size_t i = 0; i < node.names.size(); ++i) {
      scope_.Push(node.names[i], first + kLoopVariables + static_cast<std::uint32_t>(i), types[i]);
    }
    for (std::size_t i = 1; i < node.children.size(); ++i) GH_CHECK_OK(Visit(node.children[i]));
    scope_.Pop(node.names.size());
    const bool filtered = node.children.size() == 3;
    if (filtered) GH_CHECK_OK(MustBeBool(node.children[1]));
    return LoopResult(id, node, types);
  }

  base::Status LoopResult(NodeId id, const Node& node, const std::vector<Type>& variables) {
    const NodeId body = node.children.back();
    const Type type = TypeOf(body);
    switch (node.macro) {
      case Macro::kMap: return Set(id, Type::List(type));
      case Macro::kTransformMap: return Set(id, Type::Map(variables[0], type));
      case Macro::kTransformMapEntry:
        if (type.Is(TypeKind::kMap) || type.Is(TypeKind::kDyn)) return Set(id, type);
        return Fault(body, "transformMapEntry() makes a map of entries; write {key: value}");
      case Macro::kFilter: GH_CHECK_OK(MustBeBool(body)); return Set(id, Type::List(variables[0]));
      default: GH_CHECK_OK(MustBeBool(body)); return Set(id, Type::Bool());
    }
  }

  base::Status Bind(NodeId id, const Node& node) {
    GH_CHECK_OK(Visit(node.children[0]));
    GH_CHECK_OK(Introduce(id, node, TypeOf(node.children[0])));
    return Set(id, TypeOf(node.children[1]));
  }

  // Checks children[1] with one variable.
  base::Status Introduce(NodeId id, const Node& node, Type type) {
    const std::uint32_t local = scope_.Reserve(1);
    checked_.resolutions[id].index = local;
    scope_.Push(node.names[0], local, std::move(type));
    GH_CHECK_OK(Visit(node.children[1]));
    scope_.Pop(1);
    return base::Ok();
  }

  base::Status OptionalMap(NodeId id, const Node& node) {
    GH_CHECK_OK(Visit(node.children[0]));
    const Type of = TypeOf(node.children[0]);
    if (!of.Is(TypeKind::kOptional) && !of.Is(TypeKind::kDyn)) {
      GH_CHECK_OK(Fault(id, node.text + "() is called on an optional value, not on type " + ToString(of)));
    }
    GH_CHECK_OK(Introduce(id, node, of.Is(TypeKind::kOptional) ? of.parameters[0] : Type::Dyn()));
    const Type result = TypeOf(node.children[1]);
    if (node.macro == Macro::kOptMap) return Set(id, Type::Optional(result));
    if (!result.Is(TypeKind::kOptional) && !result.Is(TypeKind::kDyn)) {
      GH_CHECK_OK(Fault(node.children[1], "optFlatMap() takes an expression that makes an optional value"));
    }
    return Set(id, result);
  }

  const Ast& ast_;
  const Environment& environment_;
  const Checking checking_;
  const std::string_view source_;
  Scope scope_;
  Substitution substitution_;
  Checked checked_;
  std::string chain_;  // the longest row of names that is being resolved, for the message
};

}  // namespace

base::Result<Checked> Check(const Ast& ast, const Environment& environment, Checking checking,
                            std::string_view source) {
  return Checker(ast, environment, checking, source).Run();
}

}  // namespace gatehouse::codec::cel
