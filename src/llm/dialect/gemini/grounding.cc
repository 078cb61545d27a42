#include "llm/dialect/gemini/grounding.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/characters.h"
#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Value;
using codec::json::Writer;

CharacterRange InCharacters(std::string_view text, std::size_t begin, std::size_t size) {
  const auto before = common::Characters(text.substr(0, begin));
  return {before, before + common::Characters(text.substr(begin, size))};
}

// Google counts in bytes of a part; where its chunks were put together that is not always the text we have, so that the
// words it repeats decide. nullopt where neither fits.
std::optional<CharacterRange> RangeOf(Value segment, std::string_view text) {
  const auto begin = static_cast<std::size_t>(common::Count(segment["startIndex"]));
  const auto end = static_cast<std::size_t>(common::Count(segment["endIndex"]));
  const auto words = segment["text"].string();
  const bool inside = begin < end && end <= text.size();
  if (inside && (words.empty() || text.substr(begin, end - begin) == words)) {
    return InCharacters(text, begin, end - begin);
  }
  const auto found = words.empty() ? std::string_view::npos : text.find(words);
  if (found == std::string_view::npos) return std::nullopt;
  return InCharacters(text, found, words.size());
}

// A web page, a place on a map or a document of one's own: all have a title, and most a URI.
std::optional<UrlCitation> PageOf(Value chunk) {
  for (const auto kind : chunk) {
    const auto uri = kind.value["uri"].string();
    if (!uri.empty()) return UrlCitation{.url = std::string(uri), .title = std::string(kind.value["title"].string())};
  }
  return std::nullopt;
}

std::vector<UrlCitation> OfGrounding(Value metadata, std::string_view text) {
  std::vector<UrlCitation> urls;
  const auto chunks = metadata["groundingChunks"];
  const auto add = [&](Value chunk, std::optional<CharacterRange> range) {
    auto page = PageOf(chunk);
    if (!page) return;
    page->range = range;
    urls.push_back(*std::move(page));
  };
  for (const auto support : metadata["groundingSupports"]) {
    const auto range = RangeOf(support.value["segment"], text);
    for (const auto index : support.value["groundingChunkIndices"]) {
      add(chunks.at(static_cast<std::size_t>(common::Count(index.value))), range);
    }
  }
  if (!metadata["groundingSupports"].empty()) return urls;
  for (const auto chunk : chunks) add(chunk.value, std::nullopt);
  return urls;
}

std::vector<UrlCitation> OfCitations(Value metadata, std::string_view text) {
  std::vector<UrlCitation> urls;
  for (const auto citation : metadata["citations"]) {
    const auto uri = citation.value["uri"].string();
    if (uri.empty()) continue;
    urls.push_back({.url = std::string(uri),
                    .title = std::string(citation.value["title"].string()),
                    .range = RangeOf(citation.value, text)});
  }
  return urls;
}

std::vector<UrlCitation> OfUrlContext(Value metadata) {
  std::vector<UrlCitation> urls;
  for (const auto page : metadata["urlMetadata"]) {
    const auto url = page.value["retrievedUrl"].string();
    if (!url.empty()) urls.push_back({.url = std::string(url)});
  }
  return urls;
}

void WriteSegment(Writer& writer, const GroundedSegment& segment) {
  writer.Key("segment").BeginObject();
  if (segment.part != 0) writer.Field("partIndex", segment.part);
  if (segment.begin_byte != 0) writer.Field("startIndex", segment.begin_byte);
  writer.Field("endIndex", segment.end_byte).Field("text", segment.text).EndObject();
}

}  // namespace

std::vector<UrlCitation> UrlCitationsOf(std::string_view name, Value metadata, std::string_view text) {
  if (name == "groundingMetadata") return OfGrounding(metadata, text);
  return name == "citationMetadata" ? OfCitations(metadata, text) : OfUrlContext(metadata);
}

GroundedSegment SegmentOf(const UrlCitation& citation, std::string_view block) {
  GroundedSegment segment{.citation = citation, .end_byte = block.size(), .text = {}};
  if (citation.range) {
    segment.begin_byte = common::ByteOffset(block, citation.range->begin);
    segment.end_byte = std::max(segment.begin_byte, common::ByteOffset(block, citation.range->end));
  }
  segment.text = block.substr(segment.begin_byte, segment.end_byte - segment.begin_byte);
  return segment;
}

JsonText GroundingMetadata(const std::vector<GroundedSegment>& segments) {
  JsonText metadata;
  Writer writer(metadata);
  writer.BeginObject().Key("groundingChunks").BeginArray();
  for (const auto& segment : segments) {
    writer.BeginObject().Key("web").BeginObject().Field("uri", segment.citation.url);
    if (!segment.citation.title.empty()) writer.Field("title", segment.citation.title);
    writer.EndObject().EndObject();
  }
  writer.EndArray().Key("groundingSupports").BeginArray();
  std::size_t index = 0;
  for (const auto& segment : segments) {
    writer.BeginObject();
    WriteSegment(writer, segment);
    writer.Key("groundingChunkIndices").BeginArray().Number(index++).EndArray().EndObject();
  }
  writer.EndArray().EndObject();
  return metadata;
}

}  // namespace gatehouse::llm::dialect::gemini
