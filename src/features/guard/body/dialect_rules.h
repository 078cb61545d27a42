#pragma once

#include <vector>

#include "features/guard/body/text_table.h"
#include "llm/dialect_id.h"

namespace gatehouse::features::guard {

// What the bodies of a dialect hold, for TextTables; static. Requests of embeddings, reranking and token counts have
// the rules of their dialect's chat requests as far as they share members.
std::vector<RulePart> RulesOf(llm::DialectId dialect, BodyKind kind);

}  // namespace gatehouse::features::guard
