#include "llm/dialect/common/media.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatehouse::llm::dialect::common {
namespace {

constexpr std::string_view kScheme = "data:";
constexpr std::string_view kMarker = ";base64,";
constexpr std::size_t kMaxHeader = 256;  // media type and parameters

constexpr std::pair<std::string_view, std::string_view> kExtensions[] = {
    {"pdf", "application/pdf"},
    {"txt", "text/plain"},
    {"md", "text/markdown"},
    {"csv", "text/csv"},
    {"html", "text/html"},
    {"json", "application/json"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"doc", "application/msword"},
    {"xls", "application/vnd.ms-excel"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};

}  // namespace

std::optional<InlineMedia> ParseDataUrl(std::string_view url) {
  if (!url.starts_with(kScheme)) return std::nullopt;
  const std::size_t marker = url.substr(0, kMaxHeader).find(kMarker);
  if (marker == std::string_view::npos || marker == kScheme.size()) return std::nullopt;
  return InlineMedia{.media_type = std::string(url.substr(kScheme.size(), marker - kScheme.size())),
                     .base64 = std::string(url.substr(marker + kMarker.size()))};
}

std::string ToDataUrl(const InlineMedia& media) {
  std::string url;
  url.reserve(kScheme.size() + media.media_type.size() + kMarker.size() + media.base64.size());
  return url.append(kScheme).append(media.media_type).append(kMarker).append(media.base64);
}

MediaSource SourceFromUrl(std::string_view url) {
  if (auto media = ParseDataUrl(url)) return *std::move(media);
  return MediaUrl{.url = std::string(url), .media_type = {}};
}

std::optional<std::string> UrlOfSource(const MediaSource& source) {
  if (const auto* media = std::get_if<InlineMedia>(&source)) return ToDataUrl(*media);
  if (const auto* url = std::get_if<MediaUrl>(&source)) return url->url;
  return std::nullopt;
}

std::string_view Subtype(std::string_view media_type) {
  media_type = media_type.substr(0, media_type.find_first_of("; "));
  const std::size_t slash = media_type.find('/');
  return slash == std::string_view::npos ? std::string_view{} : media_type.substr(slash + 1);
}

bool IsImage(std::string_view media_type) { return media_type.starts_with("image/"); }

std::string_view MediaTypeOfFile(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  for (const auto& [extension, media_type] : kExtensions) {
    if (name.substr(dot + 1) == extension) return media_type;
  }
  return {};
}

std::string FileNameFor(std::string_view media_type) {
  const auto plain = media_type.substr(0, media_type.find_first_of("; "));
  const auto* known = std::ranges::find(kExtensions, plain, &std::pair<std::string_view, std::string_view>::second);
  return std::string("document.").append(known == std::end(kExtensions) ? Subtype(media_type) : known->first);
}

}  // namespace gatehouse::llm::dialect::common
