#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::codec::text {

// Percent-encodes everything but unreserved characters (RFC 3986, 2.3: letters, digits, -._~) and those in `kept`: a
// path segment, such as a model's id, with nothing kept.
std::string PercentEncode(std::string_view text, std::string_view kept = {});

// "a%20b+c", as in a path: the bytes that are meant; nullopt for what is no such text.
std::optional<std::string> PercentDecode(std::string_view text);

}  // namespace gatehouse::codec::text
