#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::codec::cel {

// What is known of a value before anything is evaluated.
enum class TypeKind : std::uint8_t {
  kDyn,  // anything; decided when evaluated
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,       // of parameters[0]
  kMap,        // from parameters[0] to parameters[1]
  kType,       // a type as a value; parameters[0] where known
  kOptional,   // of parameters[0]
  kObject,     // a map with text keys whose fields are declared under `name`
  kAbstract,   // known by name only, with parameters
  kParameter,  // stands for a type that is found out at each call
};

// A static type: a value, to be copied.
struct Type {
  TypeKind kind = TypeKind::kDyn;
  std::uint32_t number = 0;  // of a kParameter
  std::string name;          // of a kObject or kAbstract
  std::vector<Type> parameters;

  bool operator==(const Type&) const = default;

  static Type Dyn() { return {}; }
  static Type Null() { return {.kind = TypeKind::kNull}; }
  static Type Bool() { return {.kind = TypeKind::kBool}; }
  static Type Int() { return {.kind = TypeKind::kInt}; }
  static Type Uint() { return {.kind = TypeKind::kUint}; }
  static Type Double() { return {.kind = TypeKind::kDouble}; }
  static Type String() { return {.kind = TypeKind::kString}; }
  static Type Bytes() { return {.kind = TypeKind::kBytes}; }
  static Type Timestamp() { return {.kind = TypeKind::kTimestamp}; }
  static Type Duration() { return {.kind = TypeKind::kDuration}; }
  static Type List(Type of) { return {.kind = TypeKind::kList, .parameters = {std::move(of)}}; }
  static Type Map(Type key, Type value) {
    return {.kind = TypeKind::kMap, .parameters = {std::move(key), std::move(value)}};
  }
  static Type TypeOf(Type of) { return {.kind = TypeKind::kType, .parameters = {std::move(of)}}; }
  static Type Optional(Type of) { return {.kind = TypeKind::kOptional, .parameters = {std::move(of)}}; }
  static Type Object(std::string_view name) { return {.kind = TypeKind::kObject, .name = std::string(name)}; }
  static Type Abstract(std::string_view name, std::vector<Type> of) {
    return {.kind = TypeKind::kAbstract, .name = std::string(name), .parameters = std::move(of)};
  }
  static Type Parameter(std::uint32_t number) { return {.kind = TypeKind::kParameter, .number = number}; }

  bool Is(TypeKind other) const { return kind == other; }
};

// As a person writes it: "list(int)", "map(string, dyn)".
std::string ToString(const Type& type);

// What is found out about type parameters while an expression is checked. A value that is offered where a type is
// wanted fits when some choice of parameters makes it so; dyn fits everywhere.
class Substitution {
 public:
  Type NewParameter() {
    bindings_.emplace_back();
    return Type::Parameter(static_cast<std::uint32_t>(bindings_.size() - 1));
  }
  // Whether all of `offered` fit `wanted`; what that takes is remembered only if so. REQUIRES: as many of both.
  bool Fits(const std::vector<Type>& offered, const std::vector<Type>& wanted);
  bool Fits(const Type& offered, const Type& wanted);
  // The one type for two values side by side: the more general one, or dyn.
  Type Join(const Type& a, const Type& b);
  // With parameters replaced by what they stand for; a free one stays.
  Type Resolve(const Type& type) const;
  // The same, and a free one is dyn.
  Type Final(const Type& type) const;

 private:
  struct Change {
    std::uint32_t number;
    std::vector<Type> before;
  };
  bool Try(const Type& offered, const Type& wanted);
  bool TryParameters(const Type& offered, const Type& wanted);
  enum class Bound : std::uint8_t { kYes, kNo, kClash };
  Bound Bind(const Type& parameter, const Type& type);
  bool Occurs(const Type& parameter, const Type& type) const;
  void Set(std::uint32_t number, const Type& type);
  void Undo(std::size_t mark);
  Type Replace(const Type& type, TypeKind free, std::size_t& room) const;

  // Types that refer to each other can be written out longer than any memory: a type of more parts than kWidest is dyn,
  // and after kMostWork parts looked at nothing fits any more.
  static constexpr std::size_t kWidest = 1024;
  static constexpr std::uint64_t kMostWork = 2'000'000;
  bool TooMuch() const { return ++work_ > kMostWork; }

  mutable std::uint64_t work_ = 0;
  std::vector<std::vector<Type>> bindings_;  // empty: free
  std::vector<Change> changes_;
};

}  // namespace gatehouse::codec::cel
