#include "codec/cel/scope.h"

#include <algorithm>
#include <array>

namespace gatehouse::codec::cel {
namespace {

// Types as values.
Type NamedType(std::string_view name) {
  if (name == "bool") return Type::Bool();
  if (name == "int") return Type::Int();
  if (name == "uint") return Type::Uint();
  if (name == "double") return Type::Double();
  if (name == "string") return Type::String();
  if (name == "bytes") return Type::Bytes();
  if (name == "null_type") return Type::Null();
  if (name == "list") return Type::List(Type::Dyn());
  if (name == "map") return Type::Map(Type::Dyn(), Type::Dyn());
  if (name == "type") return {.kind = TypeKind::kType};
  if (name == "google.protobuf.Timestamp") return Type::Timestamp();
  if (name == "google.protobuf.Duration") return Type::Duration();
  if (name == "optional_type") return Type::Optional(Type::Dyn());
  return Type::Dyn();
}

}  // namespace

std::uint32_t Scope::Reserve(std::uint32_t count) {
  const std::uint32_t first = locals_;
  locals_ += count;
  return first;
}

bool Scope::IsLocal(std::string_view name) const {
  return std::ranges::find(names_, name, &Local::name) != names_.end();
}

std::vector<std::string> Scope::Candidates(std::string_view name, Rooted rooted) const {
  std::vector<std::string> candidates;
  std::string_view container = environment_.container();
  while (rooted == Rooted::kNo && !container.empty()) {
    candidates.push_back(std::string(container) + "." + std::string(name));
    const auto dot = container.rfind('.');
    container = dot == std::string_view::npos ? std::string_view() : container.substr(0, dot);
  }
  candidates.emplace_back(name);
  return candidates;
}

Scope::Found Scope::ResolveGlobal(std::string_view name) const {
  if (const auto slot = environment_.FindVariable(name)) {
    return {.resolution = {.kind = Resolution::Kind::kSlot, .index = *slot},
            .type = environment_.variables()[*slot].type};
  }
  const Type type = NamedType(name);
  if (type.Is(TypeKind::kDyn)) return {};
  return {.resolution = {.kind = Resolution::Kind::kType, .text = std::string(name)}, .type = Type::TypeOf(type)};
}

Scope::Found Scope::Resolve(std::string_view name, Rooted rooted) const {
  if (rooted == Rooted::kNo) {
    const auto local = std::ranges::find(names_.rbegin(), names_.rend(), name, &Local::name);
    if (local != names_.rend()) {
      return {.resolution = {.kind = Resolution::Kind::kLocal, .index = local->index}, .type = local->type};
    }
  }
  for (const std::string& candidate : Candidates(name, rooted)) {
    Found found = ResolveGlobal(candidate);
    if (found.resolution.kind != Resolution::Kind::kNone) return found;
  }
  return {};
}

const FunctionEntry* Scope::FindFunction(std::string_view name, Rooted rooted) const {
  for (const std::string& candidate : Candidates(name, rooted)) {
    if (const FunctionEntry* found = environment_.FindFunction(candidate)) return found;
  }
  return nullptr;
}

std::string UnknownVariable(const Environment& environment, std::string_view name) {
  std::string message = "unknown variable `" + std::string(name) + "`";
  const std::string prefix = std::string(name) + ".";
  for (const auto& variable : environment.variables()) {
    if (variable.name.starts_with(prefix)) return message + "; it has parts, such as `" + variable.name + "`";
  }
  const std::string nearest = environment.NearestVariable(name);
  if (!nearest.empty()) return message + "; did you mean `" + nearest + "`?";
  return message + "; it is not declared here";
}

std::string UnknownFunction(const Environment& environment, std::string_view name) {
  std::string message = "unknown function `" + std::string(name) + "`";
  const std::string nearest = environment.NearestFunction(name);
  return nearest.empty() ? message : message + "; did you mean `" + nearest + "`?";
}

}  // namespace gatehouse::codec::cel
