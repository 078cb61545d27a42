#include "llm/dialect/anthropic/citation.h"

#include <string>
#include <string_view>

#include "llm/dialect/common/seal.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::string_view kSealMember = "encrypted_index";

}  // namespace

std::optional<UrlCitation> ReadUrlCitation(Value citation) {
  const auto type = citation["type"].string();
  const auto url = citation[type == "search_result_location" ? "source" : "url"].string();
  if (!url.starts_with("https://") && !url.starts_with("http://")) return std::nullopt;
  return UrlCitation{.url = std::string(url),
                     .title = std::string(citation["title"].string()),
                     .quote = std::string(citation["cited_text"].string())};
}

void WriteUrlCitation(Writer& writer, const UrlCitation& citation, DialectId origin) {
  writer.BeginObject().Field("type", "web_search_result_location").Field("url", citation.url).Key("title");
  citation.title.empty() ? writer.Null() : writer.String(citation.title);
  writer.Field("cited_text", citation.quote);
  writer.Field(kSealMember,
               common::WrapSeal({.origin = origin, .kind = common::Seal::Kind::kCitation, .id = {}, .payload = {}}));
  writer.EndObject();
}

JsonText OwnCitations(Value citations) {
  JsonText own;
  Writer writer(own);
  writer.BeginArray();
  for (const auto citation : citations) {
    if (!common::UnwrapSeal(citation.value[kSealMember].string())) writer.Raw(citation.value.raw());
  }
  writer.EndArray();
  return own.size() > 2 ? own : JsonText();
}

}  // namespace gatehouse::llm::dialect::anthropic
