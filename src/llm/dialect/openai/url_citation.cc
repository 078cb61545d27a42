#include "llm/dialect/openai/url_citation.h"

#include <algorithm>
#include <string>

#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::openai {

std::optional<UrlCitation> ReadUrlCitation(codec::json::Value members) {
  if (members["url"].string().empty()) return std::nullopt;
  UrlCitation citation{.url = std::string(members["url"].string()), .title = std::string(members["title"].string())};
  if (const auto end = common::Count(members["end_index"]); end != 0) {
    citation.range = CharacterRange{std::min(common::Count(members["start_index"]), end), end};
  }
  return citation;
}

void WriteUrlCitation(codec::json::Writer& writer, const UrlCitation& citation, const CharacterRange& text) {
  const CharacterRange range = citation.range.value_or(CharacterRange{0, text.end - text.begin});
  writer.Field("start_index", std::min(text.begin + range.begin, text.end));
  writer.Field("end_index", std::min(text.begin + range.end, text.end));
  writer.Field("title", citation.title).Field("url", citation.url);
}

}  // namespace gatehouse::llm::dialect::openai
