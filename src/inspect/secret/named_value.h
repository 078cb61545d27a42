#pragma once

#include <optional>
#include <string_view>

#include "inspect/finding.h"
#include "inspect/secret/assignment.h"

// Secrets that nothing but the name tells of which they are assigned to: "api_key", "DB_PASSWORD", "my password is".
namespace gatehouse::inspect::secret {

enum class NameMeaning : std::uint8_t {
  kNothing,  // "tokenizer", "public_key", "secret_name"
  kKey,      // "key": may be a key of a map
  kSecret,   // "api_key", "access_token", "client_secret"
  kPassword,
};
// What a name says of its value; snake_case, kebab-case, camelCase.
NameMeaning MeaningOf(std::string_view name);

struct NamedValue {
  Span span;
  std::string_view entity;
  float confidence = 0;
};
// The secret that is assigned to the name whose word ends at `word_end`. `assignment` is what follows that word.
std::optional<NamedValue> NamedValueAt(std::string_view text, std::size_t word_end, const Assignment& assignment);

}  // namespace gatehouse::inspect::secret
