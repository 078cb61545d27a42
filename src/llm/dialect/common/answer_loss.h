#pragma once

#include <string_view>

#include "llm/dialect.h"
#include "llm/event.h"

namespace gatehouse::llm::dialect::common {

// Notes in `context.losses` that `target` ("Anthropic") has no place for `what` ("an image") in an answer.
void LoseOfAnswer(const AnswerContext& context, std::string_view target, std::string_view what);
// The same of an event of another dialect, where it is a part of the answer and not a figure about it.
void LoseOfAnswer(const AnswerContext& context, std::string_view target, const OpaqueEvent& event);

inline constexpr std::string_view kCitations = "citations";
inline constexpr std::string_view kImage = "image";

}  // namespace gatehouse::llm::dialect::common
