#include "codec/cel/type.h"

namespace gatehouse::codec::cel {
namespace {

std::string_view NameOf(const Type& type) {
  switch (type.kind) {
    case TypeKind::kDyn: return "dyn";
    case TypeKind::kNull: return "null";
    case TypeKind::kBool: return "bool";
    case TypeKind::kInt: return "int";
    case TypeKind::kUint: return "uint";
    case TypeKind::kDouble: return "double";
    case TypeKind::kString: return "string";
    case TypeKind::kBytes: return "bytes";
    case TypeKind::kTimestamp: return "timestamp";
    case TypeKind::kDuration: return "duration";
    case TypeKind::kList: return "list";
    case TypeKind::kMap: return "map";
    case TypeKind::kType: return "type";
    case TypeKind::kOptional: return "optional_type";
    case TypeKind::kObject:
    case TypeKind::kAbstract: return type.name;
    case TypeKind::kParameter: return "any type";
  }
  return "dyn";
}

bool SameName(const Type& a, const Type& b) {
  return a.kind == b.kind && a.name == b.name && a.parameters.size() == b.parameters.size();
}

// Whether `a` says no more than `b`.
bool NoMoreSpecific(const Type& a, const Type& b) {
  if (a.Is(TypeKind::kDyn) || a.Is(TypeKind::kParameter)) return true;
  if (b.Is(TypeKind::kDyn) || b.Is(TypeKind::kParameter)) return false;
  if (b.Is(TypeKind::kNull)) return true;  // beside what may be null
  if (a.kind != b.kind) return false;
  if (a.Is(TypeKind::kType)) return true;
  if (!SameName(a, b)) return false;
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    if (!NoMoreSpecific(a.parameters[i], b.parameters[i])) return false;
  }
  return true;
}

const Type& MoreGeneral(const Type& a, const Type& b) { return NoMoreSpecific(a, b) ? a : b; }

// What may be null in place of its value, in the eyes of the checker.
bool IsNullable(const Type& type) {
  return type.Is(TypeKind::kNull) || type.Is(TypeKind::kTimestamp) || type.Is(TypeKind::kDuration) ||
         type.Is(TypeKind::kObject) || type.Is(TypeKind::kAbstract) || type.Is(TypeKind::kOptional);
}

}  // namespace

std::string ToString(const Type& type) {
  std::string out(NameOf(type));
  if (type.parameters.empty()) return out;
  char separator = '(';
  for (const Type& parameter : type.parameters) {
    out += separator;
    if (separator == ',') out += ' ';
    out += ToString(parameter);
    separator = ',';
  }
  return out + ')';
}

void Substitution::Set(std::uint32_t number, const Type& type) {
  changes_.push_back({number, bindings_[number]});
  bindings_[number] = {type};
}

void Substitution::Undo(std::size_t mark) {
  for (; changes_.size() > mark; changes_.pop_back()) bindings_[changes_.back().number] = changes_.back().before;
}

bool Substitution::Fits(const std::vector<Type>& offered, const std::vector<Type>& wanted) {
  for (std::size_t i = 0; i < offered.size(); ++i) {
    if (!Try(offered[i], wanted[i])) {
      Undo(0);
      return false;
    }
  }
  changes_.clear();
  return true;
}

bool Substitution::Fits(const Type& offered, const Type& wanted) {
  return Fits(std::vector<Type>{offered}, std::vector<Type>{wanted});
}

Type Substitution::Join(const Type& a, const Type& b) { return Fits(a, b) ? MoreGeneral(a, b) : Type::Dyn(); }

bool Substitution::Occurs(const Type& parameter, const Type& type) const {
  if (TooMuch()) return true;
  if (type == parameter) return true;
  if (type.Is(TypeKind::kParameter)) {
    const auto& bound = bindings_[type.number];
    return !bound.empty() && Occurs(parameter, bound.front());
  }
  for (const Type& inner : type.parameters) {
    if (Occurs(parameter, inner)) return true;
  }
  return false;
}

Substitution::Bound Substitution::Bind(const Type& parameter, const Type& type) {
  if (parameter == type) return Bound::kYes;
  const std::vector<Type> bound = bindings_[parameter.number];
  if (bound.empty()) {
    if (Occurs(parameter, type)) return Bound::kNo;
    Set(parameter.number, Resolve(type));
    return Bound::kYes;
  }
  if (bound.front() == type) return Bound::kYes;
  if (!Try(type, bound.front())) return Bound::kClash;
  const Type& general = MoreGeneral(type, bound.front());
  if (!Occurs(parameter, general)) Set(parameter.number, general);
  return Bound::kYes;
}

bool Substitution::TryParameters(const Type& offered, const Type& wanted) {
  if (!SameName(offered, wanted)) return false;
  for (std::size_t i = 0; i < offered.parameters.size(); ++i) {
    if (!Try(offered.parameters[i], wanted.parameters[i])) return false;
  }
  return true;
}

bool Substitution::Try(const Type& offered, const Type& wanted) {
  if (TooMuch()) return false;
  if (wanted.Is(TypeKind::kParameter)) {
    const Bound bound = Bind(wanted, offered);
    if (bound != Bound::kNo) return bound == Bound::kYes;
  }
  if (offered.Is(TypeKind::kParameter)) return Bind(offered, wanted) == Bound::kYes;
  if (offered.Is(TypeKind::kDyn) || wanted.Is(TypeKind::kDyn)) return true;
  if (offered.Is(TypeKind::kNull)) return IsNullable(wanted);
  if (wanted.Is(TypeKind::kNull)) return IsNullable(offered);
  if (offered.Is(TypeKind::kType)) return wanted.Is(TypeKind::kType);
  return TryParameters(offered, wanted);
}

// `free`: what becomes of a free parameter, itself or dyn.
Type Substitution::Replace(const Type& type, TypeKind free, std::size_t& room) const {
  if (room == 0 || TooMuch()) return Type::Dyn();
  --room;
  if (type.Is(TypeKind::kParameter)) {
    const auto& bound = bindings_[type.number];
    if (!bound.empty()) return Replace(bound.front(), free, room);
    return free == TypeKind::kDyn ? Type::Dyn() : type;
  }
  Type result = {.kind = type.kind, .number = type.number, .name = type.name};
  for (const Type& inner : type.parameters) result.parameters.push_back(Replace(inner, free, room));
  return result;
}

Type Substitution::Resolve(const Type& type) const {
  std::size_t room = kWidest;
  return Replace(type, TypeKind::kParameter, room);
}

Type Substitution::Final(const Type& type) const {
  std::size_t room = kWidest;
  return Replace(type, TypeKind::kDyn, room);
}

}  // namespace gatehouse::codec::cel
