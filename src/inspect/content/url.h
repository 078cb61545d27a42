#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/finding.h"

namespace gatehouse::inspect::content {

// A URL of http, as it stands in a text; RFC 3986 as far as programs that fetch things follow it.
struct Url {
  Span span;              // in the text
  std::string_view host;  // without user and port
  std::string_view path;
  std::string_view query;
};

// The URL that begins at `begin`: "https://host/...", or "//host/..." (which markup has). Ends at white space, a quote,
// or a bracket that closes what it stands in.
std::optional<Url> UrlAt(std::string_view text, std::size_t begin);

// Whether `host` is one of `hosts`, or below one ("cdn.example.com" below "example.com"). Either case.
bool IsHostOf(std::string_view host, const std::vector<std::string>& hosts);

// What a URL carries.
enum class Cargo : std::uint8_t {
  kNone,
  kValues,  // a query with values
  kOpaque,  // long random characters: a signature, an identifier, or data
  kText,    // base64 or hexadecimal digits that stand for readable text
};
Cargo CargoOf(const Url& url);

}  // namespace gatehouse::inspect::content
