#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inspect/secret/plausible.h"
#include "inspect/secret/shape.h"

namespace gatehouse::inspect::secret {

// One kind of credential, as docs/formats/secret-rules.md describes it.
struct Rule {
  std::string id;
  std::vector<Shape> shapes;
  std::vector<std::string> names;  // in small letters; empty where the shape tells enough
  std::vector<std::string> near;   // words, in small letters, one of which stands before it
  double entropy = 0;              // bits for each character that it has at least
  Checksum checksum = Checksum::kNone;
  float confidence = 0;
  enum class Left : std::uint8_t { kWord, kAny } left = Left::kWord;  // whether it begins where a word begins
  enum class Operator : std::uint8_t { kRequired, kOptional } assigned_by = Operator::kRequired;
};

// Reads a file of rules. Errors are kInvalidRequest with all problems and their lines.
base::Result<std::vector<Rule>> ParseRules(std::string_view yaml);

// The rules that come with the program: the text of data/secret_rules.yaml.
std::string_view DefaultRulesText();

}  // namespace gatehouse::inspect::secret
