#include "net/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <array>
#include <cstring>

namespace gatehouse::net {

namespace {

// The zone of a link-local address: an interface's name or number.
std::optional<std::uint32_t> ParseZone(const std::string& zone) {
  if (const auto index = if_nametoindex(zone.c_str()); index != 0) return index;
  std::uint32_t number = 0;
  for (const char digit : zone) {
    if (digit < '0' || digit > '9' || number > 1'000'000) return std::nullopt;
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number == 0 ? std::nullopt : std::optional(number);
}

}  // namespace

std::optional<SocketAddress> SocketAddress::Parse(std::string_view literal, std::uint16_t port) {
  SocketAddress address;
  if (inet_pton(AF_INET, std::string(literal).c_str(), &address.storage_.v4.sin_addr) == 1) {
    address.storage_.v4.sin_port = htons(port);
    return address;
  }
  const auto percent = literal.find('%');
  address.storage_.v6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET6, std::string(literal.substr(0, percent)).c_str(), &address.storage_.v6.sin6_addr) != 1) {
    return std::nullopt;
  }
  address.storage_.v6.sin6_port = htons(port);
  if (percent == std::string_view::npos) return address;
  const auto zone = ParseZone(std::string(literal.substr(percent + 1)));
  if (!zone) return std::nullopt;
  address.storage_.v6.sin6_scope_id = *zone;
  return address;
}

std::optional<SocketAddress> SocketAddress::FromKernel(const sockaddr* address) {
  SocketAddress copy;
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return std::nullopt;
  std::memcpy(&copy.storage_, address, address->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return copy;
}

socklen_t SocketAddress::size() const { return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6); }

std::uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET ? storage_.v4.sin_port : storage_.v6.sin6_port);
}

SocketAddress SocketAddress::WithPort(std::uint16_t port) const {
  auto copy = *this;
  (family() == AF_INET ? copy.storage_.v4.sin_port : copy.storage_.v6.sin6_port) = htons(port);
  return copy;
}

std::string SocketAddress::Host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = &storage_.v4.sin_addr;
  if (family() == AF_INET6) bytes = &storage_.v6.sin6_addr;
  return inet_ntop(family(), bytes, text.data(), text.size());
}

std::string SocketAddress::ToString() const {
  if (family() == AF_INET) return Host() + ":" + std::to_string(port());
  return "[" + Host() + "]:" + std::to_string(port());
}

bool SocketAddress::operator==(const SocketAddress& other) const {
  return family() == other.family() && port() == other.port() && Host() == other.Host();
}

}  // namespace gatehouse::net
