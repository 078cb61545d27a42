#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gatehouse::features::identity {

// A range of IP addresses, "10.0.0.0/8", "2001:db8::/32" or one address. An IPv4 address within IPv6 (::ffff:10.0.0.1)
// is the IPv4 address. A value.
class Network {
 public:
  // kInvalidRequest says what is wrong: no address, no such length, bits beyond the length.
  static base::Result<Network> Parse(std::string_view text);
  bool Contains(const Network& address) const;
  // Of a socket's peer: "192.0.2.7:51234", "[2001:db8::7]:51234".
  static base::Result<Network> OfPeer(std::string_view address);

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d
  std::uint8_t bits_ = 128;
};

// Immutable.
class NetworkList {
 public:
  explicit NetworkList(std::vector<Network> networks) : networks_(std::move(networks)) {}
  bool empty() const { return networks_.empty(); }
  // False for what is no address.
  bool ContainsPeer(std::string_view address) const;

 private:
  std::vector<Network> networks_;
};

}  // namespace gatehouse::features::identity
