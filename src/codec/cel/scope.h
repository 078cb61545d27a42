#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/cel/checker.h"
#include "codec/cel/environment.h"
#include "codec/cel/type.h"

namespace gatehouse::codec::cel {

// What names mean at a place of an expression: the variables that macros introduced around it, then the environment.
class Scope {
 public:
  explicit Scope(const Environment& environment) : environment_(environment) {}

  // Room for `count` locals of one macro; they stay reserved, so that nested macros get others.
  std::uint32_t Reserve(std::uint32_t count);
  void Push(std::string name, std::uint32_t local, Type type) {
    names_.push_back({std::move(name), local, std::move(type)});
  }
  void Pop(std::size_t count) { names_.resize(names_.size() - count); }

  struct Found {
    Resolution resolution;
    Type type;
  };
  bool IsLocal(std::string_view name) const;
  // kNone when there is nothing of that name. A rooted name skips the container and the locals.
  enum class Rooted : std::uint8_t { kNo, kYes };
  Found Resolve(std::string_view name, Rooted rooted) const;
  const FunctionEntry* FindFunction(std::string_view name, Rooted rooted) const;

  std::uint32_t locals() const { return locals_; }

 private:
  struct Local {
    std::string name;
    std::uint32_t index;
    Type type;
  };
  Found ResolveGlobal(std::string_view name) const;
  // The name in the container and in each package around it, innermost first, and bare.
  std::vector<std::string> Candidates(std::string_view name, Rooted rooted) const;

  const Environment& environment_;
  std::vector<Local> names_;
  std::uint32_t locals_ = 0;
};

// What to tell about a name that is not known.
std::string UnknownVariable(const Environment& environment, std::string_view name);
std::string UnknownFunction(const Environment& environment, std::string_view name);

}  // namespace gatehouse::codec::cel
