#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/header_map.h"

namespace gatehouse::http {

enum class Version : std::uint8_t { kHttp10, kHttp11, kHttp2 };

struct RequestHead {
  std::string method;
  std::string target;     // origin-form: path and query, as sent
  std::string authority;  // Host or :authority
  std::string scheme;     // "http" or "https", as the connection was
  Version version = Version::kHttp11;
  HeaderMap headers;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const auto at = target.find('?');
    return at == std::string::npos ? std::string_view() : std::string_view(target).substr(at + 1);
  }
};

struct ResponseHead {
  std::uint16_t status = 200;
  HeaderMap headers;
};

std::string_view ReasonPhrase(std::uint16_t status);

}  // namespace gatehouse::http
