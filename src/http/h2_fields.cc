#include "http/h2_fields.h"

#include <charconv>
#include <string>

namespace gatehouse::http {

void FieldList::AddStatus(std::uint16_t status) {
  status_ = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
             static_cast<char>('0' + status % 10)};
  Add(":status", {status_.data(), status_.size()});
}

void FieldList::AddAll(const HeaderMap& headers) {
  for (const auto& [name, value] : headers) {
    if (!IsHopByHop(name)) Add(name, value);
  }
}

void FieldList::AddRequestFields(const HeaderMap& headers) {
  for (const auto& [name, value] : headers) {
    if (!IsHopByHop(name) && name != "host" && name != "content-length") Add(name, value);
  }
}

void JoinCookies(HeaderMap& headers) {
  if (headers.Count("cookie") < 2) return;
  std::string joined;
  for (const auto& [name, value] : headers) {
    if (name != "cookie") continue;
    if (!joined.empty()) joined += "; ";
    joined += value;
  }
  headers.Set("cookie", joined);
}

std::optional<std::uint64_t> StatedLength(const HeaderMap& headers) {
  const auto text = headers.Find("content-length");
  if (!text) return std::nullopt;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return length;
}

}  // namespace gatehouse::http
