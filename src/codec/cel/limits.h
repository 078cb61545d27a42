#pragma once

#include <cstddef>
#include <cstdint>

namespace gatehouse::codec::cel {

// What bounds the text of an expression; all are checked before anything is evaluated.
struct SourceLimits {
  std::size_t bytes = 16 * 1024;  // of source
  std::size_t depth = 100;        // how deep brackets, calls and operators nest
  std::size_t nodes = 4096;       // literals, names, operators, calls
};

// What bounds one evaluation, whatever the expression and the data are.
struct RunLimits {
  // One step is one operation, one turn of a loop's instruction, one element compared or 64 bytes of text read. A
  // typical rule takes 10 to 50.
  std::uint64_t steps = 1'000'000;
  std::size_t memory = 4 * 1024 * 1024;  // bytes of lists, maps and texts that the evaluation makes
};

struct Limits {
  SourceLimits source;
  RunLimits run;
  std::size_t constants = 256 * 1024;       // bytes of literals, and of what is computed from literals alone
  std::int64_t regex_memory = 1024 * 1024;  // bytes that one regular expression may take
};

}  // namespace gatehouse::codec::cel
