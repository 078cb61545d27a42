#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/chat.h"
#include "llm/loss.h"

// JSON Schema texts on their way to dialects that accept less than JSON Schema.
namespace gatehouse::llm::dialect::common {

// The schema of a tool's arguments as an object schema: "" becomes one without properties, a missing "type" or
// "properties" is added; a text that already has both comes back unchanged. kInvalidRequest unless it is a JSON object.
base::Result<JsonText> ObjectSchema(std::string_view schema);

// The schema of a tool's arguments without `anyOf`, `oneOf` and `allOf` at its top, which OpenAI, Anthropic and Bedrock
// refuse there: the properties of all alternatives stand side by side, and required is what each of them requires.
// nullopt when there is nothing to merge.
std::optional<JsonText> MergeTopAlternatives(std::string_view schema);

// Both of these, for a target in a person's words ("Anthropic") that refuses such alternatives: merging is a kHint
// about `path`.
base::Result<JsonText> ArgumentsSchema(std::string_view schema, std::string_view path, std::string_view target,
                                       std::vector<Loss>& losses);

// The schema with every local "$ref" replaced by what it points to and without "$defs" and "definitions", for dialects
// that know no references. A reference into itself becomes a schema of that type without further detail. Unchanged text
// when there is nothing to replace. kUnsupported for remote references and for expansions over 1 MiB.
base::Result<JsonText> InlineReferences(std::string_view schema);

}  // namespace gatehouse::llm::dialect::common
