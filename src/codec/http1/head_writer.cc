#include "codec/http1/head_writer.h"

#include <charconv>

#include "base/copy.h"
#include "codec/http1/characters.h"

namespace gatehouse::codec::http1 {

void AppendStatusLine(std::string& out, std::uint16_t status) {
  const char digits[] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                         static_cast<char>('0' + status % 10), ' '};
  out.append("HTTP/1.1 ").append(digits, sizeof digits).append(ReasonPhrase(status)).append("\r\n");
}

void AppendRequestLine(std::string& out, std::string_view method, std::string_view target) {
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
}

namespace {

// One that holds a control character or has no token for a name: rare, and never right.
void AppendRepaired(std::string& out, std::string_view name, std::string_view value) {
  if (!IsToken(name)) return;
  out.append(name).append(": ");
  for (const char c : value) out.push_back(IsFieldByte(c) ? c : ' ');
  out.append("\r\n");
}

}  // namespace

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  if (!IsToken(name) || !IsFieldValue(value)) return AppendRepaired(out, name, value);
  const std::size_t start = out.size();
  const std::size_t size = start + name.size() + value.size() + 4;
  if (size > out.capacity()) out.reserve(2 * size);
  out.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    char* at = base::CopyShort(bytes + start, name);
    *at++ = ':';
    *at++ = ' ';
    at = base::CopyShort(at, value);
    *at++ = '\r';
    *at++ = '\n';
    return size;
  });
}

void AppendContentLength(std::string& out, std::uint64_t length) {
  char line[16 + 20 + 2] = "content-length: ";
  char* end = std::to_chars(line + 16, line + sizeof line, length).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(line, static_cast<std::size_t>(end - line));
}

std::string_view ReasonPhrase(std::uint16_t status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 424: return "Failed Dependency";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 529: return "Overloaded";
    default: return "";
  }
}

}  // namespace gatehouse::codec::http1
