#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/document.h"

// Changes to a text that leave every other byte as it was.
namespace gatehouse::codec::json {

// text[offset, offset + length) becomes `replacement`.
struct Edit {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string replacement;
};

// `edits` in any order; insertions at one place keep theirs. REQUIRES: they lie in the text and do not overlap.
std::string Apply(std::string_view text, std::span<const Edit> edits);

// The value becomes `json`. REQUIRES: the value is not missing.
Edit Replace(Value value, std::string json);

// What becomes of one member: its new value as a JSON text, or nothing to remove it.
struct MemberChange {
  std::string_view name;
  std::optional<std::string> json;
};

// The edits that replace, add (at the end) and remove members of one object, commas included. Removing an absent name
// is no change. REQUIRES: `object` is an object; every name at most once; all changes of one object in one call, and no
// more than 64.
std::vector<Edit> ChangeMembers(Value object, std::span<const MemberChange> changes);

// The common case: the text with one member of an object set.
std::string WithMember(std::string_view text, Value object, std::string_view name, std::string json);

}  // namespace gatehouse::codec::json
