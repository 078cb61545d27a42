#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/cel/function_table.h"
#include "codec/cel/type.h"

namespace gatehouse::codec::cel {

// What an expression may name: variables and their types, objects and their fields, functions beside the standard ones.
// Built once, then read by any number of compilations at once. A Program does not need it any more.
class Environment {
 public:
  struct Variable {
    std::string name;  // may have dots: "request.model" is one variable
    Type type;
  };
  struct Field {
    std::string name;
    Type type;
  };

  // Returns the variable's slot, by which an Activation is asked for it: 0, 1, 2 ... in order of declaration.
  std::uint32_t Declare(std::string name, Type type);
  // A map with text keys of which only these fields may be named; use it with Type::Object(name).
  void DeclareObject(std::string name, std::vector<Field> fields);
  // `signatures` as in FunctionRow. A null function can be checked and not evaluated.
  void DeclareFunction(std::string name, std::string_view signatures, Function function);
  void DeclareFunction(FunctionEntry entry) { functions_.push_back(std::move(entry)); }
  // Names are looked up in this package first and then in those around it: "a.b" makes x mean a.b.x, a.x or x.
  void SetContainer(std::string container) { container_ = std::move(container); }

  const std::vector<Variable>& variables() const { return variables_; }
  const std::string& container() const { return container_; }
  std::optional<std::uint32_t> FindVariable(std::string_view name) const;
  const std::vector<Field>* FindObject(std::string_view name) const;
  // A declared function before a standard one; nullptr when there is none.
  const FunctionEntry* FindFunction(std::string_view name) const;
  // The declared or standard name nearest to what was written, if any is near.
  std::string NearestVariable(std::string_view name) const;
  std::string NearestFunction(std::string_view name) const;

 private:
  std::vector<Variable> variables_;
  std::map<std::string, std::uint32_t, std::less<>> slots_;
  std::map<std::string, std::vector<Field>, std::less<>> objects_;
  std::vector<FunctionEntry> functions_;
  std::string container_;
};

// The candidate fewest edits away, when that is few for its length; "" otherwise.
std::string Nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace gatehouse::codec::cel
