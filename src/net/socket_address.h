#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::net {

// Where an address leads (RFC 6890). An IPv4 address inside an IPv6 one (mapped, NAT64) counts as the IPv4 address.
enum class AddressScope : std::uint8_t {
  kGlobal,
  kPrivate,    // 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7
  kLinkLocal,  // 169.254/16 (cloud metadata services live there), fe80::/10
  kLoopback,   // 127/8, ::1
  kSpecial,    // unspecified, multicast, broadcast, documentation, reserved
};

// An IPv4 or IPv6 address with a port.
class SocketAddress {
 public:
  SocketAddress() = default;  // 0.0.0.0:0

  // A literal: "192.0.2.7", "2001:db8::7", "fe80::1%eth0". nullopt for anything else, names included.
  static std::optional<SocketAddress> Parse(std::string_view literal, std::uint16_t port);
  static std::optional<SocketAddress> FromKernel(const sockaddr* address);

  const sockaddr* get() const { return &storage_.any; }
  socklen_t size() const;
  int family() const { return storage_.any.sa_family; }
  std::uint16_t port() const;
  SocketAddress WithPort(std::uint16_t port) const;
  std::string Host() const;      // "192.0.2.7", "2001:db8::7"
  std::string ToString() const;  // "192.0.2.7:443", "[2001:db8::7]:443"

  AddressScope Scope() const;

  bool operator==(const SocketAddress& other) const;

 private:
  union Storage {
    sockaddr_in v4{.sin_family = AF_INET};
    sockaddr_in6 v6;
    sockaddr any;
  } storage_;
};

}  // namespace gatehouse::net
