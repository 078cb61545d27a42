#include "net/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace gatehouse::net {

namespace {

bool InBlock(std::uint32_t address, std::uint32_t block, int bits) { return (address ^ block) >> (32 - bits) == 0; }

AddressScope ScopeOfV4(std::uint32_t address) {
  if (InBlock(address, 0x7f000000, 8)) return AddressScope::kLoopback;
  if (InBlock(address, 0xa9fe0000, 16)) return AddressScope::kLinkLocal;
  if (InBlock(address, 0x0a000000, 8) || InBlock(address, 0xac100000, 12) || InBlock(address, 0xc0a80000, 16) ||
      InBlock(address, 0x64400000, 10)) {
    return AddressScope::kPrivate;
  }
  if (InBlock(address, 0x00000000, 8) || InBlock(address, 0xe0000000, 3) || InBlock(address, 0xc0000000, 24) ||
      InBlock(address, 0xc0000200, 24) || InBlock(address, 0xc6336400, 24) || InBlock(address, 0xcb007100, 24) ||
      InBlock(address, 0xc6120000, 15)) {
    return AddressScope::kSpecial;
  }
  return AddressScope::kGlobal;
}

// The IPv4 address that ends an IPv6 one.
std::uint32_t TailOf(const std::uint8_t* bytes) {
  std::uint32_t tail = 0;
  for (int i = 12; i < 16; ++i) tail = tail << 8 | bytes[i];
  return tail;
}

AddressScope ScopeOfV6(const std::uint8_t* bytes) {
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::array<std::uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b};
  static constexpr std::array<std::uint8_t, 12> kZeros{};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes)) return ScopeOfV4(TailOf(bytes));
  if (std::equal(kNat64.begin(), kNat64.end(), bytes)) return ScopeOfV4(TailOf(bytes));
  if (std::equal(kZeros.begin(), kZeros.end(), bytes)) {
    return TailOf(bytes) == 1 ? AddressScope::kLoopback : AddressScope::kSpecial;
  }
  if ((bytes[0] & 0xfe) == 0xfc) return AddressScope::kPrivate;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return AddressScope::kLinkLocal;
  const bool global_unicast = (bytes[0] & 0xe0) == 0x20;
  const bool documentation = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8;
  return global_unicast && !documentation ? AddressScope::kGlobal : AddressScope::kSpecial;
}

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
  if (literal.find('\0') != std::string_view::npos) return std::nullopt;
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

AddressScope SocketAddress::Scope() const {
  if (family() == AF_INET6) return ScopeOfV6(storage_.v6.sin6_addr.s6_addr);
  return ScopeOfV4(ntohl(storage_.v4.sin_addr.s_addr));
}

bool SocketAddress::operator==(const SocketAddress& other) const {
  return family() == other.family() && port() == other.port() && Host() == other.Host();
}

}  // namespace gatehouse::net
