#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace gatehouse::codec::cel {

// A regular expression in RE2's syntax: time linear in the text, memory bounded. Immutable; any number of threads may
// match with it at once.
class Regex {
 public:
  // Errors are kInvalidRequest and say what is wrong with the pattern. `memory` in bytes.
  static base::Result<Regex> Compile(std::string_view pattern, std::int64_t memory);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Whether it matches anywhere in the text.
  bool Matches(std::string_view text) const;

 private:
  explicit Regex(std::unique_ptr<re2::RE2> regex);
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace gatehouse::codec::cel
