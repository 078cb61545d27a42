#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::codec::http1 {

// "HTTP/1.1 200 OK\r\n"
void AppendStatusLine(std::string& out, std::uint16_t status);
// "POST /v1/x HTTP/1.1\r\n". Method and target are ours or were checked by a parser.
void AppendRequestLine(std::string& out, std::string_view method, std::string_view target);
// "name: value\r\n". A control character in the value becomes a space (RFC 9110, 5.5), so that no value can start a
// line of its own; a field whose name is no token is left out.
void AppendField(std::string& out, std::string_view name, std::string_view value);
void AppendContentLength(std::string& out, std::uint64_t length);
inline void AppendHeadEnd(std::string& out) { out.append("\r\n"); }

// "OK" for 200; "" for a status without a registered phrase.
std::string_view ReasonPhrase(std::uint16_t status);

}  // namespace gatehouse::codec::http1
