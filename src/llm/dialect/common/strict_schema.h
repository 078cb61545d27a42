#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "llm/chat.h"
#include "llm/loss.h"

// JSON Schema for decoders that are held to a schema by a grammar (structured outputs of Anthropic and Bedrock), which
// take a subset: no bounds of numbers, lengths or sizes, no patterns, and closed objects only.
namespace gatehouse::llm::dialect::common {

struct StrictSchema {
  JsonText schema;
  // The keywords that the grammar cannot hold the model to, each once: they stand in the descriptions instead.
  std::vector<std::string> told;
};

// kInvalidRequest unless `schema` is a JSON object. `oneOf` becomes `anyOf`, objects are closed, references stay.
base::Result<StrictSchema> ToStrictSchema(std::string_view schema);

// What is only told, as a kHint about `field`; nothing where the grammar holds the model to everything.
void NoteTold(const StrictSchema& strict, std::string_view field, std::string_view target, std::vector<Loss>& losses);

}  // namespace gatehouse::llm::dialect::common
