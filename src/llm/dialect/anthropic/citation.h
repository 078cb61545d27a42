#pragma once

#include <optional>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/chat.h"

// Citations of pages on the web. Anthropic seals its own for the way back ("encrypted_index"); those of others are
// marked there (common/seal.h), and are left out of a request to it.
namespace gatehouse::llm::dialect::anthropic {

// nullopt for citations of documents.
std::optional<UrlCitation> ReadUrlCitation(codec::json::Value citation);
// A citation of another dialect as a web_search_result_location.
void WriteUrlCitation(codec::json::Writer& writer, const UrlCitation& citation, DialectId origin);

// The citations of a text that a client sent, without those that are not Anthropic's; "" for none.
JsonText OwnCitations(codec::json::Value citations);

}  // namespace gatehouse::llm::dialect::anthropic
