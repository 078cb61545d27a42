#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "llm/chat.h"

// Data URLs (RFC 2397) and media types.
namespace gatehouse::llm::dialect::common {

// "data:image/png;base64,AAAA". nullopt unless it is a base64 data URL with a media type; the payload is not decoded.
std::optional<InlineMedia> ParseDataUrl(std::string_view url);
std::string ToDataUrl(const InlineMedia& media);

// A source given as a URL: inline for a data URL, else a reference.
MediaSource SourceFromUrl(std::string_view url);
// The URL that stands for a source; nullopt for a stored file.
std::optional<std::string> UrlOfSource(const MediaSource& source);

// "image/jpeg; q=1" -> "jpeg"; the part after the slash without parameters.
std::string_view Subtype(std::string_view media_type);
bool IsImage(std::string_view media_type);
// By the extension of a file name, "report.pdf" -> "application/pdf"; "" when unknown.
std::string_view MediaTypeOfFile(std::string_view name);
// A name for a file that has none: "document.pdf".
std::string FileNameFor(std::string_view media_type);

}  // namespace gatehouse::llm::dialect::common
