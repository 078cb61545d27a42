#pragma once

#include "codec/json/document.h"
#include "llm/chat.h"

namespace gatehouse::llm::dialect::gemini {

// Gemini's Schema (an OpenAPI 3.0 subset in protobuf's JSON mapping) as JSON Schema: type names in lower case,
// `nullable` as a type union, 64-bit bounds as numbers. Anything that is not an object is taken as it is.
JsonText ToJsonSchema(codec::json::Value schema);

}  // namespace gatehouse::llm::dialect::gemini
