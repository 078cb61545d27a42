#pragma once

#include <string_view>

#include "base/result.h"
#include "llm/chat.h"

// JSON Schema texts on their way to dialects that accept less than JSON Schema.
namespace gatehouse::llm::dialect::common {

// The schema of a tool's arguments as an object schema: "" becomes one without properties, a missing "type" or
// "properties" is added; a text that already has both comes back unchanged. kInvalidRequest unless it is a JSON object.
base::Result<JsonText> ObjectSchema(std::string_view schema);

// The schema with every local "$ref" replaced by what it points to and without "$defs" and "definitions", for dialects
// that know no references. A reference into itself becomes a schema of that type without further detail. Unchanged text
// when there is nothing to replace. kUnsupported for remote references and for expansions over 1 MiB.
base::Result<JsonText> InlineReferences(std::string_view schema);

}  // namespace gatehouse::llm::dialect::common
