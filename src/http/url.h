#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "net/stream.h"

namespace gatehouse::http {

// An http or https URL taken apart (RFC 3986, 3): scheme://[user@]host[:port][/path][?query].
struct Url {
  Origin::Scheme scheme = Origin::Scheme::kHttps;
  std::string user_info;
  net::Endpoint endpoint;
  std::string target;  // path and query as written; "" where there is neither

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  bool HasQuery() const { return target.find('?') != std::string::npos; }
};

// nullopt for other schemes, a fragment, blanks and control characters, and an authority that is none.
std::optional<Url> ParseUrl(std::string_view url);

// Whether the host is this machine by its very name: "localhost", 127.0.0.0/8, ::1.
bool IsLoopback(std::string_view host);
// Whether the host is written as an address, and not as a name.
bool IsAddress(std::string_view host);

}  // namespace gatehouse::http
