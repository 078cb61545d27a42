#include "http/url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "net/socket_address.h"

namespace gatehouse::http {
namespace {

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::optional<Origin::Scheme> TakeScheme(std::string_view& url) {
  for (const auto& [prefix, scheme] : {std::pair(std::string_view("https://"), Origin::Scheme::kHttps),
                                       std::pair(std::string_view("http://"), Origin::Scheme::kHttp)}) {
    if (!url.starts_with(prefix)) continue;
    url.remove_prefix(prefix.size());
    return scheme;
  }
  return std::nullopt;
}

// host[:port], where the host may be an IPv6 address in brackets.
std::optional<net::Endpoint> ParseEndpoint(std::string_view text, std::uint16_t usual_port) {
  net::Endpoint endpoint{.host = {}, .port = usual_port};
  const bool bracketed = text.starts_with('[');
  const auto bracket = bracketed ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const auto colon = text.find(':', bracket);
  if (colon != std::string_view::npos) {
    const auto port = ParsePort(text.substr(colon + 1));
    if (!port) return std::nullopt;
    endpoint.port = *port;
  }
  const std::string_view host = text.substr(0, colon);
  if (bracketed && !host.ends_with(']')) return std::nullopt;
  endpoint.host = bracketed ? host.substr(1, host.size() - 2) : host;
  return endpoint.host.empty() ? std::nullopt : std::optional(std::move(endpoint));
}

}  // namespace

std::optional<Url> ParseUrl(std::string_view url) {
  if (std::ranges::any_of(url, [](char c) { return c <= ' ' || c == '\x7F' || c == '#' || c == '\\'; })) {
    return std::nullopt;
  }
  Url parsed;
  const auto scheme = TakeScheme(url);
  if (!scheme) return std::nullopt;
  parsed.scheme = *scheme;
  const auto end = std::min(url.find_first_of("/?"), url.size());
  std::string_view authority = url.substr(0, end);
  parsed.target = url.substr(end);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    parsed.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  auto endpoint = ParseEndpoint(authority, parsed.scheme == Origin::Scheme::kHttps ? 443 : 80);
  if (!endpoint) return std::nullopt;
  parsed.endpoint = *std::move(endpoint);
  return parsed;
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && IsAddress(host);
}

bool IsAddress(std::string_view host) { return net::SocketAddress::Parse(host, 0).has_value(); }

}  // namespace gatehouse::http
