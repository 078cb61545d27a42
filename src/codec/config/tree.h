#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/config/node.h"

namespace gatehouse::codec::config {

// Where a secret is kept outside the configuration.
struct SecretReference {
  enum class Kind : std::uint8_t { kEnvironment, kFile };
  Kind kind = Kind::kEnvironment;
  std::string name;  // of the variable, or the path
};
// Fetches a secret; the error's public_message says why it could not.
using SecretResolver = std::function<base::Result<base::Secret>(const SecretReference&)>;

struct Limits {
  std::size_t bytes = std::size_t{8} * 1024 * 1024;
  std::size_t depth = 64;
  // Values, each counted once for every alias that leads to it: a few lines of aliases of aliases could stand for
  // billions.
  std::size_t values = 200'000;
};

struct Problem {
  Mark mark;
  std::string message;  // without the line
};

// A YAML text as a tree of unconverted values: no implicit types, so that `no` is the text "no" unless a reader asks
// for a boolean. Duplicate keys, tags, several documents and keys that are no plain text are refused; `<<` merges. Keys
// of the outermost map that begin with "x-" are nobody's business: a place for anchors. Movable; one thread.
class Tree {
 public:
  Tree();
  ~Tree();
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;

  // An empty text is an empty map. Errors are kInvalidRequest, "line 3, column 7: ...".
  static base::Result<Tree> Parse(std::string_view yaml, SecretResolver resolver = {}, const Limits& limits = {});

  Node root() const;

  // All problems the readers noted, and a problem for every key nobody asked for, ordered by line. Call it when
  // everything has been read.
  std::vector<Problem> Problems() const;
  // The same as one error, a line for each problem: "line 12: unknown key `modles`; did you mean `models`?".
  base::Status Finish() const;

 private:
  class Builder;

  std::unique_ptr<Node::Storage> storage_;
};

}  // namespace gatehouse::codec::config
