#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "llm/chat.h"

// Grounding and citations of an answer: a candidate's groundingMetadata, citationMetadata and urlContextMetadata.
namespace gatehouse::llm::dialect::gemini {

// The pages that `metadata`, the member of that name, gives for `text`, the text that came last.
std::vector<UrlCitation> UrlCitationsOf(std::string_view name, codec::json::Value metadata, std::string_view text);

// A cited piece of an answer's text.
struct GroundedSegment {
  UrlCitation citation;
  std::size_t part = 0;                      // partIndex
  std::size_t begin_byte = 0, end_byte = 0;  // in the part
  std::string text;
};
// The piece of `block` that `citation` is about.
GroundedSegment SegmentOf(const UrlCitation& citation, std::string_view block);

// {"groundingChunks":[{"web":{"uri","title"}}],"groundingSupports":[{"segment","groundingChunkIndices"}]}
JsonText GroundingMetadata(const std::vector<GroundedSegment>& segments);

}  // namespace gatehouse::llm::dialect::gemini
