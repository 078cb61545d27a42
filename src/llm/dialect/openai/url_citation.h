#pragma once

#include <optional>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/chat.h"

// What a `url_citation` says: nested in an annotation of chat completions, flat in one of the Responses API.
namespace gatehouse::llm::dialect::openai {

// nullopt for anything without a URL.
std::optional<UrlCitation> ReadUrlCitation(codec::json::Value members);

// Writes start_index, end_index, title and url into the open object. `text` is where the cited block stands in the text
// that the indices count in.
void WriteUrlCitation(codec::json::Writer& writer, const UrlCitation& citation, const CharacterRange& text);

}  // namespace gatehouse::llm::dialect::openai
